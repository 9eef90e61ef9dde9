/// Reads TOML 1.0 (https://toml.io/en/v1.0.0), all of it but dates and times.
///
/// Our own, because the choices are worse. TOMLKit imports Foundation, which the daemon stays free
/// of, and gives a place only for syntax errors, not for keys, so "unknown key" could not say
/// where. toml++ from the distribution would be one more package in every build. We need a reader
/// only, of small files, with a place for every key and value.
///
/// The subset: bare, quoted and dotted keys; `[tables]` and `[[arrays of tables]]`; basic and
/// literal strings, of one line and of many; integers (decimal, hexadecimal, octal, binary; 64
/// bits); floats; booleans; arrays and inline tables. A date or time is an error that says so.
///
/// A file may be hostile: it has at most ``TOMLTable/maximumBytes`` and nests at most
/// ``TOMLTable/maximumDepth`` deep, and every refusal is a ``TOMLError`` with its place. Cost:
/// linear in the file's size.
struct TOMLParser {
  var cursor: TOMLCursor
  private var builder = TOMLBuilder()
  /// Headers and inline tables so far. Their numbers name sections: a dotted key adds only to
  /// tables of its own section.
  private var sections = 0

  static func parse(_ bytes: [UInt8]) throws(TOMLError) -> TOMLTable {
    var parser = TOMLParser(cursor: try TOMLCursor(validating: bytes))
    return try parser.parseFile()
  }

  private init(cursor: TOMLCursor) { self.cursor = cursor }

  // MARK: - Lines

  private mutating func parseFile() throws(TOMLError) -> TOMLTable {
    var table = TOMLBuilder.root
    var section = 0
    while cursor.current != nil {
      skipBlanks()
      switch cursor.current {
      case UInt8(ascii: "["):
        section = newSection()
        table = try parseHeader()
      case nil, UInt8(ascii: "#"), UInt8(ascii: "\n"):
        break
      default:
        try parseEntry(into: table, section: section)
      }
      try endLine()
    }
    return builder.finish()
  }

  /// `[a.b]` or `[[a.b]]`: the table that the lines below it go into.
  private mutating func parseHeader() throws(TOMLError) -> Int {
    let isElement = cursor.isAt("[[")
    cursor.advance()
    if isElement { cursor.advance() }
    skipBlanks()
    let path = try parseKey()
    guard isElement ? cursor.skip("]]") : cursor.skip("]") else {
      throw unexpected(
        isElement ? "']]' after the name of the table" : "']' after the table's name")
    }
    return isElement ? try builder.openElement(path) : try builder.openTable(path)
  }

  /// `a.b = value`, of a line or of an inline table.
  private mutating func parseEntry(into start: Int, section: Int) throws(TOMLError) {
    let path = try parseKey()
    guard cursor.skip("=") else { throw unexpected("'=' after the key") }
    skipBlanks()
    let table = try builder.reachTable(of: path, from: start, section: section)
    let value = try parseValue(depth: builder.depth(of: table))
    guard let key = path.last else { preconditionFailure("a key has at least one part") }
    builder.add(key, value, to: table)
  }

  /// A comment, if there is one, and the end of the line or of the file.
  private mutating func endLine() throws(TOMLError) {
    skipBlanks()
    skipComment()
    if cursor.current == nil || cursor.skip("\n") { return }
    throw unexpected("the end of the line")
  }

  // MARK: - Keys

  /// `a . "b" . 'c'` and the blanks behind it.
  private mutating func parseKey() throws(TOMLError) -> [TOMLKey] {
    var path: [TOMLKey] = []
    repeat {
      skipBlanks()
      let position = cursor.position
      guard path.count < TOMLTable.maximumDepth else { throw .tooDeep(at: position) }
      path.append(TOMLKey(try parseKeyPart(), at: position))
      skipBlanks()
    } while cursor.skip(".")
    return path
  }

  private mutating func parseKeyPart() throws(TOMLError) -> String {
    switch cursor.current {
    case UInt8(ascii: "\""): return try parseBasicString()
    case UInt8(ascii: "'"): return try parseLiteralString()
    default:
      let bare = cursor.take(while: TOMLCharacter.isBare)
      guard !bare.isEmpty else { throw unexpected("a key") }
      return String(decoding: bare, as: UTF8.self)
    }
  }

  // MARK: - Values

  /// A value inside `depth` tables and arrays.
  private mutating func parseValue(depth: Int) throws(TOMLError) -> TOMLValue {
    let position = cursor.position
    let kind: TOMLValue.Kind =
      switch cursor.current {
      case UInt8(ascii: "\""):
        .string(cursor.isAt("\"\"\"") ? try parseBasicLines() : try parseBasicString())
      case UInt8(ascii: "'"):
        .string(cursor.isAt("'''") ? try parseLiteralLines() : try parseLiteralString())
      case UInt8(ascii: "["): .array(try parseArray(depth: depth + 1))
      case UInt8(ascii: "{"): .table(try parseInlineTable(depth: depth + 1))
      default: try parseBareValue()
      }
    return TOMLValue(kind, at: position)
  }

  private mutating func parseArray(depth: Int) throws(TOMLError) -> [TOMLValue] {
    guard depth <= TOMLTable.maximumDepth else { throw .tooDeep(at: cursor.position) }
    cursor.advance()
    var values: [TOMLValue] = []
    while true {
      skipLines()
      if cursor.skip("]") { return values }
      values.append(try parseValue(depth: depth))
      skipLines()
      if cursor.skip("]") { return values }
      guard cursor.skip(",") else { throw unexpected("',' or ']' in the array") }
    }
  }

  private mutating func parseInlineTable(depth: Int) throws(TOMLError) -> TOMLTable {
    guard depth <= TOMLTable.maximumDepth else { throw .tooDeep(at: cursor.position) }
    cursor.advance()
    let table = builder.openInline(depth: depth)
    let section = newSection()
    skipBlanks()
    if cursor.skip("}") { return builder.closeInline(table) }
    while true {
      try parseEntry(into: table, section: section)
      skipBlanks()
      if cursor.skip("}") { return builder.closeInline(table) }
      guard cursor.skip(",") else { throw unexpected("',' or '}' in the inline table") }
    }
  }

  // MARK: - Between the words

  private mutating func skipBlanks() {
    _ = cursor.take(while: TOMLCharacter.isBlank)
  }

  private mutating func skipComment() {
    guard cursor.current == UInt8(ascii: "#") else { return }
    _ = cursor.take { $0 != UInt8(ascii: "\n") }
  }

  /// Blanks, comments and line ends, which may stand anywhere between an array's values.
  private mutating func skipLines() {
    repeat {
      skipBlanks()
      skipComment()
    } while cursor.skip("\n")
  }

  private mutating func newSection() -> Int {
    sections += 1
    return sections
  }

  func unexpected(_ wanted: String) -> TOMLError {
    TOMLError(cursor.position, "expected \(wanted), found \(cursor.found)")
  }
}

extension TOMLTable {
  /// The largest file that is read; a configuration of ours has a few KiB.
  package static let maximumBytes = 1 << 20
  /// The most tables and arrays inside each other: bounds the recursion.
  package static let maximumDepth = 32

  /// Reads TOML text. Throws at the first error; see ``TOMLParser`` for what is read.
  package init(parsing bytes: [UInt8]) throws(TOMLError) {
    self = try TOMLParser.parse(bytes)
  }

  /// Reads TOML text. Throws at the first error.
  package init(parsing text: String) throws(TOMLError) {
    try self.init(parsing: Array(text.utf8))
  }
}
