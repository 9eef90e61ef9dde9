import Journal

/// Writes one JSON value as text (RFC 8259), without Foundation.
///
/// Objects keep the order in which their members are given. Strings may hold anything: what could
/// break a line or steer a terminal is escaped, so that `escapedForTerminal` changes nothing in it.
public enum JSONText: Sendable {
  case string(String)
  case integer(Int)
  /// Printed with `digits` digits after the point; a number that JSON lacks becomes null.
  case decimal(Double, digits: Int)
  case bool(Bool)
  case null
  case array([JSONText])
  case object([(String, JSONText)])
}

extension JSONText: CustomStringConvertible {
  public var description: String {
    var out = ""
    write(to: &out)
    return out
  }

  private func write(to out: inout String) {
    switch self {
    case .string(let text): JSONText.quote(text, to: &out)
    case .integer(let value): out += String(value)
    case .decimal(let value, let digits):
      out += value.isFinite ? decimalText(value, places: digits) : "null"
    case .bool(let value): out += value ? "true" : "false"
    case .null: out += "null"
    case .array(let elements):
      out += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { out += "," }
        element.write(to: &out)
      }
      out += "]"
    case .object(let members):
      out += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { out += "," }
        JSONText.quote(member.0, to: &out)
        out += ":"
        member.1.write(to: &out)
      }
      out += "}"
    }
  }

  private static func quote(_ text: String, to out: inout String) {
    out += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{061C}", "\u{200E}"..."\u{200F}",
        "\u{2028}"..."\u{202E}", "\u{2066}"..."\u{2069}":
        out += "\\u" + leftPadded(String(scalar.value, radix: 16), to: 4)
      default: out.unicodeScalars.append(scalar)
      }
    }
    out += "\""
  }
}

private func leftPadded(_ text: String, to width: Int) -> String {
  String(repeating: "0", count: max(0, width - text.count)) + text
}
