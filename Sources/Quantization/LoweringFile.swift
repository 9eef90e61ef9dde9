public import Evaluation
import Foundation
public import Model
import Tensors

/// What a written file says of itself beside its graph.
public struct ModelFileDescription: Sendable {
  /// The model's description field, for people.
  public var summary: String
  /// How pictures become the input; nil: not said, so that readers take their defaults.
  public var preprocessing: Preprocessing?
  /// One for each class; empty for none.
  public var labels: [String]
  /// Written as JSON with sorted keys; nil for none.
  public var record: QuantizationRecord?
  /// Whether each bias has its scales written beside it. They say nothing new (input scale *
  /// weight scale) and cost 4 bytes a channel, 88 kB of EfficientNet-Lite0; but without them
  /// LiteRT's XNNPACK refuses the operator and slower kernels take it.
  public var statesBiasScales = true

  public init(
    summary: String = "", preprocessing: Preprocessing? = nil, labels: [String] = [],
    record: QuantizationRecord? = nil
  ) {
    self.summary = summary
    self.preprocessing = preprocessing
    self.labels = labels
    self.record = record
  }
}

extension LoweredGraph {
  /// The name of the metadata entry with the ``Evaluation/QuantizationRecord``.
  public static let recordEntry = "vedette.quantization"

  /// The bytes of the `.tflite` file: the same for the same graph and description.
  ///
  /// Labels and the normalisation are in the standard TFLite Metadata (the labels as a ZIP archive
  /// behind the model, https://ai.google.dev/edge/litert/models/metadata), the rest of the
  /// preprocessing, the sizes and the record in `vedette.*` entries.
  public func file(_ description: ModelFileDescription) throws(QuantizationError) -> [UInt8] {
    try checkLabels(description.labels)
    var writer = ModelWriter(description: description.summary)
    for (index, tensor) in tensors.enumerated() {
      let written = writer.addTensor(
        tensor.name, shape: tensor.shape, elementType: tensor.elementType,
        quantization: tensor.elementType == .int32 && !description.statesBiasScales
          ? nil : tensor.quantization,
        constant: tensor.constant,
        signature: index == input && sizes.count > 1 ? [1, -1, -1, tensor.shape[3]] : nil)
      precondition(written == index, "the writer counts tensors from 0")
    }
    for op in operators { writer.addOperator(op.kind, inputs: op.inputs, output: op.output) }
    writer.setEdges(inputs: [input], outputs: [output])

    let preprocessing = description.preprocessing
    let labelFile = "labels.txt"
    if preprocessing != nil || !description.labels.isEmpty {
      writer.addStandardMetadata(
        mean: preprocessing?.mean ?? [],
        standardDeviation: preprocessing?.standardDeviation ?? [],
        labelFile: description.labels.isEmpty ? nil : labelFile)
    }
    if let preprocessing {
      writer.addPreprocessing(preprocessing)
    }
    if sizes.allSatisfy({ $0.height == $0.width }) {
      writer.addInputSizes(sizes.map(\.height))
    }
    if let record = description.record {
      writer.addMetadata(LoweredGraph.recordEntry, try json(record))
    }
    guard var bytes = writer.finish() else { throw .tooLarge }
    if !description.labels.isEmpty {
      let text = description.labels.map { $0 + "\n" }.joined()
      bytes += storedZipArchive([(labelFile, Array(text.utf8))], precedingSize: bytes.count)
    }
    return bytes
  }

  private func checkLabels(_ labels: [String]) throws(QuantizationError) {
    guard !labels.isEmpty else { return }
    let classes = tensors[output].shape.last ?? 1
    guard labels.count == classes else {
      throw .invalidMetadata(
        entry: "labels",
        reason: "\(labels.count) labels for \(classes) classes: give one for each "
          + "class, in the order of the network's outputs")
    }
    if let index = labels.firstIndex(where: { $0.isEmpty || $0.contains(where: \.isNewline) }) {
      throw .invalidMetadata(
        entry: "labels", reason: "the label of class \(index) is empty or has several lines")
    }
  }

  /// Sorted keys and shortest numbers that read back the same: one text for one record.
  private func json(_ record: QuantizationRecord) throws(QuantizationError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(record))
    } catch {
      throw .invalidMetadata(
        entry: LoweredGraph.recordEntry, reason: "a number in it is not finite: \(error)")
    }
  }
}
