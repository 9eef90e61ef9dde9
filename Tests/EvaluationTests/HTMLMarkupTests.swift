import Evaluation
import Testing

@Suite("Markup")
struct HTMLMarkupTests {
  @Test("strings that are interpolated come out as text")
  func escaping() {
    let name = "<b class=\"x\" id='y'>&amp;</b>"
    let markup: Markup = "<td title=\"\(name)\">\(name)</td>"
    let text = "&lt;b class=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;&lt;/b&gt;"
    #expect(markup.html == "<td title=\"\(text)\">\(text)</td>")
  }

  @Test("markup that is interpolated stays markup")
  func nesting() {
    let inner: Markup = "<i>\("<")</i>"
    let outer: Markup = "<p>\([inner, inner])\(7)</p>"
    #expect(outer.html == "<p><i>&lt;</i><i>&lt;</i>7</p>")
  }

  @Test(
    "what reorders or hides text becomes visible",
    arguments: [
      ("\u{202E}", "\\u{202E}"), ("\u{0}", "\\u{0}"), ("\u{1B}[31m", "\\u{1B}[31m"),
      ("\u{2066}", "\\u{2066}"), ("\u{85}", "\\u{85}"), ("\u{E0041}", "\\u{E0041}"),
      ("a\nb\tc", "a b c"), ("é 猫 😀", "é 猫 😀"),
    ])
  func controls(text: String, expected: String) {
    let markup: Markup = "\(text)"
    #expect(markup.html == expected)
  }

  @Test(
    "base64 is RFC 4648's",
    arguments: [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
      ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
  func base64Vectors(text: String, expected: String) {
    #expect(base64(Array(text.utf8)) == expected)
  }

  @Test("base64 uses its last two digits")
  func base64Digits() {
    #expect(base64([0xFB, 0xFF, 0xBF]) == "+/+/")
  }
}

@Suite("Figures")
struct HTMLFigureTests {
  @Test(
    "decimals",
    arguments: [
      (0.0, 2, "0.00"), (-0.0, 1, "0.0"), (-0.004, 2, "0.00"), (2.5, 0, "3"), (-1.25, 1, "−1.3"),
      (1234.5678, 3, "1234.568"), (.nan, 2, "–"), (.infinity, 2, "∞"), (-.infinity, 2, "−∞"),
      (0.05, 4, "0.0500"), (1e300, 0, "1000000000000"),
    ])
  func decimals(value: Double, places: Int, expected: String) {
    #expect(Figure.decimal(value, places) == expected)
  }

  @Test(
    "changes carry their sign, nothing carries none",
    arguments: [(0.126, "+0.13"), (-0.126, "−0.13"), (0.001, "0.00"), (-0.001, "0.00")])
  func signs(value: Double, expected: String) {
    #expect(Figure.signed(value, 2) == expected)
  }

  @Test(
    "three significant digits",
    arguments: [
      (0.0, "0"), (5.998, "6.00"), (-12.345, "−12.3"), (123.4, "123"), (0.0123, "0.0123"),
      (0.5, "0.500"), (2.5e7, "2.50e7"), (-9.999e9, "−1.00e10"),
    ])
  func short(value: Double, expected: String) {
    #expect(Figure.short(value) == expected)
  }

  @Test(
    "thousands stand apart",
    arguments: [
      (0, "0"), (999, "999"), (1000, "1\u{202F}000"), (-1_234_567, "−1\u{202F}234\u{202F}567"),
    ])
  func counts(value: Int, expected: String) {
    #expect(Figure.count(value) == expected)
  }
}
