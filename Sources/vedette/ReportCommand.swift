#if canImport(Evaluation)
import ArgumentParser
import Datasets
import Evaluation
import Foundation
import Journal
import Model

/// `vedette report`: what quantisation costs, as a page to look at and to pass around.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Writes an HTML page that compares quantised builds with their float network.",
    discussion: """
      Runs each build and the float network on the same frames, as 'vedette evaluate' does, and \
      measures the builds' time in turns. The page holds everything itself, frames whose answer \
      changed as small pictures included: look at them before you pass it on. The same input \
      gives the same bytes, but for the times; --rounds 0 leaves those out.

      EXAMPLES
        vedette report w8.tflite --float float.onnx --frames frames/ -o r.html
        vedette report w8.tflite w6.tflite w4.tflite --float float.onnx \\
            --frames frames/ --group-by camera --title 'Front door' -o r.html
      """)

  @Argument(help: ArgumentHelp("int8 TensorFlow Lite files.", valueName: "build"))
  var builds: [String]

  @Option(
    name: .customLong("float"),
    help: ArgumentHelp("The network that they were made from.", valueName: "onnx"))
  var reference: String

  @Option(
    help: ArgumentHelp("A folder of JPEG files, labelled if possible.", valueName: "dir"))
  var frames: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The page to write.", valueName: "file"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "A text file with a label a line, instead of the models'.", valueName: "file"))
  var labels: String?

  @Option(
    help: ArgumentHelp(
      "The table of true classes, instead of DIR/labels.csv.", valueName: "file"))
  var labelsCsv: String?

  @Option(
    help: ArgumentHelp(
      "Show groups: dir, or a column of the table of labels; may be repeated.", valueName: "key"))
  var groupBy: [String] = []

  @Option(
    help: ArgumentHelp("Frames whose answer changed that are shown.", valueName: "count"))
  var pictures = 60

  @Option(
    help: ArgumentHelp("Measured runs of each build; 0: measure no time.", valueName: "count"))
  var rounds = 50

  @Option(help: ArgumentHelp("The page's title.", valueName: "text")) var title: String?

  @Option(
    help: ArgumentHelp("A date to print; none is printed otherwise.", valueName: "text"))
  var date: String?

  @Option(help: ArgumentHelp("Take the first frames only.", valueName: "count"))
  var limit: Int?

  @Option(
    help: ArgumentHelp(
      "Frames that are worked on at a time [default: one a CPU]; the figures do not depend on it.",
      valueName: "count"))
  var threads: Int?

  @Option(help: ArgumentHelp("Seed of the bootstrap's random numbers.", valueName: "number"))
  var seed: UInt64 = 0

  @OptionGroup var kernels: KernelOptions

  func validate() throws {
    guard (1...32).contains(builds.count) else {
      throw ValidationError("a report compares 1 to 32 builds")
    }
    guard (0...2000).contains(pictures) else {
      throw ValidationError("--pictures takes a number from 0 to 2000")
    }
    guard (0...100_000).contains(rounds) else {
      throw ValidationError("--rounds takes a number from 0 to 100000")
    }
    if let limit, limit < 1 { throw ValidationError("--limit takes a number from 1 on") }
    if let threads, !(1...256).contains(threads) {
      throw ValidationError("--threads takes a number from 1 to 256")
    }
    if let build = builds.first(where: isONNX) {
      throw ValidationError("'\(build)' is a float network; builds are .tflite files")
    }
  }

  func run() throws {
    do {
      try report()
    } catch let error as EvaluationError {
      throw CommandFailure(message: escapedForTerminal(error.description))
    } catch let error as DatasetError {
      throw CommandFailure(message: escapedForTerminal(error.description))
    } catch let error as VisionFailure {
      throw CommandFailure(message: error.message)
    }
  }

  private func report() throws {
    Interrupt.install()
    // Asked first: nobody should wait minutes to hear that nothing can be written there.
    var file = try AtomicFile(path: output)
    let float = try FloatModel(path: reference, size: nil)
    var parts = try ReportParts(self, float)
    for index in builds.indices { try parts.evaluate(index) }
    let clock = rounds > 0 ? try BuildClock(builds, kernels.selection) : nil
    let times = try clock?.measure(rounds: rounds, isCancelled: { Interrupt.isRequested })
    if Interrupt.isRequested { throw Interrupt.failure }
    for index in parts.subjects.indices { parts.subjects[index].timing = times?[index] }
    var model = ReportModel(
      title: title ?? "Quantised builds of \(parts.floatName)", facts: facts(parts, float),
      subjects: parts.subjects, machine: clock?.machine(rounds: rounds), maximumChanges: pictures)
    try addThumbnails(to: &model)
    try file.write(Array(HTMLReport.render(model).utf8))
    try file.close()
    printTalk(
      escapedForTerminal(
        "vedette: \(output): \(builds.count) build\(builds.count == 1 ? "" : "s"), "
          + "\(model.frameCount) frames"))
  }

  private func facts(_ parts: ReportParts, _ float: FloatModel) -> [ReportFact] {
    var facts = [ReportFact("Made by", "vedette \(Vedette.configuration.version)")]
    if let date { facts.append(ReportFact("Date", date)) }
    facts += [
      ReportFact("Float network", reference, isCode: true),
      ReportFact("SHA-256 of it", float.model.id, isCode: true),
      ReportFact("Frames", frames, isCode: true),
      ReportFact("Seed of the bootstrap", "\(seed)"),
    ]
    return facts + parts.facts
  }

  /// Fills in the pictures; a frame that went away since stays without.
  private func addThumbnails(to model: inout ReportModel) throws {
    var maker: ThumbnailMaker
    do { maker = try ThumbnailMaker() } catch { throw VisionFailure(message: "\(error)") }
    for index in model.changes.indices {
      let path = frames + "/" + model.changes[index].path
      guard let bytes = try? readFile(path, limit: 64 << 20) else { continue }
      model.changes[index].thumbnail = bytes.withUnsafeBytes { maker.thumbnail(of: $0) }
    }
  }
}

/// What went wrong with libjpeg before any picture.
private struct VisionFailure: Error {
  let message: String
}

/// The builds as they are evaluated, one after the other.
private struct ReportParts {
  let command: ReportCommand
  let float: FloatModel
  var subjects: [ReportSubject] = []
  var facts: [ReportFact] = []

  init(_ command: ReportCommand, _ float: FloatModel) throws {
    self.command = command
    self.float = float
  }

  var floatName: String {
    let name = URL(fileURLWithPath: command.reference).lastPathComponent
    return name.hasSuffix(".onnx") ? String(name.dropLast(5)) : name
  }

  mutating func evaluate(_ index: Int) throws {
    let path = command.builds[index]
    let file = try loadModel(path, labelsPath: command.labels)
    let candidate = try EvaluationSubject(file, kernels: try command.kernels.selection)
    var reference = float
    reference.model.height = candidate.model.height
    reference.model.width = candidate.model.width
    let set = try frames(candidate, file.labels, warns: index == 0)
    let run = try EvaluationRun(
      candidate, against: try reference.subject(candidate.preprocessing), frames: set,
      threads: command.threads ?? availableCPUCount())
    let evaluator = Evaluator(
      classCount: candidate.classCount, classNames: file.labels, groupBy: try keys(set),
      seed: command.seed)
    var progress = ProgressBar()
    progress.begin("build \(index + 1) of \(command.builds.count)", total: set.frames.count)
    defer { progress.clear() }
    guard
      let result = try run.run(
        evaluator, isCancelled: { Interrupt.isRequested }, progress: { progress.update($0) })
    else {
      progress.clear()
      throw Interrupt.failure
    }
    progress.clear()
    if index == 0 {
      facts = [
        ReportFact("Preprocessing", text(candidate.preprocessing, candidate.model)),
        ReportFact(
          "Frames left out",
          result.skipped.isEmpty
            ? "none" : "\(result.skipped.count): no whole JPEG, or a class that is none"),
      ]
    }
    var subject = ReportSubject(
      name: name(index), result: result, record: quantizationRecord(of: file),
      graphLayers: ReportLayer.layers(of: file.graph))
    let bytes = try readFile(path, limit: ModelFile.maximumFileSize)
    subject.compressedByteCount = bytes.withUnsafeBytes { ReportPacking.huffmanByteCount($0) }
    subjects.append(subject)
  }

  /// The file's name without its extension, or its path where two builds share it.
  private func name(_ index: Int) -> String {
    let names = command.builds.map {
      let name = URL(fileURLWithPath: $0).lastPathComponent
      return name.hasSuffix(".tflite") ? String(name.dropLast(7)) : name
    }
    return names.count { $0 == names[index] } > 1 ? command.builds[index] : names[index]
  }

  private func frames(
    _ candidate: EvaluationSubject, _ names: [String]?, warns: Bool
  ) throws -> FrameSet {
    let classes =
      names.map { ClassNames(labels: $0) } ?? ClassNames(count: candidate.classCount)
    let set = try FrameSet(
      folder: command.frames,
      labels: command.labelsCsv.map { .table(path: $0) } ?? .automatic, classes: classes)
    for warning in set.warnings where warns {
      printTalk(escapedForTerminal("vedette: warning: \(command.frames): \(warning)"))
    }
    return command.limit.map { set.prefix($0) } ?? set
  }

  private func keys(_ set: FrameSet) throws -> [Evaluator.GroupKey] {
    try command.groupBy.flatMap { $0.split(separator: ",") }.map { name in
      switch name {
      case "class": return .trueClass
      case "dir": return .folder
      default: return .field(index: try set.fieldIndex(String(name)), name: String(name))
      }
    }
  }

  private func text(_ preprocessing: Preprocessing, _ model: EvaluatedModel) -> String {
    let crop =
      switch preprocessing.crop {
      case .whole: "whole picture"
      case .centralSquare(let numerator, let denominator):
        "central square of \(numerator)/\(denominator) of the shorter side"
      }
    func list(_ values: [Float]) -> String { values.map { "\($0)" }.joined(separator: ", ") }
    return "\(crop), \(preprocessing.filter), \(model.width) × \(model.height), "
      + "mean \(list(preprocessing.mean)), deviation \(list(preprocessing.standardDeviation))"
  }
}
#endif
