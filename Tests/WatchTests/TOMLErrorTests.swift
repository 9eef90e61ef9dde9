import Testing
import Watch

@Suite("TOML's errors")
struct TOMLErrorTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let text: String
    let place: String
    let message: String
    init(_ text: String, _ place: String, _ message: String) {
      self.text = text
      self.place = place
      self.message = message
    }
    var testDescription: String { text.debugDescription }
  }

  private func check(_ example: Case) {
    let error = thrown(TOMLError.self) { try TOMLTable(parsing: example.text) }
    #expect(error?.position.description == example.place)
    let message = error?.message ?? ""
    #expect(message.contains(example.message), "\(message)")
  }

  @Test(
    "lines and keys",
    arguments: [
      Case("a", "1:2", "expected '=' after the key, found the end of the file"),
      Case("a\n= 1", "1:2", "expected '=' after the key, found the end of the line"),
      Case("a =", "1:4", "expected a value"), Case("= 1", "1:1", "expected a key, found '='"),
      Case("a. = 1", "1:4", "expected a key"), Case("a..b = 1", "1:3", "expected a key"),
      Case("ä = 1\né = 1", "1:1", "expected a key, found 'ä'"),
      Case("a = 1 b = 2", "1:7", "expected the end of the line, found 'b'"),
      Case("[a", "1:3", "']' after the table's name"), Case("[a]]", "1:4", "the end of the line"),
      Case("[[a]", "1:4", "']]' after"), Case("[]", "1:2", "expected a key"),
      Case("[a] b = 1", "1:5", "the end of the line"), Case("\"\"\"a\"\"\" = 1", "1:3", "'='"),
      Case("a b = 1", "1:3", "'='"),
    ])
  func lines(_ example: Case) { check(example) }

  @Test(
    "values",
    arguments: [
      Case("a = auto", "1:5", "text stands in quotes: \"auto\""),
      Case("a = True", "1:5", "not a value"),
      Case("a = 01", "1:5", "not a number"), Case("a = 1__0", "1:5", "not a number"),
      Case("a = _1", "1:5", "not a value"), Case("a = 1_", "1:5", "not a number"),
      Case("a = 1.", "1:5", "not a number"), Case("a = .5", "1:5", "not a number"),
      Case("a = 0X1", "1:5", "not a number"), Case("a = 0xg", "1:5", "not a number"),
      Case("a = -0x1", "1:5", "not a number"), Case("a = 0b2", "1:5", "not a number"),
      Case("a = 1e", "1:5", "not a number"), Case("a = 1e1_", "1:5", "not a number"),
      Case("a = +-1", "1:5", "not a number"),
      Case("a = 9223372036854775808", "1:5", "does not fit into 64 bits"),
      Case("a = 1e999", "1:5", "too large for a float"),
      Case("a = 1979-05-27T07:32:00Z", "1:5", "dates and times are not read"),
      Case("a = 1979-05-27", "1:5", "dates and times"),
      Case("a = 07:32:00", "1:5", "dates and times"),
      Case("a = [1 2]", "1:8", "expected ',' or ']' in the array, found '2'"),
      Case("a = [,]", "1:6", "expected a value"),
      Case("a = [1", "1:7", "found the end of the file"),
      Case("a = {b = 1,}", "1:12", "expected a key"), Case("a = {b = 1", "1:11", "',' or '}'"),
      Case("a = {\nb = 1}", "1:6", "expected a key, found the end of the line"),
    ])
  func values(_ example: Case) { check(example) }

  @Test(
    "strings",
    arguments: [
      Case("a = \"b\nc = 1", "1:5", "not closed on its line"), Case("a = 'b", "1:5", "not closed"),
      Case("a = \"\"\"b\n\n", "1:5", "not closed"), Case("a = '''b''", "1:5", "not closed"),
      Case(#"a = "é\d""#, "1:7", "no escape is made of a backslash and 'd'"),
      Case(#"a = "\u12"x"#, "1:6", "4 hexadecimal digits"),
      Case(#"a = "\uD800""#, "1:6", "U+D800 is not"),
      Case(#"a = "\UFFFFFFFF""#, "1:6", "U+FFFFFFFF is not"),
      Case(#"a = "\"#, "1:6", "nothing behind it"),
      Case("a = \"\"\"b\"\"\"\"\"\"", "1:9", "6 quotes in a row"),
      Case("a = \"\u{1B}[31m\"", "1:6", "control character (U+001B)"),
      Case("# \u{0}", "1:3", "control character (U+0000)"), Case("a = '\u{7F}'", "1:6", "(U+007F)"),
      Case("a = 1\rb = 2", "1:6", "carriage return"), Case("a = 1\r", "1:6", "carriage return"),
    ])
  func strings(_ example: Case) { check(example) }

  @Test(
    "what is defined twice",
    arguments: [
      Case("a = 1\n\"a\" = 2", "2:1", "'a' is already defined, at 1:1"),
      Case("a.b = 1\na.b = 2", "2:3", "'a.b' is already defined, at 1:3"),
      Case("a = 1\na.b = 2", "2:1", "'a' is already defined"),
      Case("[a]\n[ a ]", "2:3", "'a' is already defined, at 1:2"),
      Case("[a]\nb = 1\n[a.b]", "3:4", "'a.b' is already defined, at 2:1"),
      Case("[a]\nb = 1\n[a.b.c]", "3:4", "'a.b' is already defined"),
      Case("a.b = 1\n[a]", "2:2", "already defined"),
      Case("[a.b.c]\n[a]\nb.c.d = 1", "3:3", "already defined"),
      Case("[a]\nb.c = 1\n[a.b]", "3:4", "already defined"),
      Case("a = {}\n[a.b]", "2:2", "already defined"),
      Case("a = {b = 1}\na.c = 2", "2:1", "already defined"),
      Case("a = []\n[[a]]", "2:3", "already defined"),
      Case("[a]\n[[a]]", "2:3", "already defined"), Case("[[a]]\n[a]", "2:2", "already defined"),
      Case("[[a.b]]\n[a]\nb.c = 1", "3:1", "already defined"),
      Case("a = {b = 1, b = 2}", "1:13", "already defined"),
      Case("a = {b.c = 1, b = 2}", "1:15", "already defined"),
      Case("a = {b = {}, b.c = 2}", "1:14", "already defined"),
    ])
  func duplicates(_ example: Case) { check(example) }

  @Test("a message shows neither control characters nor long texts of the file")
  func quotes() {
    check(Case("\"\\u001b[2J\" = 1\n'x' = 1\n\"\\u001b[2J\" = 2", "3:1", "'\u{FFFD}[2J' is"))
    let long = String(repeating: "9", count: 500)
    let error = thrown(TOMLError.self) { try TOMLTable(parsing: "a = \(long)") }
    #expect((error?.message.count ?? 1000) < 120)
  }
}
