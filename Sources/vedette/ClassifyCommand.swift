import ArgumentParser
import Frames
import Journal
import Vision
import Watch

/// `vedette classify`: files in, labels out, by the service's own code.
struct ClassifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "classify",
    abstract: "Says what JPEG files show.",
    discussion: """
      One line a file, in the order given. A file that is no whole JPEG is reported, the others are \
      classified all the same, and the exit status is 1.

      EXAMPLES
        vedette classify cat.jpg
        vedette classify --json --top 3 *.jpg | jq -r '.top[0].label'
        vedette classify --digest cat.jpg     the raw output's SHA-256
      """)

  @OptionGroup var model: ModelOptions

  @Flag(help: "Print a JSON object a line.") var json = false

  @Option(help: ArgumentHelp("How many labels, the most probable first.", valueName: "count"))
  var top: Int?

  @Flag(help: "Print the SHA-256 of the network's raw output as well.") var digest = false

  @Argument(help: ArgumentHelp("JPEG files.", valueName: "file")) var files: [String]

  func validate() throws {
    if let top, !(1...1000).contains(top) {
      throw ValidationError("--top takes a number from 1 to 1000")
    }
  }

  func run() throws {
    // A line for people names one label unless asked for more; JSON has room for five.
    var classifier = try model.classifier(candidates: top ?? (json ? 5 : 1))
    let limits = DecodeLimits()
    var failures = 0
    for path in files {
      let start = MonotonicTime.now()
      let outcome: FrameOutcome
      do {
        let bytes = try readFile(path, limit: limits.maximumByteCount)
        outcome = bytes.withUnsafeBytes { classifier.classify($0, digest: digest) }
      } catch let failure as CommandFailure {
        outcome = .failed(FrameRefusal(code: "unreadable", detail: failure.message ?? ""))
      }
      if case .failed = outcome { failures += 1 }
      printReport(outcome, path: path, model: classifier.model, latency: .now() - start)
    }
    if failures > 0 { throw CommandFailure(message: nil) }
  }

  private func printReport(
    _ outcome: FrameOutcome, path: String, model: ModelDescription, latency: Duration
  ) {
    if json {
      let report = FrameReport(
        frameID: "", origin: .stream(name: path, sequence: 0), outcome: outcome, model: model,
        latency: latency)
      printData(report.json(path: path))
      return
    }
    switch outcome {
    case .decided(let detection):
      let names = detection.candidates.map { "\($0.label) \(decimalText($0.score, places: 2))" }
      var line =
        names.joined(separator: ", ")
        + " (\(path), \(decimalText(latency.milliseconds, places: 1)) ms)"
      if let digest = detection.outputDigest { line += " \(digest)" }
      printData(escapedForTerminal(line))
    case .failed(let refusal):
      let detail = refusal.detail.hasPrefix(path) ? refusal.detail : "\(path): \(refusal.detail)"
      printTalk(escapedForTerminal("vedette: error: \(detail) [\(refusal.code)]"))
    }
  }
}
