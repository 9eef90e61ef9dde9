import Testing
import Watch

/// A file with every construct that the parser knows.
private let everything = """
  # é comment
  title = "caf\\u00e9 \\"x\\"" # behind
  'lit key' . "b" = 'C:\\temp'
  lines = \"\"\"
  one \\
     two""\"\"\"
  raw = '''
  'as is' '''
  numbers = [ +1_0, 0xFF, 0o7, 0b1, -1.5e-3, inf, # why
    [[], {}], ]
  [a . b]
  on = true
  point = { x = 1, y.z = [ { w = false } ] }
  [[list]]
  n = 1
  [list.sub]
  [[list]]
  n = 2

  """

@Suite("Hostile TOML")
struct TOMLHostileTests {
  /// Parses, and checks that an error names a place inside the text or right behind it.
  private func parse(_ bytes: [UInt8], _ what: String) -> Bool {
    do {
      _ = try TOMLTable(parsing: bytes)
      return true
    } catch {
      let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
      #expect((1...lines.count).contains(error.line), "\(what): \(error)")
      let length = lines[min(error.line, lines.count) - 1].count
      #expect((1...length + 1).contains(error.column), "\(what): \(error)")
      #expect(!error.message.isEmpty)
      return false
    }
  }

  @Test("a file cut off at any byte is read or refused with a place in it")
  func truncation() {
    let bytes = Array(everything.utf8)
    #expect(parse(bytes, "whole"))
    var refused = 0
    for count in 0..<bytes.count where !parse(Array(bytes.prefix(count)), "first \(count) bytes") {
      refused += 1
    }
    #expect(refused > bytes.count / 2)
  }

  @Test("flipped bits never do more than make an error", arguments: [1, 2, 3, 4] as [UInt64])
  func bitFlips(seed: UInt64) {
    let bytes = Array(everything.utf8)
    var state = seed &* 0x9E37_79B9_7F4A_7C15
    /// Xorshift64 (Marsaglia, 2003).
    func next(_ bound: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(truncatingIfNeeded: (state >> 33) % UInt64(bound))
    }
    var refused = 0
    for round in 0..<250 {
      var flipped = bytes
      for _ in 0...next(3) { flipped[next(bytes.count)] ^= 1 << UInt8(next(8)) }
      if !parse(flipped, "seed \(seed), round \(round)") { refused += 1 }
    }
    #expect(refused > 100)
  }

  @Test(
    "text that is not UTF-8 is refused where it stops being it",
    arguments: [
      [0xFF], [0xC3], [0xC3, 0x28], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
      [0x80], [0xE2, 0x82],
    ] as [[UInt8]])
  func encodings(bytes: [UInt8]) {
    let text = Array("ok = 1\n# é".utf8) + bytes
    let error = thrown(TOMLError.self) { try TOMLTable(parsing: text) }
    #expect(error?.description == "2:4: not valid UTF-8")
  }

  @Test("size and depth have a limit, which itself is read")
  func limits() throws {
    let size = TOMLTable.maximumBytes
    let comment = [UInt8](repeating: UInt8(ascii: "#"), count: size + 1)
    #expect(try TOMLTable(parsing: Array(comment.dropLast())).entries.isEmpty)
    let tooLarge = thrown(TOMLError.self) { try TOMLTable(parsing: comment) }
    #expect(tooLarge?.description == "1:1: the file has 1048577 bytes; at most 1048576 are read")

    func nested(_ depth: Int, _ open: String, _ close: String) -> String {
      "a = " + String(repeating: open, count: depth) + String(repeating: close, count: depth)
    }
    func dotted(_ parts: Int) -> String { String(repeating: "a.", count: parts - 1) + "a" }
    let deep = TOMLTable.maximumDepth
    for text in [nested(deep, "[", "]"), dotted(deep) + " = 1", "[\(dotted(deep))]"] {
      #expect(throws: Never.self) { try TOMLTable(parsing: text) }
    }
    for text in [
      nested(deep + 1, "[", "]"), nested(deep + 1, "{a=", "}"), dotted(deep + 1) + " = 1",
      "[\(dotted(deep + 1))]", "[[\(dotted(deep))]]", "[\(dotted(deep))]\n" + nested(1, "[", "]"),
      nested(10_000, "[", "]"), nested(10_000, "{a=", "}"), dotted(10_000),
    ] {
      let error = thrown(TOMLError.self) { try TOMLTable(parsing: text) }
      #expect(error?.message == "nested more than 32 deep")
    }
  }
}
