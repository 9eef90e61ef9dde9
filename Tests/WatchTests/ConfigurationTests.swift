import Testing
import Watch

/// The configuration that `text` makes, as the file conf/vedette.toml.
private func configuration(_ text: String) throws -> Configuration {
  try Configuration(parsing: Array(text.utf8), path: "conf/vedette.toml")
}

@Suite("The configuration's values")
struct ConfigurationTests {
  @Test("an empty file gives the defaults, and every key changes the property it names")
  func allKeys() throws {
    #expect(try configuration("") == Configuration())
    let text = """
      [model]
      path = "/m.tflite"
      labels = "/l.txt"
      crop = "whole"
      top = 1
      [watch]
      folder = ""
      spool = "/spool"
      after = "leave"
      settle = "500ms"
      give-up = "1min 30s"
      max-bytes = 4096
      [pipe]
      timeout = "1h"
      max-bytes = "2M"
      [limits]
      width = 640
      height = 480
      pixels = "1M"
      scans = 7
      decode-time = "0.25s"
      [kernels]
      isa = "scalar"
      """
    var expected = Configuration()
    expected.model.path = "/m.tflite"
    expected.model.labels = "/l.txt"
    expected.model.crop = .whole
    expected.model.top = 1
    expected.watch.folder = ""
    expected.watch.spool = "/spool"
    expected.watch.after = .leave
    expected.watch.settle = .milliseconds(500)
    expected.watch.giveUp = .seconds(90)
    expected.watch.maximumBytes = 4096
    expected.pipe.timeout = .seconds(3600)
    expected.pipe.maximumBytes = 2 << 20
    expected.limits.width = 640
    expected.limits.height = 480
    expected.limits.pixels = 1_000_000
    expected.limits.scans = 7
    expected.limits.decodeTime = .milliseconds(250)
    expected.kernels.isa = .scalar
    #expect(try configuration(text) == expected)
    // Were a key missing above, its property would still have its default.
    #expect(keys(of: text) == keys(of: Configuration().renderedTOML()))
    // Dotted keys are the same keys.
    #expect(try configuration("model.top = 3").model.top == 3)
  }

  private func keys(of text: String) -> [String] {
    text.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap {
      $0.split(separator: " ").first.map(String.init)
    }
  }

  @Test("a printed configuration reads back as itself")
  func roundTrip() throws {
    #expect(try configuration(Configuration().renderedTOML()) == Configuration())
    var changed = Configuration()
    changed.model.path = "/a \"b\"\\c\n\u{1B}é😀.tflite"
    changed.model.crop = .center
    changed.model.top = 10
    changed.watch.folder = ""
    changed.watch.after = .keep
    changed.watch.settle = .milliseconds(1500)
    changed.watch.giveUp = .nanoseconds(100_000_001)
    changed.watch.settle = .milliseconds(10)
    changed.watch.maximumBytes = 1025
    changed.pipe.maximumBytes = 1 << 30
    changed.limits.pixels = 4_290_250_000
    changed.limits.decodeTime = .seconds(120)
    changed.kernels.isa = .neon
    #expect(try configuration(changed.renderedTOML()) == changed)
  }

  @Test(
    "times are sums of numbers with systemd's units",
    arguments: [
      ("10ms", .milliseconds(10)), ("1min 30s", .seconds(90)), ("1min30s", .seconds(90)),
      (" 2 s ", .seconds(2)), ("1.5s", .milliseconds(1500)), ("1 hour", .seconds(3600)),
      ("20000us", .milliseconds(20)), ("2m 2sec", .seconds(122)), ("59 minutes", .seconds(3540)),
      ("10000001ns", .nanoseconds(10_000_001)),
    ] as [(String, Duration)])
  func durations(text: String, duration: Duration) throws {
    #expect(try configuration("[pipe]\ntimeout = \"\(text)\"").pipe.timeout == duration)
  }

  @Test(
    "what is no time, or out of range, is refused",
    arguments: [
      "\"\"", "\" \"", "\"5\"", "5", "5.0", "\"s\"", "\"-1s\"", "\"+1s\"", "\"1 2s\"", "\"1S\"",
      "\"1M\"",
      "\"1e3ms\"", "\"1.s\"", "\".5s\"", "\"1.0000001s\"", "\"1s,\"", "\"9ms\"", "\"3601s\"",
      "\"9223372036854775807h\"", "\"99999999999999999999s\"", "\"2562047h 2562047h\"", "true",
      "[\"1s\"]",
      "\"1s\\u0000\"",
    ])
  func badDurations(text: String) {
    let error = thrown(ConfigurationError.self) {
      try configuration("[pipe]\ntimeout = \(text)")
    }
    let message = error?.description ?? ""
    #expect(
      message.hasPrefix(
        "conf/vedette.toml:2:11: 'pipe.timeout' takes a time with its unit from 10ms to 1h, "),
      "\(message)")
  }

  @Test(
    "sizes are powers of 1024",
    arguments: [
      ("1024", 1024), ("\"2000\"", 2000), ("\"2000B\"", 2000), ("\"64MiB\"", 64 << 20),
      ("\"64M\"", 64 << 20),
      ("\"1K\"", 1024), ("\"1.5KiB\"", 1536), ("\"1G\"", 1 << 30), ("\"1 MiB 1 KiB\"", 1_049_600),
      ("0x1000", 4096),
    ])
  func sizes(text: String, bytes: Int) throws {
    #expect(try configuration("[watch]\nmax-bytes = \(text)").watch.maximumBytes == bytes)
  }

  @Test(
    "what is no size, or out of range, is refused",
    arguments: [
      "\"64MB\"", "\"64m\"", "1023", "1073741825", "-1", "\"-1K\"", "1e6", "\"1KK\"",
      "\"17179869184G\"",
      "\"\"",
    ])
  func badSizes(text: String) {
    #expect(throws: ConfigurationError.self) { try configuration("[watch]\nmax-bytes = \(text)") }
  }

  @Test("a count of pixels has decimal units")
  func counts() throws {
    #expect(try configuration("limits.pixels = \"2M\"").limits.pixels == 2_000_000)
    #expect(try configuration("limits.pixels = \"1.5M\"").limits.pixels == 1_500_000)
    #expect(try configuration("limits.pixels = 12_345").limits.pixels == 12_345)
    #expect(throws: ConfigurationError.self) { try configuration("limits.pixels = \"1MiB\"") }
    #expect(throws: ConfigurationError.self) { try configuration("limits.pixels = 0") }
  }

  @Test("relative paths stand in the file's directory")
  func paths() throws {
    let text = "model.path = 'm/x.tflite'\nmodel.labels = '/l'\nwatch.spool = '../s'"
    let nested = try configuration(text)
    #expect(nested.model.path == "conf/m/x.tflite")
    #expect(nested.model.labels == "/l")
    #expect(nested.watch.spool == "conf/../s")
    #expect(nested.modelPath() == "conf/m/x.tflite")
    let bare = try Configuration(parsing: Array(text.utf8), path: "vedette.toml")
    #expect(bare.model.path == "m/x.tflite")
    let absolute = try Configuration(parsing: Array(text.utf8), path: "/vedette.toml")
    #expect(absolute.model.path == "/m/x.tflite")
  }

  @Test("the default model is one of the installed ones")
  func defaultModel() {
    let candidates = Configuration.modelDirectories.map {
      $0 + "/" + Configuration.defaultModelName
    }
    #expect(candidates.contains(Configuration.defaultModelPath))
    #expect(candidates.contains(Configuration().modelPath()))
  }
}
