#if canImport(Evaluation)
import ArgumentParser
import Datasets
import Evaluation
import Foundation
import Inference
import Journal
import Model

/// `vedette evaluate`: what a model's answers to a folder of frames are worth.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Scores a model on a folder of frames, also against another model.",
    discussion: """
      Runs the deployed integer kernels on every JPEG in DIR and the folders in it. True classes \
      come from DIR/labels.csv (columns file,label_index,label and any others to group by) or from \
      the folders' names. With --against the other network, usually the float one that MODEL was \
      made from, answers the very same pixels.

      --fail-if takes conditions with commas between them; one that holds fails the run. Losses \
      against the other model, in points: top1, top5, worst-class, worst-decile (of the classes), \
      worst-group (of what --group-by names, else of all groups), ece. Shares: flips>3%, \
      agreement<98%, accuracy<70%. Also kl>0.01 and sqnr<20. Groups with fewer than 20 labelled \
      frames are not judged.

      The exit status is 0 if all went well, 1 if a condition of --fail-if held, 2 for anything that \
      kept the figures from being measured, 128 + the signal after an interrupt.

      EXAMPLES
        vedette evaluate m.tflite frames/
        vedette evaluate m.tflite frames/ --against float.onnx --group-by camera
        vedette evaluate m.tflite frames/ --against float.onnx --fail-if 'top1>1pt'
        vedette evaluate m.tflite frames/ --json | jq .accuracy.top1
        vedette evaluate m.tflite frames/ --inputs x.npy --logits y.npy
      """)

  @Argument(help: ArgumentHelp("A .tflite file, or a float .onnx file.", valueName: "model"))
  var model: String

  @Argument(help: ArgumentHelp("A folder of JPEG files.", valueName: "dir")) var folder: String

  @Option(
    help: ArgumentHelp("The model to compare with: .onnx or .tflite.", valueName: "file"))
  var against: String?

  @Option(
    help: ArgumentHelp(
      "Show groups: class, dir, or a column of the table of labels; may be repeated.",
      valueName: "key"))
  var groupBy: [String] = []

  @Option(
    help: ArgumentHelp("The input's side, instead of the model's own.", valueName: "pixels"))
  var size: Int?

  @Option(
    help: ArgumentHelp(
      "A text file with a label a line, instead of the model's.", valueName: "file"))
  var labels: String?

  @Option(
    help: ArgumentHelp(
      "The table of true classes, instead of DIR/labels.csv.", valueName: "file"))
  var labelsCsv: String?

  @Flag(help: "Print a JSON object.") var json = false

  @Option(help: ArgumentHelp("Fail on any of these.", valueName: "conditions"))
  var failIf: String?

  @Option(
    help: ArgumentHelp(
      "Write the model's outputs, float32 [frames, classes], by path.", valueName: "npy"))
  var logits: String?

  @Option(
    help: ArgumentHelp(
      "Write the model's inputs, [frames, H, W, C] of its own type, by path.", valueName: "npy"))
  var inputs: String?

  @Option(
    help: ArgumentHelp("Write the outputs of the --against model.", valueName: "npy"))
  var againstLogits: String?

  @Option(help: ArgumentHelp("Take the first frames only.", valueName: "count"))
  var limit: Int?

  @Option(
    help: ArgumentHelp(
      "Frames that are worked on at a time [default: one a CPU]; the figures do not depend on it.",
      valueName: "count"))
  var threads: Int?

  @Option(help: ArgumentHelp("Seed of the bootstrap's random numbers.", valueName: "number"))
  var seed: UInt64 = 0

  @OptionGroup(title: "Options for .onnx models") var recipe: PreprocessingOptions

  @OptionGroup var kernels: KernelOptions

  func validate() throws {
    if let size, !(1...8192).contains(size) {
      throw ValidationError("--size takes a number from 1 to 8192")
    }
    if let threads, !(1...256).contains(threads) {
      throw ValidationError("--threads takes a number from 1 to 256")
    }
    if let limit, limit < 1 { throw ValidationError("--limit takes a number from 1 on") }
    if against == nil, againstLogits != nil {
      throw ValidationError("--against-logits needs --against")
    }
    if !isONNX(model), let option = recipe.given.first {
      throw ValidationError("\(option) is for .onnx models; a .tflite file says it itself")
    }
    let outputs = [logits, inputs, againstLogits].compactMap { $0 }
    guard Set(outputs).count == outputs.count else {
      throw ValidationError("two outputs have one name")
    }
    do throws(EvaluationError) { _ = try conditions() } catch {
      throw ValidationError("--fail-if: \(error)")
    }
  }

  func run() throws {
    do {
      try evaluate()
    } catch var failure as CommandFailure {
      // 1 is for a model that was measured and failed.
      if failure.status == 1, failure.message != nil { failure.status = 2 }
      throw failure
    } catch let error as EvaluationError {
      throw CommandFailure(message: escapedForTerminal(error.description), status: 2)
    } catch let error as DatasetError {
      throw CommandFailure(message: escapedForTerminal(error.description), status: 2)
    }
  }

  private func conditions() throws(EvaluationError) -> [FailCondition] {
    guard let failIf else { return [] }
    return try FailCondition.parse(failIf)
  }

  private func evaluate() throws {
    Interrupt.install()
    let (candidate, classNames) = try loadCandidate()
    let reference = try against.map { try loadReference($0, candidate) }
    let set = try frames(candidate, classNames)
    var run = try EvaluationRun(
      candidate, against: reference, frames: set, threads: threads ?? availableCPUCount())
    run.keepsInputs = inputs != nil
    let evaluator = Evaluator(
      classCount: candidate.classCount, classNames: classNames, groupBy: try keys(set),
      seed: seed)
    var files = try ArrayFiles(self, candidate)
    var progress = ProgressBar()
    progress.begin("evaluating", total: set.frames.count)
    defer { progress.clear() }
    guard
      var result = try run.run(
        evaluator, isCancelled: { Interrupt.isRequested },
        consume: { frame throws(EvaluationError) in try files.append(frame) },
        progress: { progress.update($0) })
    else {
      progress.clear()
      throw Interrupt.failure
    }
    progress.clear()
    try files.finish()
    for skipped in result.skipped {
      printTalk(
        escapedForTerminal(
          "vedette: warning: \(skipped.file): \(skipped.reason), skipping frame"))
    }
    result.gates = try conditions().map { GateOutcome($0, $0.check(result)) }
    try printResult(result)
    try judge(result)
  }

  /// Says what became of the conditions, and fails where one did.
  private func judge(_ result: EvaluationResult) throws {
    for gate in result.gates where gate.outcome == .failed {
      printTalk(escapedForTerminal("vedette: failed: \(gate.condition): \(gate.figure)"))
    }
    for gate in result.gates where gate.outcome == .unmeasured {
      printTalk(escapedForTerminal("vedette: cannot judge: \(gate.condition): \(gate.figure)"))
    }
    let outcomes = result.gates.map(\.outcome)
    if outcomes.contains(.failed) { throw CommandFailure(message: nil, status: 1) }
    if outcomes.contains(.unmeasured) { throw CommandFailure(message: nil, status: 2) }
  }

  // MARK: What goes in

  private func loadCandidate() throws -> (EvaluationSubject, [String]?) {
    if isONNX(model) {
      let float = try FloatModel(path: model, size: size)
      let subject = try float.subject(recipe.preprocessing(height: float.model.height))
      return (subject, try labels.map { try readLabels($0, count: subject.classCount) })
    }
    let file = try loadModel(model, labelsPath: labels)
    return (try subject(file), file.labels)
  }

  private func subject(_ file: borrowing ModelFile) throws -> EvaluationSubject {
    try EvaluationSubject(file, size: size, kernels: try kernels.selection)
  }

  private func loadReference(
    _ path: String, _ candidate: EvaluationSubject
  ) throws -> EvaluationSubject {
    guard isONNX(path) else { return try subject(loadModel(path)) }
    var float = try FloatModel(path: path, size: size)
    float.model.height = candidate.model.height
    float.model.width = candidate.model.width
    return try float.subject(candidate.preprocessing)
  }

  private func frames(_ candidate: EvaluationSubject, _ names: [String]?) throws -> FrameSet {
    let classes =
      names.map { ClassNames(labels: $0) } ?? ClassNames(count: candidate.classCount)
    var set = try FrameSet(
      folder: folder, labels: labelsCsv.map { .table(path: $0) } ?? .automatic, classes: classes)
    for warning in set.warnings {
      printTalk(escapedForTerminal("vedette: warning: \(folder): \(warning)"))
    }
    if let limit { set = set.prefix(limit) }
    return set
  }

  private func keys(_ set: FrameSet) throws -> [Evaluator.GroupKey] {
    try groupBy.flatMap { $0.split(separator: ",") }.map { name in
      switch name {
      case "class": return .trueClass
      case "dir": return .folder
      default:
        return .field(index: try set.fieldIndex(String(name)), name: String(name))
      }
    }
  }

  // MARK: What comes out

  private func printResult(_ result: EvaluationResult) throws {
    guard json else {
      for line in EvaluationText(result).lines { printData(escapedForTerminal(line)) }
      return
    }
    printData(try jsonText(result))
  }
}

/// The arrays that were asked for, each of which appears when all are complete.
private struct ArrayFiles: ~Copyable {
  private var logits: NPYWriter?
  private var inputs: NPYWriter?
  private var againstLogits: NPYWriter?

  init(_ command: EvaluateCommand, _ candidate: EvaluationSubject) throws(EvaluationError) {
    let classes = [candidate.classCount]
    var logits: NPYWriter?
    var inputs: NPYWriter?
    var againstLogits: NPYWriter?
    if let path = command.logits {
      logits = try NPYWriter(path: path, elementType: .float32, rowShape: classes)
    }
    if let path = command.inputs {
      inputs = try NPYWriter(
        path: path, elementType: candidate.input.elementType,
        rowShape: Array(candidate.input.shape.extents.dropFirst()))
    }
    if let path = command.againstLogits {
      againstLogits = try NPYWriter(path: path, elementType: .float32, rowShape: classes)
    }
    self.logits = logits
    self.inputs = inputs
    self.againstLogits = againstLogits
  }

  mutating func append(_ frame: EvaluationRun.Answered) throws(EvaluationError) {
    try logits?.append(frame.candidate.values)
    try inputs?.append(frame.input)
    if let reference = frame.reference { try againstLogits?.append(reference.values) }
  }

  consuming func finish() throws(EvaluationError) {
    try logits?.finish()
    try inputs?.finish()
    try againstLogits?.finish()
  }
}

/// A value as one line of JSON, with sorted keys; what could steer a terminal is escaped.
func jsonText(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  var text = ""
  for scalar in String(decoding: try encoder.encode(value), as: UTF8.self).unicodeScalars {
    if escapedForTerminal(String(scalar)) == String(scalar) {
      text.unicodeScalars.append(scalar)
    } else {
      let digits = String(scalar.value, radix: 16)
      text += "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
  }
  return text
}
#endif
