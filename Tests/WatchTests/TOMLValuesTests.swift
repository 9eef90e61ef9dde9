import Testing
import Watch

/// A table as one line, without places: what a test compares.
private func plain(_ table: TOMLTable) -> String {
  "{" + table.entries.map { "\($0.key.name): \(plain($0.value))" }.joined(separator: ", ") + "}"
}

private func plain(_ value: TOMLValue) -> String {
  switch value.kind {
  case .string(let text): text.debugDescription
  case .integer(let number): "\(number)"
  case .float(let number): "\(number)"
  case .boolean(let truth): "\(truth)"
  case .array(let values): "[" + values.map(plain).joined(separator: ", ") + "]"
  case .table(let table): plain(table)
  }
}

@Suite("TOML's values")
struct TOMLValuesTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let text: String
    let expected: String
    init(_ text: String, _ expected: String) {
      self.text = text
      self.expected = expected
    }
    var testDescription: String { text.debugDescription }
  }

  @Test(
    "numbers and booleans",
    arguments: [
      Case("0", "0"), Case("-0", "0"), Case("+17", "17"), Case("1_000", "1000"),
      Case("0xDEAD_beef", "3735928559"), Case("0o755", "493"), Case("0b1_01", "5"),
      Case("0x00ff", "255"), Case("9223372036854775807", "9223372036854775807"),
      Case("-9223372036854775808", "-9223372036854775808"),
      Case("1.5", "1.5"), Case("-0.25", "-0.25"), Case("1e3", "1000.0"), Case("5E-1", "0.5"),
      Case("6.5e+1", "65.0"), Case("1e06", "1000000.0"), Case("1_0.2_5", "10.25"),
      Case("inf", "inf"), Case("-inf", "-inf"), Case("nan", "nan"), Case("+nan", "nan"),
      Case("true", "true"), Case("false", "false"),
    ])
  func numbers(_ example: Case) throws {
    #expect(plain(try TOMLTable(parsing: "a = \(example.text)")) == "{a: \(example.expected)}")
  }

  @Test(
    "strings",
    arguments: [
      Case(#""""#, ""), Case("''", ""), Case(#""a\tb\n\\\"""#, "a\tb\n\\\""),
      Case(#""\b\f\r""#, "\u{8}\u{C}\r"), Case(#""\u00e9\U0001F600""#, "é😀"),
      Case(#"'C:\new "x"'"#, #"C:\new "x""#),
      Case("\"tab\there # no comment\"", "tab\there # no comment"),
      Case("\"\"\"\nfirst\nsecond\"\"\"", "first\nsecond"),
      Case("\"\"\"\r\nfirst\r\nsecond\"\"\"", "first\nsecond"),
      Case("\"\"\"one \\\n\n   two\\  \n three\"\"\"", "one twothree"),
      Case("\"\"\"two \"\" inside\"\"\"", "two \"\" inside"),
      Case("\"\"\"ends with two\"\"\"\"\"", "ends with two\"\""),
      Case("'''\nas \\it ''stands\n'''", "as \\it ''stands\n"), Case("'''x'''''", "x''"),
    ])
  func strings(_ example: Case) throws {
    let table = try TOMLTable(parsing: "a = \(example.text)")
    #expect(plain(table) == "{a: \(example.expected.debugDescription)}")
  }

  @Test(
    "arrays and inline tables",
    arguments: [
      Case("[]", "[]"), Case("[1, 2,]", "[1, 2]"),
      Case("[ [1], ['a', true] ]", "[[1], [\"a\", true]]"),
      Case("[ # why\n  1, # one\n\n  2\n]", "[1, 2]"), Case("{}", "{}"),
      Case("{ b = 1, c.d = 2, c.e = 3 }", "{b: 1, c: {d: 2, e: 3}}"),
      Case("[{b = 1}, {b = 2}]", "[{b: 1}, {b: 2}]"), Case("{b = {c = []}}", "{b: {c: []}}"),
      Case("{b = [\n1\n]}", "{b: [1]}"),
    ])
  func collections(_ example: Case) throws {
    #expect(plain(try TOMLTable(parsing: "a = \(example.text)\n")) == "{a: \(example.expected)}")
  }

  @Test(
    "keys and tables",
    arguments: [
      Case("", "{}"), Case("\u{FEFF}a = 1", "{a: 1}"), Case("# only\r\n\r\n", "{}"),
      Case("a-b_1 = 1\n2 = 3", "{a-b_1: 1, 2: 3}"),
      Case("'a b' = 1\n\"\\u0063\" = 2", "{a b: 1, c: 2}"),
      Case("\"\" = 1", "{: 1}"), Case("a . b.c = 1\na.d=2", "{a: {b: {c: 1}, d: 2}}"),
      Case("3.14 = 1", "{3: {14: 1}}"),
      Case("[a]\nb = 1\n[ c . 'd' ] # x\ne = 2", "{a: {b: 1}, c: {d: {e: 2}}}"),
      Case("[a.b]\nc = 1\n[a]\nd = 2", "{a: {b: {c: 1}, d: 2}}"),
      Case("[[a]]\nb = 1\n[[a]]\n[[a.c]]\nd = 2", "{a: [{b: 1}, {c: [{d: 2}]}]}"),
      Case("[[a]]\n[a.b]\nc = 1\n[[a]]\n[a.b]\nc = 2", "{a: [{b: {c: 1}}, {b: {c: 2}}]}"),
      Case("[a]\nb.c = 1\n[a.b.d]\ne = 2", "{a: {b: {c: 1, d: {e: 2}}}}"),
      Case("a.b = {}\na.c = 1", "{a: {b: {}, c: 1}}"),
    ])
  func tables(_ example: Case) throws {
    #expect(plain(try TOMLTable(parsing: example.text)) == example.expected)
  }

  @Test("keys and values carry their places, columns counted in characters")
  func places() throws {
    let table = try TOMLTable(parsing: "'é' = 1\n\t\"ü\".b = [ 'ö', 2 ]\r\n\n[ t ]\n  k='''\n'''\n")
    func entry(_ index: Int, _ table: TOMLTable) -> TOMLTable.Entry { table.entries[index] }
    #expect(entry(1, table).key.position == TOMLPosition(line: 2, column: 2))
    guard case .table(let dotted) = entry(1, table).value.kind,
      case .array(let values) = entry(0, dotted).value.kind,
      case .table(let headed) = entry(2, table).value.kind
    else {
      Issue.record("the tables are not where they should be: \(plain(table))")
      return
    }
    #expect(entry(0, dotted).key.position == TOMLPosition(line: 2, column: 6))
    #expect(entry(0, dotted).value.position == TOMLPosition(line: 2, column: 10))
    #expect(values.map(\.position.column) == [12, 17])
    #expect(entry(2, table).value.position == TOMLPosition(line: 4, column: 3))
    #expect(entry(0, headed).value.position == TOMLPosition(line: 5, column: 5))
  }
}
