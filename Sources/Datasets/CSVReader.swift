/// Reads comma-separated values row by row, as RFC 4180 has them; lines may also end in LF alone.
///
/// Empty lines are passed over. Every row has as many fields as the first.
struct CSVReader {
  struct Row {
    /// Where it begins, from 1.
    let line: Int
    let fields: [String]
  }

  /// A table of ten million frames.
  static let maximumByteCount = 1 << 30
  static let maximumFieldLength = 1 << 16
  static let maximumColumnCount = 256

  private let path: String
  private let bytes: [UInt8]
  private var position = 0
  private var line = 1
  private var columnCount: Int?

  /// - Parameter path: for messages.
  init(_ bytes: [UInt8], path: String) {
    self.bytes = bytes
    self.path = path
    // The byte order mark that spreadsheets write.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  /// The next row; nil at the end.
  mutating func next() throws(DatasetError) -> Row? {
    while position < bytes.count, isLineEnd(bytes[position]) { skipLineEnd() }
    guard position < bytes.count else { return nil }
    let start = line
    var fields: [String] = []
    while true {
      fields.append(try field())
      guard fields.count <= CSVReader.maximumColumnCount else {
        throw wrong(start, "more than \(CSVReader.maximumColumnCount) fields")
      }
      guard position < bytes.count, bytes[position] == UInt8(ascii: ",") else { break }
      position += 1
    }
    if position < bytes.count { skipLineEnd() }
    if let columnCount, fields.count != columnCount {
      throw wrong(start, "\(fields.count) field(s) where the first line has \(columnCount)")
    }
    columnCount = fields.count
    return Row(line: start, fields: fields)
  }

  private func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

  private mutating func skipLineEnd() {
    let isPair =
      bytes[position] == 0x0D && position + 1 < bytes.count && bytes[position + 1] == 0x0A
    position += isPair ? 2 : 1
    line += 1
  }

  private mutating func field() throws(DatasetError) -> String {
    guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
      return try plainField()
    }
    return try quotedField()
  }

  private mutating func plainField() throws(DatasetError) -> String {
    let start = position
    while position < bytes.count, bytes[position] != UInt8(ascii: ","),
      !isLineEnd(bytes[position])
    {
      guard bytes[position] != UInt8(ascii: "\"") else {
        throw wrong(line, "a quote inside a field that does not begin with one")
      }
      position += 1
    }
    return try text(bytes[start..<position], line)
  }

  private mutating func quotedField() throws(DatasetError) -> String {
    let start = line
    position += 1
    var content: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        position += 1
        guard position < bytes.count, bytes[position] == byte else {
          return try end(content, start)
        }
      } else if byte == 0x0A {
        line += 1
      }
      content.append(byte)
      position += 1
      guard content.count <= CSVReader.maximumFieldLength else {
        throw wrong(start, "a field of more than \(CSVReader.maximumFieldLength) bytes")
      }
    }
    throw wrong(start, "a quote that is never closed")
  }

  private func end(_ content: [UInt8], _ start: Int) throws(DatasetError) -> String {
    guard
      position == bytes.count || bytes[position] == UInt8(ascii: ",")
        || isLineEnd(bytes[position])
    else { throw wrong(line, "something follows a closing quote") }
    return try text(content[...], start)
  }

  private func text(_ bytes: ArraySlice<UInt8>, _ line: Int) throws(DatasetError) -> String {
    guard bytes.count <= CSVReader.maximumFieldLength else {
      throw wrong(line, "a field of more than \(CSVReader.maximumFieldLength) bytes")
    }
    guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
      throw wrong(line, "a field that is not UTF-8 text")
    }
    return text
  }

  private func wrong(_ line: Int, _ reason: String) -> DatasetError {
    .malformedTable(path: path, line: line, reason: reason)
  }
}
