/// A reading position in TOML text that has been checked to be text at all.
///
/// The check comes first and covers the whole file, so that the parser behind it sees valid UTF-8
/// without control characters, with `\n` as the only line end, and of bounded size.
struct TOMLCursor {
  private let bytes: [UInt8]
  private var offset = 0
  private(set) var position = TOMLPosition(line: 1, column: 1)

  /// Checks `input` and stands at its beginning. A byte order mark there is dropped.
  init(validating input: [UInt8]) throws(TOMLError) {
    guard input.count <= TOMLTable.maximumBytes else {
      throw TOMLError(
        position, "the file has \(input.count) bytes; at most \(TOMLTable.maximumBytes) are read")
    }
    bytes = try TOMLCursor.text(input.starts(with: [0xEF, 0xBB, 0xBF]) ? input[3...] : input[...])
  }

  /// The byte at the reading position; nil at the end.
  var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  /// Whether the text goes on with `text`.
  func isAt(_ text: StaticString) -> Bool {
    guard text.utf8CodeUnitCount <= bytes.count - offset else { return false }
    return text.withUTF8Buffer { bytes[offset..<offset + $0.count].elementsEqual($0) }
  }

  /// Steps over one byte. At the end it stays.
  mutating func advance() {
    guard offset < bytes.count else { return }
    offset += 1
    if bytes[offset - 1] == UInt8(ascii: "\n") {
      position = TOMLPosition(line: position.line + 1, column: 1)
    } else if offset == bytes.count || bytes[offset] & 0xC0 != 0x80 {
      position.column += 1  // the column moves when the scalar's last byte is behind us
    }
  }

  /// Steps over `text` if it stands here, and says whether it did.
  mutating func skip(_ text: StaticString) -> Bool {
    guard isAt(text) else { return false }
    for _ in 0..<text.utf8CodeUnitCount { advance() }
    return true
  }

  /// Steps over the bytes that `isWanted` takes, and returns them.
  mutating func take(while isWanted: (UInt8) -> Bool) -> ArraySlice<UInt8> {
    let start = offset
    while let byte = current, isWanted(byte) { advance() }
    return bytes[start..<offset]
  }

  /// The character here, for a message: quoted, or the name of what cannot be shown.
  var found: String {
    guard let byte = current else { return "the end of the file" }
    if byte == UInt8(ascii: "\n") { return "the end of the line" }
    let scalar = String(decoding: bytes[offset...].prefix(4), as: UTF8.self).unicodeScalars.first
    return scalar.map { "'\($0)'" } ?? "nothing"
  }

  /// `input` with `\r\n` as `\n`, or the error that names its first place that is not text.
  private static func text(_ input: ArraySlice<UInt8>) throws(TOMLError) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(input.count)
    var position = TOMLPosition(line: 1, column: 1)
    var index = input.startIndex
    while index < input.endIndex {
      let byte = input[index]
      if byte >= 0x80 {
        guard let length = scalarLength(input[index...]) else {
          throw TOMLError(position, "not valid UTF-8")
        }
        text.append(contentsOf: input[index..<index + length])
        index += length
        position.column += 1
        continue
      }
      index += 1
      switch byte {
      case UInt8(ascii: "\n"):
        text.append(byte)
        position = TOMLPosition(line: position.line + 1, column: 1)
      case UInt8(ascii: "\r"):
        guard index < input.endIndex, input[index] == UInt8(ascii: "\n") else {
          throw TOMLError(position, "a carriage return without a line feed behind it")
        }
      case 0..<0x20 where byte != UInt8(ascii: "\t"), 0x7F:
        throw TOMLError(
          position,
          "a control character (\(TOMLCharacter.codePoint(UInt32(byte)))) is not allowed")
      default:
        text.append(byte)
        position.column += 1
      }
    }
    return text
  }

  /// The bytes of the scalar at the beginning of `bytes`; nil if they are not valid UTF-8.
  private static func scalarLength(_ bytes: ArraySlice<UInt8>) -> Int? {
    var parser = Unicode.UTF8.ForwardParser()
    var rest = bytes.makeIterator()
    guard case .valid(let encoded) = parser.parseScalar(from: &rest) else { return nil }
    return encoded.count
  }
}
