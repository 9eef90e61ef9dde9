/// A strict reader of JSON (RFC 8259), to see that what the programs print is JSON, without
/// Foundation.
enum JSON: Equatable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSON])
  case object([String: JSON])

  /// Returns nil for anything that is not exactly one JSON value.
  init?(_ text: String) {
    var reader = Reader(rest: Array(text.utf8)[...])
    guard let value = reader.value() else { return nil }
    reader.skipBlanks()
    guard reader.rest.isEmpty else { return nil }
    self = value
  }

  subscript(_ name: String) -> JSON? {
    if case .object(let members) = self { members[name] } else { nil }
  }

  var keys: Set<String> { if case .object(let members) = self { Set(members.keys) } else { [] } }
  var text: String? { if case .string(let text) = self { text } else { nil } }
  var number: Double? { if case .number(let number) = self { number } else { nil } }
  var elements: [JSON] { if case .array(let elements) = self { elements } else { [] } }

  private struct Reader {
    var rest: ArraySlice<UInt8>

    mutating func skipBlanks() { rest = rest.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) } }

    private mutating func take(_ word: String) -> Bool {
      guard rest.starts(with: word.utf8) else { return false }
      rest = rest.dropFirst(word.utf8.count)
      return true
    }

    mutating func value() -> JSON? {
      skipBlanks()
      switch rest.first {
      case UInt8(ascii: "{"): return object()
      case UInt8(ascii: "["): return array()
      case UInt8(ascii: "\""): return string().map { .string($0) }
      case UInt8(ascii: "n"): return take("null") ? .null : nil
      case UInt8(ascii: "t"): return take("true") ? .bool(true) : nil
      case UInt8(ascii: "f"): return take("false") ? .bool(false) : nil
      default: return number()
      }
    }

    private mutating func object() -> JSON? {
      var members: [String: JSON] = [:]
      guard take("{") else { return nil }
      skipBlanks()
      if take("}") { return .object(members) }
      while true {
        skipBlanks()
        guard let name = string() else { return nil }
        skipBlanks()
        guard take(":"), let member = value(), members.updateValue(member, forKey: name) == nil
        else { return nil }
        skipBlanks()
        if take("}") { return .object(members) }
        guard take(",") else { return nil }
      }
    }

    private mutating func array() -> JSON? {
      var elements: [JSON] = []
      guard take("[") else { return nil }
      skipBlanks()
      if take("]") { return .array(elements) }
      while true {
        guard let element = value() else { return nil }
        elements.append(element)
        skipBlanks()
        if take("]") { return .array(elements) }
        guard take(",") else { return nil }
      }
    }

    private mutating func string() -> String? {
      guard take("\"") else { return nil }
      var units: [UInt8] = []
      while let byte = rest.popFirst() {
        switch byte {
        case UInt8(ascii: "\""): return String(validating: units, as: UTF8.self)
        case UInt8(ascii: "\\"):
          guard let escape = rest.popFirst() else { return nil }
          if escape == UInt8(ascii: "u") {
            let digits = String(decoding: rest.prefix(4), as: UTF8.self)
            guard let code = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(code) else {
              return nil
            }
            rest = rest.dropFirst(4)
            units += String(Character(scalar)).utf8
          } else {
            let escapes: [UInt8: UInt8] = [
              0x22: 0x22, 0x5C: 0x5C, 0x2F: 0x2F, 0x62: 8, 0x66: 12, 0x6E: 10, 0x72: 13, 0x74: 9,
            ]
            guard let unit = escapes[escape] else { return nil }
            units.append(unit)
          }
        case 0..<0x20: return nil
        default: units.append(byte)
        }
      }
      return nil
    }

    private mutating func number() -> JSON? {
      let digits = rest.prefix {
        (0x30...0x39).contains($0) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains($0)
      }
      guard let value = Double(String(decoding: digits, as: UTF8.self)) else { return nil }
      rest = rest.dropFirst(digits.count)
      return .number(value)
    }
  }
}
