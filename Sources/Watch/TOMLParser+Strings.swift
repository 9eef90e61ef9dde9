/// TOML's four kinds of strings. Each function begins at the opening quote and ends behind the
/// closing one.
extension TOMLParser {
  /// `"text with \escapes"`
  mutating func parseBasicString() throws(TOMLError) -> String {
    let start = cursor.position
    cursor.advance()
    var text: [UInt8] = []
    while let byte = cursor.current, byte != UInt8(ascii: "\n") {
      switch byte {
      case UInt8(ascii: "\""):
        cursor.advance()
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        try parseEscape(into: &text)
      default:
        text.append(byte)
        cursor.advance()
      }
    }
    throw TOMLError(start, "the string that begins here is not closed on its line")
  }

  /// `'text as it stands'`
  mutating func parseLiteralString() throws(TOMLError) -> String {
    let start = cursor.position
    cursor.advance()
    let text = cursor.take { $0 != UInt8(ascii: "'") && $0 != UInt8(ascii: "\n") }
    guard cursor.skip("'") else {
      throw TOMLError(start, "the string that begins here is not closed on its line")
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// `"""lines with \escapes"""`
  mutating func parseBasicLines() throws(TOMLError) -> String {
    let start = cursor.position
    _ = cursor.skip("\"\"\"")
    _ = cursor.skip("\n")
    var text: [UInt8] = []
    while let byte = cursor.current {
      switch byte {
      case UInt8(ascii: "\""):
        if try closesLines("\"", into: &text) { return String(decoding: text, as: UTF8.self) }
      case UInt8(ascii: "\\"):
        if !skipFoldedLine() { try parseEscape(into: &text) }
      default:
        text.append(byte)
        cursor.advance()
      }
    }
    throw TOMLError(start, "the string that begins here is not closed")
  }

  /// `'''lines as they stand'''`
  mutating func parseLiteralLines() throws(TOMLError) -> String {
    let start = cursor.position
    _ = cursor.skip("'''")
    _ = cursor.skip("\n")
    var text: [UInt8] = []
    while let byte = cursor.current {
      if byte == UInt8(ascii: "'") {
        if try closesLines("'", into: &text) { return String(decoding: text, as: UTF8.self) }
      } else {
        text.append(byte)
        cursor.advance()
      }
    }
    throw TOMLError(start, "the string that begins here is not closed")
  }

  /// Steps over a run of quotes and says whether it closes the string: three do, and up to two
  /// more before them belong to the text.
  private mutating func closesLines(
    _ quote: Unicode.Scalar, into text: inout [UInt8]
  ) throws(TOMLError) -> Bool {
    let start = cursor.position
    let byte = UInt8(ascii: quote)
    let run = cursor.take { $0 == byte }.count
    guard run <= 5 else {
      throw TOMLError(
        start, "\(run) quotes in a row; three close the string, with at most two more")
    }
    text.append(contentsOf: repeatElement(byte, count: run < 3 ? run : run - 3))
    return run >= 3
  }

  /// Steps over a backslash at a line's end, the line end, and all blanks and line ends behind
  /// it. Says whether one stood here; else it moves nothing.
  private mutating func skipFoldedLine() -> Bool {
    var ahead = cursor
    ahead.advance()
    _ = ahead.take(while: TOMLCharacter.isBlank)
    guard ahead.skip("\n") else { return false }
    _ = ahead.take { TOMLCharacter.isBlank($0) || $0 == UInt8(ascii: "\n") }
    cursor = ahead
    return true
  }

  private mutating func parseEscape(into text: inout [UInt8]) throws(TOMLError) {
    let start = cursor.position
    cursor.advance()
    let letter = cursor.current
    guard let letter else { throw TOMLError(start, "a backslash with nothing behind it") }
    switch letter {
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(letter)
    case UInt8(ascii: "u"): return try parseCodePoint(4, from: start, into: &text)
    case UInt8(ascii: "U"): return try parseCodePoint(8, from: start, into: &text)
    default:
      throw TOMLError(
        start,
        "no escape is made of a backslash and \(cursor.found); a backslash itself is '\\\\', "
          + "or use a string in single quotes")
    }
    cursor.advance()
  }

  /// The digits of `\uXXXX` or `\UXXXXXXXX`, from the letter on.
  private mutating func parseCodePoint(
    _ count: Int, from start: TOMLPosition, into text: inout [UInt8]
  ) throws(TOMLError) {
    cursor.advance()
    var value: UInt32 = 0
    for _ in 0..<count {
      guard let byte = cursor.current, let digit = TOMLCharacter.hexadecimalDigit(byte) else {
        throw TOMLError(start, "this escape takes \(count) hexadecimal digits")
      }
      value = value << 4 | digit  // at most 8 digits: it cannot overflow
      cursor.advance()
    }
    guard let scalar = Unicode.Scalar(value) else {
      throw TOMLError(start, "\(TOMLCharacter.codePoint(value)) is not a Unicode scalar value")
    }
    text.append(contentsOf: Array(String(Character(scalar)).utf8))
  }
}
