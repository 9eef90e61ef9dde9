/// HTML that is safe to put into a page, because of how it is made: literals are markup, every
/// string that is interpolated is text and comes out escaped.
///
///     let row: Markup = "<td>\(fileName)</td>"
///
/// Attribute values must stand in double quotes.
package struct Markup: Sendable, Hashable {
  package private(set) var html: String

  package init() { html = "" }

  /// What is markup already. Only this module's own constants and base64 go through here.
  init(trusted html: String) { self.html = html }

  static func += (into: inout Markup, more: Markup) { into.html += more.html }
}

extension Markup: ExpressibleByStringInterpolation {
  package struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var html = ""

    package init(literalCapacity: Int, interpolationCount: Int) {
      html.reserveCapacity(literalCapacity + 16 * interpolationCount)
    }

    package mutating func appendLiteral(_ literal: String) { html += literal }

    package mutating func appendInterpolation(_ text: String) {
      appendEscaped(text, to: &html)
    }

    package mutating func appendInterpolation(_ number: Int) { html += String(number) }

    package mutating func appendInterpolation(_ markup: Markup) { html += markup.html }

    package mutating func appendInterpolation(_ parts: [Markup]) {
      for part in parts { html += part.html }
    }
  }

  package init(stringLiteral html: String) { self.html = html }

  package init(stringInterpolation: StringInterpolation) { html = stringInterpolation.html }
}

/// Escapes text for HTML content and for attribute values in double quotes. What could reorder or
/// hide the text around it (controls, bidirectional overrides) becomes visible.
private func appendEscaped(_ text: String, to html: inout String) {
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": html += "&amp;"
    case "<": html += "&lt;"
    case ">": html += "&gt;"
    case "\"": html += "&quot;"
    case "'": html += "&#39;"
    case "\n", "\t": html += " "
    case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{061C}", "\u{200B}"..."\u{200F}",
      "\u{2028}"..."\u{202E}", "\u{2060}"..."\u{206F}", "\u{FEFF}", "\u{FFF9}"..."\u{FFFB}",
      "\u{E0000}"..."\u{E007F}":
      html += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
    default: html.unicodeScalars.append(scalar)
    }
  }
}

/// Base64 with padding (RFC 4648, section 4).
package func base64(_ bytes: [UInt8]) -> String {
  let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  var out: [UInt8] = []
  out.reserveCapacity((bytes.count + 2) / 3 * 4)
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let rest = bytes.count - start
    let word =
      UInt32(bytes[start]) << 16 | (rest > 1 ? UInt32(bytes[start + 1]) << 8 : 0)
      | (rest > 2 ? UInt32(bytes[start + 2]) : 0)
    out.append(digits[Int(word >> 18 & 63)])
    out.append(digits[Int(word >> 12 & 63)])
    out.append(rest > 1 ? digits[Int(word >> 6 & 63)] : UInt8(ascii: "="))
    out.append(rest > 2 ? digits[Int(word & 63)] : UInt8(ascii: "="))
  }
  return String(decoding: out, as: UTF8.self)
}
