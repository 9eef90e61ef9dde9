import Testing
import Watch

/// What is wrong with `text`, a line a fault; empty if it is right.
private func problems(_ text: String) -> [String] {
  do {
    _ = try Configuration(parsing: Array(text.utf8), path: "v.toml")
    return []
  } catch .invalid(let problems) {
    return problems.map(\.description)
  } catch {
    return ["\(error)"]
  }
}

@Suite("The configuration's faults")
struct ConfigurationProblemTests {
  @Test("all faults are reported, in the file's order, with their places")
  func allFaults() {
    let text = """
      # é
      [watch]
        foldr = "/x"
      after = "move"
      [model]
      top = 11
      crop = 1
      [wach]
      [kernels]
      isa = ["avx2"]
      [watch.spool]
      """
    #expect(
      problems(text) == [
        "v.toml:3:3: unknown key 'watch.foldr'; did you mean 'watch.folder'?",
        "v.toml:4:9: 'watch.after' takes \"delete\", \"keep\" or \"leave\", not \"move\"",
        "v.toml:6:7: 'model.top' takes a number from 1 to 10, not 11",
        "v.toml:7:8: 'model.crop' takes \"auto\", \"center\" or \"whole\", not 1",
        "v.toml:8:2: unknown table 'wach'; did you mean [watch]?",
        "v.toml:10:7: 'kernels.isa' takes \"auto\", \"scalar\", \"avx2\" or \"neon\", not an array",
        "v.toml:11:8: 'watch.spool' takes a path, not a table",
      ])
  }

  @Test("a file that is not TOML has one fault")
  func syntax() {
    #expect(
      problems("[watch]\nx = 1\n[watch\n") == [
        "v.toml:3:7: expected ']' after the table's name, found the end of the line"
      ])
    #expect(problems("\u{0}") == ["v.toml:1:1: a control character (U+0000) is not allowed"])
  }

  @Test(
    "an unknown name brings the nearest one to mind",
    arguments: [
      ("watch.giveup = 1", "unknown key 'watch.giveup'; did you mean 'watch.give-up'?"),
      ("watch.GIVE_UP = 1", "unknown key 'watch.GIVE_UP'; did you mean 'watch.give-up'?"),
      ("watch.setlte = 1", "unknown key 'watch.setlte'; did you mean 'watch.settle'?"),
      ("settle = 1", "unknown key 'settle'; did you mean 'watch.settle'?"),
      ("kernels.scans = 1", "unknown key 'kernels.scans'; did you mean 'limits.scans'?"),
      ("[Model]", "unknown table 'Model'; did you mean [model]?"),
      ("[database]", "unknown table 'database'"),
      ("watch.interval-in-hours = 1", "unknown key 'watch.interval-in-hours'"),
      ("\"\\u001b[2J\" = 1", "unknown key '\u{FFFD}[2J'"),
    ])
  func suggestions(text: String, message: String) {
    let reported = problems(text).first ?? ""
    #expect(reported.hasSuffix(": \(message)"), "\(reported)")
  }

  @Test(
    "a value of the wrong kind says what is allowed",
    arguments: [
      ("model.path = 3", "'model.path' takes a path, or \"\" for the default model, not 3"),
      ("watch.spool = ''", "'watch.spool' takes a path, not \"\""),
      ("watch.folder = \"a\\u0000b\"", "takes a path, or \"\" for no folder, not \"a\u{FFFD}b\""),
      ("model.top = 2.5", "'model.top' takes a number from 1 to 10, not 2.5"),
      ("model.top = true", "'model.top' takes a number from 1 to 10, not true"),
      ("limits.width = 65501", "'limits.width' takes a number from 1 to 65500, not 65501"),
      ("watch = 3", "'watch' is a table: write [watch]"),
      ("[[watch]]", "'watch' is a table: write [watch]"),
    ])
  func kinds(text: String, message: String) {
    let reported = problems(text).first ?? ""
    #expect(reported.hasSuffix(message), "\(reported)")
  }

  @Test("keys that are right alone may be wrong together")
  func rules() {
    #expect(
      problems("[watch]\nsettle = \"2min\"") == [
        "v.toml:2:1: 'watch.give-up' must not be below 'watch.settle'"
      ])
    #expect(
      problems("[watch]\nsettle = \"2min\"\ngive-up = \"119s\"").first?.hasPrefix("v.toml:3:1:")
        == true)
    #expect(problems("[watch]\nsettle = \"2min\"\ngive-up = \"2min\"").isEmpty)
    for folder in ["/s/work", "/s/done/", "/s/quarantine"] {
      #expect(
        problems("[watch]\nspool = \"/s/\"\nfolder = \"\(folder)\"").first?.hasPrefix("v.toml:3:1:")
          == true)
    }
    #expect(problems("[watch]\nspool = \"/s\"\nfolder = \"/s/incoming\"").isEmpty)
  }

  @Test("a file without end of faults reports fifty")
  func manyFaults() {
    let text = (0..<200).map { "key\($0) = 1\n" }.joined()
    #expect(problems(text).count == 50)
    let long = String(repeating: "x", count: 10_000)
    let reported = problems("\(long) = 1\nmodel.crop = '\(long)'")
    #expect(reported.count == 2)
    #expect(reported.allSatisfy { $0.utf8.count < 200 }, "long texts are cut")
  }

  @Test("every byte that is cut off or flipped gives a configuration or its faults")
  func damage() {
    let bytes = Array(Configuration().renderedTOML().utf8.filter { $0 != UInt8(ascii: "#") })
    var invalid = 0
    for index in stride(from: 0, to: bytes.count, by: 7) {
      var flipped = bytes
      flipped[index] ^= 1 << UInt8(index % 8)
      for text in [Array(bytes.prefix(index)), flipped] {
        do {
          _ = try Configuration(parsing: text, path: "v.toml")
        } catch {
          guard case .invalid(let problems) = error else { continue }
          #expect(!problems.isEmpty)
          invalid += 1
        }
      }
    }
    #expect(invalid > bytes.count / 20)
  }
}
