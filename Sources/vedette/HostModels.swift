#if canImport(Evaluation)
import ArgumentParser
import Evaluation
import FloatGraph
import Foundation
import Journal
import Model
import ONNX
import Tensors

/// How pictures become a float network's input, as options: an ONNX file does not say.
struct PreprocessingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What is subtracted from a pixel of 0 to 255: one number, or three for R, G, B [default: 127].",
      valueName: "numbers"))
  var mean: String?

  @Option(
    help: ArgumentHelp(
      "What it is then divided by: one number, or three [default: 128].", valueName: "numbers"))
  var std: String?

  @Option(
    help: ArgumentHelp(
      "The part of the picture: center (S/(S+32) of the shorter side for an input of S), whole, or "
        + "a fraction such as 224/256 [default: center].", valueName: "crop"))
  var crop: String?

  @Option(
    help: ArgumentHelp(
      "How it is resized: bicubic or bilinear [default: bicubic].",
      valueName: "name"))
  var filter: String?

  /// EfficientNet's: 224 of 256.
  private static let margin = 32

  /// The options that were given, for messages.
  var given: [String] {
    [("--mean", mean), ("--std", std), ("--crop", crop), ("--filter", filter)]
      .compactMap { $0.1 == nil ? nil : $0.0 }
  }

  func validate() throws { _ = try preprocessing(height: 224) }

  /// The recipe for a network of this input height.
  func preprocessing(height: Int) throws -> Preprocessing {
    Preprocessing(
      crop: try chosenCrop(height), filter: try chosenFilter(),
      mean: try numbers("--mean", mean ?? "127") { abs($0) <= 1e6 },
      standardDeviation: try numbers("--std", std ?? "128") { (1e-6...1e6).contains($0) },
      cropMargin: crop ?? "center" == "center" ? PreprocessingOptions.margin : nil)
  }

  private func chosenFilter() throws -> Preprocessing.Filter {
    switch filter ?? "bicubic" {
    case "bicubic": return .bicubic
    case "bilinear": return .bilinear
    default: throw ValidationError("--filter takes bicubic or bilinear, not '\(filter ?? "")'")
    }
  }

  private func chosenCrop(_ height: Int) throws -> Preprocessing.Crop {
    let text = crop ?? "center"
    if text == "center" {
      return .centralSquare(numerator: height, denominator: height + PreprocessingOptions.margin)
    }
    if text == "whole" { return .whole }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let numerator = parts[0], let denominator = parts[1], numerator > 0,
      numerator <= denominator, denominator <= 1 << 20
    else {
      throw ValidationError("--crop takes center, whole or a fraction like 224/256, not '\(text)'")
    }
    return .centralSquare(numerator: numerator, denominator: denominator)
  }

  private func numbers(
    _ option: String, _ text: String, _ isAllowed: (Float) -> Bool
  ) throws -> [Float] {
    let values = text.split(separator: ",", omittingEmptySubsequences: false).map {
      Float($0.trimmingPrefix { $0 == " " })
    }
    let numbers = values.compactMap { $0 }.filter { $0.isFinite && isAllowed($0) }
    guard numbers.count == values.count, numbers.count == 1 || numbers.count == 3 else {
      let range = option == "--std" ? "from 0.000001 to 1000000" : "up to 1000000"
      throw ValidationError(
        "\(option) takes one number or three with commas, \(range), not '\(text)'")
    }
    return numbers
  }
}

/// Whether a path names a float network rather than one for the device.
func isONNX(_ path: String) -> Bool { path.lowercased().hasSuffix(".onnx") }

/// A float network that was read, its weights packed, with what to call it.
struct FloatModel {
  let program: FloatProgram
  var model: EvaluatedModel

  /// Reads an ONNX file. One with open extents is taken at `size` x `size`.
  init(path: String, size: Int?) throws {
    let file: ONNXModel
    do {
      file = try ONNXModel(path: path)
      let options = ImportOptions(height: size ?? 224, width: size ?? 224)
      program = try FloatProgram(file.graph(options: options))
      _ = try classCount(of: program.graph, path: path)
    } catch let error as FloatGraphError {
      throw CommandFailure(message: escapedForTerminal("\(path): \(error)"))
    } catch let error as ONNXError {
      throw CommandFailure(message: escapedForTerminal("\(error)"))
    }
    let extents = program.graph.inputExtents
    model = EvaluatedModel(
      path: path, id: hexadecimal(file.sha256), byteCount: file.byteCount,
      height: size ?? extents.height, width: size ?? extents.width)
  }

  /// The same network as what an evaluation asks.
  func subject(_ preprocessing: Preprocessing) throws(EvaluationError) -> EvaluationSubject {
    try EvaluationSubject(
      program, model: model, height: model.height, width: model.width,
      preprocessing: preprocessing)
  }
}

/// How many classes a network tells apart.
///
/// - Throws: ``CommandFailure`` where it is no classifier.
func classCount(of graph: FloatGraph, path: String) throws -> Int {
  let extents = graph.inputExtents
  let shape = try graph.shapes(height: extents.height, width: extents.width)[graph.output]
  guard let classes = shape.last, shape.reduce(1, *) == classes else {
    throw CommandFailure(
      message: escapedForTerminal(
        "\(path): its output has the shape \(shape); a classifier's is [1, classes]"))
  }
  return classes
}

/// A label a line, one for each of `count` classes.
func readLabels(_ path: String, count: Int) throws -> [String] {
  func wrong(_ reason: String) -> CommandFailure {
    CommandFailure(message: escapedForTerminal("\(path): \(reason)"))
  }
  guard let text = String(validating: try readFile(path, limit: 1 << 20), as: UTF8.self) else {
    throw wrong("not UTF-8 text")
  }
  var labels = text.split(separator: "\n", omittingEmptySubsequences: false).map {
    $0.hasSuffix("\r") ? String($0.dropLast()) : String($0)
  }
  if labels.last == "" { labels.removeLast() }
  if let empty = labels.firstIndex(of: "") { throw wrong("line \(empty + 1) is empty") }
  guard labels.count == count else {
    throw wrong("\(labels.count) labels for \(count) classes")
  }
  return labels
}

/// How many threads a long work uses unless told otherwise: one for each CPU that we may run on.
func availableCPUCount() -> Int {
  min(max(ProcessInfo.processInfo.activeProcessorCount, 1), 64)
}
#endif
