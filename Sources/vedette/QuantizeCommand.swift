#if canImport(Quantization)
import ArgumentParser
import Datasets
import Foundation
import FloatGraph
import Journal
import Model
import ONNX
import Quantization
import Tensors

/// `vedette quantize`: a float ONNX model and some frames in, a model for the device out.
struct QuantizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quantize",
    abstract: "Turns a float ONNX model into an int8 (6-, 4-bit, mixed) TFLite file.",
    discussion: """
      The frames in DIR need no labels: they show the network what it will see, read as the device \
      reads them. 100 to 200 of your own are enough. Two thirds of them fit the integers, the rest \
      judges each layer; with labels (DIR/labels.csv or folders by class) the file also says what \
      was lost for which classes. The same files, options and seed give the same bytes.

      With fewer than 8 bits, the first layer, depthwise layers and the classifier keep 8. 4-bit \
      weights halve the file and are stored as TFLite INT4. 6-bit ones are stored as bytes within \
      +-31, so only a compressed file is smaller. No width below 8 makes the network faster. \
      --weights mixed finds the bits of each layer for the smallest loss within --budget, or for \
      the smallest file within --max-drop.

      Of an ONNX file that was quantised before (QDQ or QLinear nodes) the integers and the scales \
      are kept. Such a file needs no --calibrate, unless it leaves some scales open.

      An ONNX file does not say how pictures become its input: --mean, --std, --crop and --filter \
      do, and the file that is written carries it.

      EXAMPLES
        vedette quantize net.onnx --calibrate frames/ -o net.tflite
        vedette quantize net.onnx --calibrate frames/ -o net.tflite \\
            --labels names.txt --sizes 224,192,160,128
        vedette quantize net.onnx --calibrate frames/ -o net.tflite \\
            --weights mixed --budget 3.2MB
        vedette quantize net.onnx --calibrate frames/ -o net.tflite \\
            --mean 123.675,116.28,103.53 --std 58.395,57.12,57.375 \\
            --crop 224/256 --filter bilinear
        vedette quantize net.qdq.onnx -o net.tflite
      """)

  @Argument(help: ArgumentHelp("A float .onnx file, or one with QDQ or QLinear nodes."))
  var model: String

  @Option(
    help: ArgumentHelp(
      "A folder of JPEG files to calibrate with, looked through with its folders. A model that "
        + "holds all its scales goes without.",
      valueName: "dir"))
  var calibrate: String?

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp("The file to write.", valueName: "file"))
  var output: String

  @Option(help: ArgumentHelp("Bits of the weights: 8, 6, 4, 2 or mixed.", valueName: "bits"))
  var weights = "8"

  @Option(
    help: ArgumentHelp(
      "How weights are rounded: gram fits them to the frames, nearest does not, auto takes what "
        + "the held-out frames like better, layer by layer, and a quantised model's own integers.",
      valueName: "name"))
  var method = "auto"

  @Option(
    help: ArgumentHelp(
      "The largest file for mixed, such as 3.2MB or 900kB.", valueName: "size"))
  var budget: String?

  @Option(
    help: ArgumentHelp(
      "Points of top-1 that mixed may lose on the held-out frames; of same answers without labels "
        + "[default without --budget: 1pt].",
      valueName: "points"))
  var maxDrop: String?

  @Option(
    help: ArgumentHelp("A text file with a class's label a line.", valueName: "file"))
  var labels: String?

  @Option(
    help: ArgumentHelp(
      "Table of the frames' true classes, instead of DIR/labels.csv.", valueName: "file"))
  var labelsCsv: String?

  @Option(
    help: ArgumentHelp(
      "Sides of square inputs to calibrate for, with commas, the file's own first [default: the "
        + "model's].",
      valueName: "pixels"))
  var sizes: String?

  @Option(help: ArgumentHelp("Seed of what is drawn at random.", valueName: "number"))
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp(
      "How ranges of activations are chosen: mse, moving-average, min-max or kl.",
      valueName: "name"))
  var ranges = "mse"

  @Flag(help: "Even out the scales of neighbouring layers first (rarely helps).")
  var equalize = false

  @Option(
    help: ArgumentHelp(
      "Threads [default: one a CPU]; the file does not depend on it.", valueName: "count"))
  var threads: Int?

  @Flag(help: "Print the file's record as JSON.") var json = false

  @OptionGroup(title: "How pictures become the input") var recipe: PreprocessingOptions

  func validate() throws {
    _ = try chosenWeights()
    _ = try chosenSizes()
    guard QuantizerOptions.Method(rawValue: method) != nil else {
      throw ValidationError("--method takes auto, nearest or gram, not '\(method)'")
    }
    guard RangeMethod(rawValue: ranges) != nil else {
      throw ValidationError("--ranges takes mse, moving-average, min-max or kl, not '\(ranges)'")
    }
    if let budget { _ = try ByteCountText.bytes(budget, option: "--budget") }
    if let maxDrop { _ = try PointsText.share(maxDrop, option: "--max-drop") }
    if weights != "mixed",
      let option = budget.map({ _ in "--budget" })
        ?? maxDrop.map({ _ in "--max-drop" })
    {
      throw ValidationError("\(option) is for --weights mixed")
    }
    if calibrate == nil, labelsCsv != nil {
      throw ValidationError("--labels-csv is for the frames of --calibrate")
    }
    if let threads, !(1...256).contains(threads) {
      throw ValidationError("--threads takes a number from 1 to 256")
    }
  }

  func run() throws {
    do {
      try quantize()
    } catch let error as QuantizationError {
      switch error {
      case .cancelled: throw Interrupt.failure
      case .noFrames: throw CommandFailure(message: escapedForTerminal("\(error)"))
      case .needsFrames:
        throw CommandFailure(
          message: escapedForTerminal("\(model): \(error); give some with --calibrate"))
      default: throw CommandFailure(message: escapedForTerminal("\(model): \(error)"))
      }
    } catch let error as DatasetError {
      throw CommandFailure(message: escapedForTerminal(error.description))
    } catch let error as ONNXError {
      throw CommandFailure(message: escapedForTerminal("\(error)"))
    } catch let error as FloatGraphError {
      throw CommandFailure(message: escapedForTerminal("\(model): \(error)"))
    }
  }

  private func quantize() throws {
    Interrupt.install()
    // Asked first: nobody should wait a minute to hear that nothing can be written there.
    var file = try AtomicFile(path: output)
    guard !file.replaces(model) else {
      throw CommandFailure(
        message: escapedForTerminal("\(output): is the model itself; name another output"))
    }
    let asked = try chosenSizes()
    let source = try ONNXModel(path: model)
    let graph = try source.graph(
      options: ImportOptions(height: asked?.first ?? 224, width: asked?.first ?? 224)
    ).simplified()
    let sizes = asked ?? [graph.inputExtents.height]
    guard asked != nil || graph.inputExtents.height == graph.inputExtents.width else {
      throw CommandFailure(
        message: escapedForTerminal(
          "\(model): its input is \(graph.inputExtents.width)x\(graph.inputExtents.height), "
            + "not square: give --sizes"))
    }
    let classCount = try classCount(of: graph, path: model)
    var options = QuantizerOptions(
      sizes: sizes, preprocessing: try recipe.preprocessing(height: sizes[0]))
    options.weights = try chosenWeights()
    options.method = QuantizerOptions.Method(rawValue: method) ?? .auto
    options.ranges = RangeMethod(rawValue: ranges) ?? .mse
    options.budgetBytes = try budget.map { try ByteCountText.bytes($0, option: "--budget") }
    options.maximumDrop = try maxDrop.map { try PointsText.share($0, option: "--max-drop") }
    options.labels = try labels.map { try readLabels($0, count: classCount) } ?? []
    options.seed = seed
    options.equalizes = equalize
    options.threads = threads ?? availableCPUCount()
    options.sourceName = String(model.split(separator: "/").last ?? "")
    options.sourceHash = hexadecimal(source.sha256)
    options.toolVersion = Vedette.configuration.version
    let frames = try calibrate.map { folder in
      try FrameSet(
        folder: folder, labels: labelsCsv.map { .table(path: $0) } ?? .automatic,
        classes: options.labels.isEmpty
          ? ClassNames(count: classCount) : ClassNames(labels: options.labels))
    }
    for warning in frames?.warnings ?? [] { warn(warning.description) }
    let quantizer = try Quantizer(graph: graph, frames: frames, options: options)
    let result = try watched(quantizer)
    try file.write(result.bytes)
    try file.close()
    for frame in result.refused { warn("\(frame), skipping frame") }
    for warning in result.warnings { warn(warning) }
    if json {
      printData(try jsonText(result.record))
    } else {
      let lines = QuantizationText.summary(
        result.record, path: output, byteCount: result.bytes.count, source: model,
        sourceByteCount: source.byteCount)
      for line in lines + result.notes { printData(escapedForTerminal(line)) }
    }
  }

  private func watched(_ quantizer: Quantizer) throws(QuantizationError) -> QuantizationResult {
    var bar = ProgressBar()
    var phase: QuantizerProgress.Phase?
    defer { bar.clear() }
    return try quantizer.run(
      QuantizerMonitor(
        progress: { progress in
          if progress.phase != phase {
            phase = progress.phase
            bar.begin(progress.phase.label, total: progress.total)
          }
          bar.update(progress.done)
        }, isCancelled: { Interrupt.isRequested }))
  }

  private func chosenWeights() throws -> QuantizerOptions.Weights {
    switch weights {
    case "mixed": return .mixed
    case "8", "6", "4", "2": return .uniform(Int(weights) ?? 8)
    default: throw ValidationError("--weights takes 8, 6, 4, 2 or mixed, not '\(weights)'")
    }
  }

  private func chosenSizes() throws -> [Int]? {
    guard let sizes else { return nil }
    let parts = sizes.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Int($0) }.filter { (8...8192).contains($0) }
    guard numbers.count == parts.count, Set(numbers).count == numbers.count, numbers.count <= 8
    else {
      throw ValidationError(
        "--sizes takes up to 8 different numbers from 8 to 8192 with commas, not '\(sizes)'")
    }
    return numbers
  }

  private func warn(_ text: String) {
    printTalk(escapedForTerminal("vedette: warning: " + text))
  }
}

extension QuantizerProgress.Phase {
  fileprivate var label: String {
    switch self {
    case .calibrating: "calibrating"
    case .rounding: "rounding"
    case .searching: "searching"
    case .measuring: "measuring"
    }
  }
}
#endif
