import Testing

#if canImport(Glibc)
import Glibc
#endif

/// script(1) of util-linux runs a command on a terminal of its own.
private let script = "/usr/bin/script"

@Suite("How far a long work is", .enabled(if: Programs.hasHostHalf, Programs.whyNoHostHalf))
struct ProgressTests {
  let folder = TemporaryFolder()

  @Test(
    "A bar on a terminal for each part of the work, gone when it ends",
    .enabled(if: access(script, X_OK) == 0, "there is no script(1)"))
  func terminal() throws {
    let frames = folder.addFrames()
    let output = folder.path + "/out.tflite"
    let command =
      "TERM=xterm '\(Programs.vedette)' quantize '\(Networks.shapes)' --calibrate '\(frames)' "
      + "--sizes 32,64 -o '\(output)'"
    let outcome = try #require(run(script, ["-qec", command, "/dev/null"]))
    #expect(outcome.status == 0)
    for part in ["calibrating [", "rounding [", "measuring ["] {
      #expect(outcome.output.contains("\r\(part)"), "\(part)")
    }
    let bars = outcome.output.components(from: "\r").filter { $0.contains("[") }
    #expect(bars.first?.hasPrefix("calibrating [........................] 0/5") == true)
    // Taken away, and the result is what stands there.
    let last = try #require(outcome.output.components(from: "\u{1B}[K").last)
    #expect(last.contains("\(output): ") && !last.contains("measuring ["))
  }

  @Test("Nothing elsewhere")
  func pipe() throws {
    let frames = folder.addFrames()
    let outcome = try vedette(
      "quantize", Networks.shapes, "--calibrate", frames, "-o", folder.path + "/out.tflite")
    #expect(outcome.status == 0)
    let lines = outcome.errors.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.allSatisfy { $0.isEmpty || $0.hasPrefix("vedette: warning: ") })
    #expect(!outcome.errors.contains("\r") && !outcome.errors.contains("\u{1B}"))
  }
}

extension String {
  /// The parts between each `separator`, by its scalars: "\r\n" is one character.
  fileprivate func components(from separator: String) -> [String] {
    var parts = [""]
    var rest = unicodeScalars[...]
    let scalars = Array(separator.unicodeScalars)
    while let first = rest.first {
      if rest.starts(with: scalars) {
        parts.append("")
        rest = rest.dropFirst(scalars.count)
      } else {
        parts[parts.count - 1].unicodeScalars.append(first)
        rest = rest.dropFirst()
      }
    }
    return parts
  }
}
