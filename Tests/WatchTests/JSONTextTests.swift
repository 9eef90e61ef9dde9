import Journal
import Testing
import Watch

@Suite("JSON text")
struct JSONTextTests {
  @Test(
    "escapes what would end a string, break a line or steer a terminal",
    arguments: [
      ("plain", #""plain""#), ("", #""""#), ("a\"b\\c", #""a\"b\\c""#),
      ("\n\r\t", #""\n\r\t""#), ("\u{0}\u{1}\u{1F}\u{7F}", #""\u0000\u0001\u001f\u007f""#),
      ("\u{1B}[31m", #""\u001b[31m""#), ("\u{85}\u{9B}", #""\u0085\u009b""#),
      ("\u{2028}\u{2029}\u{202E}x", #""\u2028\u2029\u202ex""#),
      ("\u{061C}\u{200F}\u{2066}", #""\u061c\u200f\u2066""#),
      ("grün 猫 🐈", #""grün 猫 🐈""#), ("e\u{301}", "\"e\u{301}\""), ("\r\n", #""\r\n""#),
      ("/", #""/""#),
    ])
  func strings(_ text: String, _ expected: String) {
    let json = JSONText.string(text).description
    #expect(json == expected)
    // The journal's own escaping, which `watch --json` lines pass through, must not touch it.
    #expect(escapedForTerminal(json) == json)
  }

  @Test("repairs names that are not UTF-8")
  func invalidUTF8() {
    let name = String(decoding: [0x61, 0xFF, 0x62] as [UInt8], as: UTF8.self)
    #expect(JSONText.string(name).description == "\"a\u{FFFD}b\"")
  }

  @Test("writes numbers that JSON has, and null for the others")
  func numbers() {
    let values: [(JSONText, String)] = [
      (.integer(0), "0"), (.integer(.min), "-9223372036854775808"),
      (.integer(.max), "9223372036854775807"), (.decimal(0.5, digits: 3), "0.500"),
      (.decimal(-0.0004, digits: 3), "0.000"), (.decimal(2.0 / 3, digits: 6), "0.666667"),
      (.decimal(1, digits: 0), "1"), (.decimal(.nan, digits: 2), "null"),
      (.decimal(.infinity, digits: 2), "null"), (.decimal(-.infinity, digits: 2), "null"),
      (.bool(true), "true"), (.bool(false), "false"), (.null, "null"),
    ]
    for (value, expected) in values { #expect(value.description == expected) }
  }

  @Test("keeps the order of members and elements, and nests")
  func structure() {
    let value = JSONText.object([
      ("z", .array([])), ("a", .array([.integer(1), .null, .string("x")])), ("\"", .object([])),
      ("z", .object([("n", .array([.array([.bool(true)])]))])),
    ])
    #expect(value.description == #"{"z":[],"a":[1,null,"x"],"\"":{},"z":{"n":[[true]]}}"#)
  }
}
