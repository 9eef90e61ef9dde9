/// What a key takes: how its value is read from TOML, checked, and printed again.
struct ConfigurationValue<Value> {
  /// What is allowed, to stand behind "takes", in messages and in the file's comments.
  let allowed: String
  /// The value, or nil if it is not allowed. A relative path stands in the given directory.
  let read: (_ value: TOMLValue, _ directory: String) -> Value?
  /// The value as it stands behind the equals sign.
  let print: (Value) -> String
}

extension ConfigurationValue where Value == Int {
  static func integer(_ range: ClosedRange<Int>) -> ConfigurationValue {
    ConfigurationValue(
      allowed: "a number from \(range.lowerBound) to \(range.upperBound)",
      read: { value, _ in
        guard case .integer(let number) = value.kind, let number = Int(exactly: number) else {
          return nil
        }
        return range.contains(number) ? number : nil
      },
      print: { "\($0)" })
  }

  /// A number of bytes.
  static func bytes(_ range: ClosedRange<Int>) -> ConfigurationValue {
    quantity(range, .bytes, "a size from", examples: #"such as "64MiB" or "64M""#)
  }

  /// A number of things that may be large.
  static func count(_ range: ClosedRange<Int>) -> ConfigurationValue {
    quantity(range, .count, "a number from", examples: #"such as 500000 or "64M" (million)"#)
  }

  /// A plain integer or a string with units.
  private static func quantity(
    _ range: ClosedRange<Int>, _ units: ConfigurationUnits, _ what: String, examples: String
  ) -> ConfigurationValue {
    let limits = "\(units.text(range.lowerBound)) to \(units.text(range.upperBound))"
    return ConfigurationValue(
      allowed: "\(what) \(limits), \(examples)",
      read: { value, _ in
        let number: Int? =
          switch value.kind {
          case .integer(let integer): Int(exactly: integer)
          case .string(let text): units.value(of: text)
          default: nil
          }
        return number.flatMap { range.contains($0) ? $0 : nil }
      },
      print: { number in
        let text = units.text(number)
        return text.utf8.allSatisfy(TOMLCharacter.isDigit) ? text : tomlString(text)
      })
  }
}

extension ConfigurationValue where Value == Duration {
  static func duration(_ range: ClosedRange<Duration>) -> ConfigurationValue {
    let units = ConfigurationUnits.nanoseconds
    func text(_ duration: Duration) -> String { units.text(duration.wholeNanoseconds) }
    let limits = "\(text(range.lowerBound)) to \(text(range.upperBound))"
    return ConfigurationValue(
      allowed: "a time with its unit from \(limits), such as \"500ms\" or \"1min 30s\"",
      read: { value, _ in
        guard case .string(let text) = value.kind, let nanoseconds = units.value(of: text) else {
          return nil
        }
        let duration = Duration.nanoseconds(Int64(nanoseconds))
        return range.contains(duration) ? duration : nil
      },
      print: { tomlString(text($0)) })
  }
}

extension ConfigurationValue
where Value: CaseIterable & RawRepresentable & Sendable, Value.RawValue == String {
  /// One of a few words.
  static var word: ConfigurationValue {
    let words = Value.allCases.map { "\"\($0.rawValue)\"" }
    return ConfigurationValue(
      allowed: words.dropLast().joined(separator: ", ") + " or " + (words.last ?? ""),
      read: { value, _ in
        guard case .string(let text) = value.kind else { return nil }
        return Value(rawValue: text)
      },
      print: { tomlString($0.rawValue) })
  }
}

extension ConfigurationValue where Value == String {
  /// A path of the file system, made absolute by the configuration file's directory. `empty` says
  /// what an empty one means; without it, it is refused.
  static func path(empty: String? = nil) -> ConfigurationValue {
    ConfigurationValue(
      allowed: "a path" + (empty.map { ", or \"\" for \($0)" } ?? ""),
      read: { value, directory in
        guard case .string(let text) = value.kind, !text.utf8.contains(0),
          text.utf8.count <= longestPath
        else { return nil }
        if text.isEmpty { return empty == nil ? nil : text }
        return text.utf8.first == UInt8(ascii: "/") ? text : directory + text
      },
      print: { tomlString($0) })
  }
}

/// Linux's PATH_MAX less the terminator, in bytes.
private let longestPath = 4095

/// `text` as a basic string of TOML.
func tomlString(_ text: String) -> String {
  var quoted = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"", "\\":
      quoted += "\\\(scalar)"
    case _ where scalar.value < 0x20 || scalar.value == 0x7F:
      quoted += "\\u" + TOMLCharacter.codePoint(scalar.value).dropFirst(2)
    default:
      quoted.unicodeScalars.append(scalar)
    }
  }
  return quoted + "\""
}
