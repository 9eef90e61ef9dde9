/// Values that stand without quotes: numbers, `true` and `false`.
extension TOMLParser {
  /// A number or a boolean.
  mutating func parseBareValue() throws(TOMLError) -> TOMLValue.Kind {
    let start = cursor.position
    let word = cursor.take { TOMLCharacter.isBare($0) || "+.:".utf8.contains($0) }
    guard !word.isEmpty else { throw unexpected("a value") }
    let text = TOMLError.shown(String(decoding: word, as: UTF8.self))
    switch text {
    case "true": return .boolean(true)
    case "false": return .boolean(false)
    case "inf", "+inf": return .float(.infinity)
    case "-inf": return .float(-.infinity)
    case "nan", "+nan", "-nan": return .float(.nan)
    default: break
    }
    if isDateOrTime(word) {
      throw TOMLError(start, "dates and times are not read; write '\(text)' in quotes")
    }
    guard let number = NumberSyntax(word) else {
      let startsAsNumber =
        word.first.map { TOMLCharacter.isDigit($0) || "+-.".utf8.contains($0) } ?? false
      throw TOMLError(
        start,
        startsAsNumber
          ? "'\(text)' is not a number as TOML writes it"
          : "'\(text)' is not a value; text stands in quotes: \"\(text)\"")
    }
    switch number.kind {
    case .integer(let radix):
      guard let value = Int64(number.digits, radix: radix) else {
        throw TOMLError(start, "\(text) does not fit into 64 bits")
      }
      return .integer(value)
    case .float:
      guard let value = Double(number.digits), value.isFinite else {
        throw TOMLError(start, "\(text) is too large for a float")
      }
      return .float(value)
    }
  }
}

/// Whether `word` begins like `1979-05-27` or `07:32:00`.
private func isDateOrTime(_ word: ArraySlice<UInt8>) -> Bool {
  let digits = word.prefix(while: TOMLCharacter.isDigit).count
  let next = word.dropFirst(digits).first
  return digits == 4 && next == UInt8(ascii: "-") || digits == 2 && next == UInt8(ascii: ":")
}

/// A number that TOML's grammar allows, its digits as Swift's initialisers read them.
private struct NumberSyntax {
  enum Kind { case integer(radix: Int), float }

  private(set) var kind = Kind.integer(radix: 10)
  /// Sign, digits, point and exponent, without underscores and prefix.
  private(set) var digits = ""
  private var rest: ArraySlice<UInt8>

  init?(_ word: ArraySlice<UInt8>) {
    rest = word
    if let radix = NumberSyntax.radix(of: word) {
      kind = .integer(radix: radix)
      rest = rest.dropFirst(2)
      let isWanted: (UInt8) -> Bool = { byte in
        TOMLCharacter.hexadecimalDigit(byte).map { $0 < radix } ?? false
      }
      guard takeDigits(isWanted) != nil else { return nil }
    } else {
      takeSign()
      let leadsWithZero = rest.first == UInt8(ascii: "0")
      guard let count = takeDigits(TOMLCharacter.isDigit), !leadsWithZero || count == 1 else {
        return nil
      }
      if rest.first == UInt8(ascii: ".") {
        kind = .float
        take()
        guard takeDigits(TOMLCharacter.isDigit) != nil else { return nil }
      }
      if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
        kind = .float
        take()
        takeSign()
        guard takeDigits(TOMLCharacter.isDigit) != nil else { return nil }
      }
    }
    guard rest.isEmpty else { return nil }
  }

  /// The radix that a prefix names: `0x`, `0o` or `0b`, lower-case and without a sign.
  private static func radix(of word: ArraySlice<UInt8>) -> Int? {
    switch String(decoding: word.prefix(2), as: UTF8.self) {
    case "0x": 16
    case "0o": 8
    case "0b": 2
    default: nil
    }
  }

  private mutating func take() {
    guard let byte = rest.popFirst() else { return }
    digits.unicodeScalars.append(Unicode.Scalar(byte))
  }

  private mutating func takeSign() {
    if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { take() }
  }

  /// Takes digits with single underscores between them, and says how many; nil if there is none
  /// or an underscore stands elsewhere.
  private mutating func takeDigits(_ isWanted: (UInt8) -> Bool) -> Int? {
    var count = 0
    while let byte = rest.first {
      if isWanted(byte) {
        take()
        count += 1
      } else if byte == UInt8(ascii: "_") {
        rest.removeFirst()
        guard count > 0, let next = rest.first, isWanted(next) else { return nil }
      } else {
        break
      }
    }
    return count > 0 ? count : nil
  }
}
