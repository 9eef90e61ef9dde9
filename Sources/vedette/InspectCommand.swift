import ArgumentParser
import Inference
import Journal
import Model
import Tensors
import Watch

/// `vedette inspect`: what is in a model file.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Shows a model: operators, shapes, scales, weights, cost.",
    discussion: """
      EXAMPLES
        vedette inspect model.tflite
        vedette inspect --json model.tflite | jq '.operators | length'

      Of a file that 'vedette quantize' wrote it also shows what that did and what it cost.
      """)

  @Flag(help: "Print a JSON object.") var json = false

  @OptionGroup var kernels: KernelOptions

  @Argument(help: ArgumentHelp("An int8 TensorFlow Lite file.", valueName: "model"))
  var model: String?

  func run() throws {
    let file = try loadModel(model ?? Configuration().modelPath())
    let summary = ModelSummary(file.graph)
    let network = try plan(file, kernels.selection)
    if json {
      printData(jsonText(file, summary, network).description)
    } else {
      for line in lines(file, summary, network) { printData(line) }
    }
  }

  // MARK: A table

  private func lines(
    _ file: borrowing ModelFile, _ summary: ModelSummary, _ network: borrowing Network
  ) -> [String] {
    var lines = [
      "\(escapedForTerminal(file.path)): \(file.fileSize) bytes, id \(file.modelID)"
    ]
    for (name, tensors) in [("input", summary.inputs), ("output", summary.outputs)] {
      for tensor in tensors { lines.append(InspectCommand.row(name, describe(tensor))) }
    }
    lines.append(InspectCommand.row("labels", file.labels.map { "\($0.count)" } ?? "none"))
    lines.append(InspectCommand.row("pixels", describe(file.preprocessing)))
    let memory = network.arenaByteCount
    lines.append(
      InspectCommand.row(
        "memory",
        "\(memory) bytes of activations, \(network.parameterByteCount) of packed weights"))
    #if canImport(Evaluation)
    if let record = InspectedRecord(file) { lines += record.lines.map(escapedForTerminal) }
    #endif
    lines.append("")
    let header = ["#", "operator", "", "output", "type", "scale", "zero", "bits", "bytes", "MACs"]
    let rows = summary.rows.map(cells)
    let total = [
      "", "all", "", "", "", "", "", "", "\(summary.weightBytes)", "\(summary.macCount)",
    ]
    return lines + aligned([header] + rows + [total], rightFrom: 5)
  }

  /// A name and what it is, all of which begin at one column.
  static func row(_ name: String, _ text: String) -> String {
    name + String(repeating: " ", count: max(1, 9 - name.count)) + text
  }

  private func cells(_ row: ModelSummary.Row) -> [String] {
    let scale = row.outputScale.map { "\($0)" } ?? ""
    let zeroPoint = row.outputZeroPoint.map { "\($0)" } ?? ""
    let bits = row.weightBits.map { "\($0)" } ?? ""
    let bytes = row.weightBytes > 0 ? "\(row.weightBytes)" : ""
    let macs = row.macCount > 0 ? "\(row.macCount)" : ""
    return [
      "\(row.index)", row.name, row.details, "\(row.outputShape)", "\(row.outputType)", scale,
      zeroPoint, bits, bytes, macs,
    ]
  }

  /// Columns of equal width; those from `rightFrom` on, and the first, end at one edge.
  private func aligned(_ rows: [[String]], rightFrom: Int) -> [String] {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let blanks = String(repeating: " ", count: widths[column] - cell.count)
        line += column == 0 || column >= rightFrom ? blanks + cell : cell + blanks
        line += "  "
      }
      while line.last == " " { line.removeLast() }
      return line
    }
  }

  private func describe(_ tensor: TensorInfo) -> String {
    var text = "\(tensor.shape) \(tensor.elementType)"
    if let quantization = tensor.quantization {
      text += ", scale \(quantization.scale), zero point \(quantization.zeroPoint)"
    }
    return text + " (\(escapedForTerminal(tensor.name)))"
  }

  private func describe(_ preprocessing: Preprocessing) -> String {
    let crop =
      switch preprocessing.crop {
      case .centralSquare(let numerator, let denominator):
        "central \(numerator)/\(denominator) of the shorter side"
      case .whole: "the whole picture"
      }
    let filter =
      switch preprocessing.filter {
      case .bicubic: "bicubic"
      case .bilinear: "bilinear"
      }
    func text(_ values: [Float]) -> String {
      let words = values.map { $0 == $0.rounded() && abs($0) < 1e6 ? "\(Int($0))" : "\($0)" }
      let isOne = words.allSatisfy { $0 == words.first }
      return isOne ? words.first ?? "" : "[" + words.joined(separator: ", ") + "]"
    }
    return "\(crop), \(filter), (x - \(text(preprocessing.mean))) / "
      + text(preprocessing.standardDeviation)
  }

  // MARK: JSON

  private func jsonText(
    _ file: borrowing ModelFile, _ summary: ModelSummary, _ network: borrowing Network
  ) -> JSONText {
    let labelCount = file.labels?.count
    var members: [(String, JSONText)] = [
      ("path", .string(file.path)), ("model_id", .string(file.modelID)),
      ("bytes", .integer(file.fileSize)), ("macs", .integer(summary.macCount)),
      ("weight_bytes", .integer(summary.weightBytes)),
      ("arena_bytes", .integer(network.arenaByteCount)),
      ("labels", labelCount.map { .integer($0) } ?? .null),
      ("inputs", .array(summary.inputs.map(jsonText))),
      ("outputs", .array(summary.outputs.map(jsonText))),
      ("operators", .array(summary.rows.map(jsonText))),
    ]
    #if canImport(Evaluation)
    members.append(("quantization", InspectedRecord(file)?.json ?? .null))
    #endif
    return .object(members)
  }

  private func jsonText(_ row: ModelSummary.Row) -> JSONText {
    let scale: JSONText = row.outputScale.map { .decimal(Double($0), digits: 9) } ?? .null
    let zeroPoint: JSONText = row.outputZeroPoint.map { .integer(Int($0)) } ?? .null
    return .object([
      ("index", .integer(row.index)), ("name", .string(row.name)),
      ("details", .string(row.details)),
      ("shape", .array(row.outputShape.extents.map { .integer($0) })),
      ("type", .string("\(row.outputType)")), ("scale", scale), ("zero_point", zeroPoint),
      ("weight_bits", row.weightBits.map { .integer($0) } ?? .null),
      ("weight_bytes", .integer(row.weightBytes)), ("macs", .integer(row.macCount)),
    ])
  }

  private func jsonText(_ tensor: TensorInfo) -> JSONText {
    .object([
      ("name", .string(tensor.name)),
      ("shape", .array(tensor.shape.extents.map { .integer($0) })),
      ("type", .string("\(tensor.elementType)")),
      ("scale", tensor.quantization.map { .decimal(Double($0.scale), digits: 9) } ?? .null),
      ("zero_point", tensor.quantization.map { .integer(Int($0.zeroPoint)) } ?? .null),
    ])
  }
}
