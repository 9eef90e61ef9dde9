import Evaluation
import FloatGraph
import Foundation
import Model
import Tensors

/// Measures what was made and writes it into the file's record.
struct RecordMaker {
  let quantizer: Quantizer
  let store: CalibrationStore
  let plan: QuantizationPlan
  /// By layer.
  let rounded: [RoundedLayer]
  let monitor: QuantizerMonitor

  private var options: QuantizerOptions { quantizer.options }

  func result() throws(QuantizationError) -> QuantizationResult {
    let graph = quantizer.graph
    monitor.progress(.init(phase: .measuring, done: 0, total: 2))
    let measurement = Measurement(graph: graph, store: store, threads: options.threads)
    let judges = measurement.judges
    let summaries =
      judges.isEmpty
      ? []
      : try measurement.summaries(
        plan, sizes: quantizer.sizes, frames: judges, isCancelled: monitor.isCancelled)
    monitor.progress(.init(phase: .measuring, done: 1, total: 2))
    let lowered = try LoweredGraph(graph, plan: plan, sizes: quantizer.sizes)
    let noise = try LayerNoise(
      graph: graph, plan: plan, size: quantizer.sizes[0],
      frames: judges.prefix(LayerNoise.frameCount).map { store.frames[$0] }, input: quantizer.input
    ).measured(isCancelled: monitor.isCancelled)
    var record = QuantizationRecord(
      toolVersion: options.toolVersion, sourceHash: options.sourceHash,
      sourceName: options.sourceName, calibrationHash: store.hash,
      calibrationCount: store.frameCount, seed: options.seed, weights: options.weightsName,
      method: options.method.rawValue, sizes: options.sizes, layers: layers(lowered, noise),
      accuracy: zip(options.sizes, summaries).map { $1.record(size: $0) })
    let classes = (summaries.first?.classes ?? [:]).values
      .sorted { $0.classIndex < $1.classIndex }
    if !classes.isEmpty {
      record.classes = classes.map {
        var entry = $0
        entry.logProbabilityChange = entry.logProbabilityChange.rounded(digits: 4)
        return entry
      }
    }
    let bytes = try lowered.file(quantizer.description(record: record))
    monitor.progress(.init(phase: .measuring, done: 2, total: 2))
    return QuantizationResult(
      bytes: bytes, record: record, refused: store.refused,
      warnings: warnings(record, heldOut: judges.count < store.frames.count, bytes.count),
      notes: notes)
  }

  private func layers(
    _ lowered: LoweredGraph, _ noise: LayerNoise.Figures
  ) -> [QuantizationRecord.Layer] {
    let graph = quantizer.graph
    let groups = quantizer.groups
    let layerOfNode = Dictionary(
      uniqueKeysWithValues: quantizer.layers.enumerated().map { ($1.node, $0) })
    let placeOfGroup = Dictionary(
      uniqueKeysWithValues: groups.representatives.enumerated().map { ($1, $0) })
    return graph.nodes.indices.compactMap { index in
      let node = graph.nodes[index]
      guard let output = plan.activations[node.output] else { return nil }
      var layer = QuantizationRecord.Layer(
        name: node.name, kind: lowered.mainOperator(ofNode: index)?.kind.name ?? "",
        rangeMinimum: output.realMinimum.shortened(digits: 6),
        rangeMaximum: output.realMaximum.shortened(digits: 6))
      if let place = placeOfGroup[groups.representative(of: node.output)],
        place < store.observers.count
      {
        let summary = store.observers[place].summary(of: output)
        layer.clippedShare = summary.clippedShare.rounded(digits: 6)
        layer.setHistogram(
          counts: summary.histogram, minimum: summary.histogramMinimum.shortened(digits: 4),
          maximum: summary.histogramMaximum.shortened(digits: 4))
      }
      layer.accumulatedSQNR = noise.accumulated[index]?.rounded(digits: 2)
      layer.aloneSQNR = noise.alone[index]?.rounded(digits: 2)
      guard let place = layerOfNode[index] else { return layer }
      let form = rounded[place]
      layer.weightShape = node.weightShape
      layer.bits = form.bits
      layer.rounding = form.method.rawValue
      layer.fellBack = form.fellBack ? true : nil
      layer.weightBytes = lowered.weightByteCount(ofNode: index)
      return layer
    }
  }

  private var notes: [String] {
    let removed = quantizer.removedChannelCount
    return removed > 0 ? ["\(removed) channels that are 0 for every picture were removed"] : []
  }

  private func warnings(
    _ record: QuantizationRecord, heldOut: Bool, _ byteCount: Int
  ) -> [String] {
    var warnings: [String] = []
    let lost = zip(quantizer.layers, rounded).count {
      $0.weights.givenScales != nil && $1.method != .given
    }
    if lost > 0, options.method == .auto {
      warnings.append(
        "\(lost) layers were rounded anew: the source's integers are not symmetric, or have more "
          + "bits than asked for")
    }
    if quantizer.frames != nil, store.frameCount < 32 {
      warnings.append(
        "calibrated on \(store.frameCount) frames only; 100 or more give better ranges")
    }
    if quantizer.frames != nil, !heldOut {
      warnings.append(
        "too few frames to hold some out: the accuracies are those of the calibration frames")
    }
    let low = record.layers.filter { $0.bits == 2 }
    if !low.isEmpty {
      warnings.append(
        "\(low.count) layers have 2-bit weights; measure on frames of your own before you use it")
    }
    if let budget = options.budgetBytes, byteCount > budget {
      warnings.append("the file has \(byteCount) bytes, over the budget of \(budget)")
    }
    return warnings
  }
}

extension Quantizer {
  /// What the file says of itself.
  func description(record: QuantizationRecord?) -> ModelFileDescription {
    ModelFileDescription(
      summary: "\(options.sourceName), \(options.weightsName)-bit weights, made by vedette "
        + options.toolVersion,
      preprocessing: options.preprocessing, labels: options.labels, record: record)
  }
}

extension Float {
  /// The nearest number of so many significant decimal digits: short where it is printed.
  fileprivate func shortened(digits: Int) -> Float {
    Float(String(format: "%.\(digits)g", Double(self))) ?? self
  }
}

extension FloatNode {
  /// The shape of its weights; empty for none.
  var weightShape: [Int] {
    switch operation {
    case .convolution(let convolution): convolution.weights.shape
    case .fullyConnected(let weights, _): weights.shape
    case .affine(let scale, _): [scale.count]
    default: []
    }
  }
}
