public import Model

extension ReportLayer {
  init(_ layer: QuantizationRecord.Layer) {
    self.init(name: layer.name, kind: layer.kind, weightShape: layer.weightShape)
    bits = layer.bits
    rounding = layer.rounding
    fellBack = layer.fellBack
    rangeMinimum = Double(layer.rangeMinimum)
    rangeMaximum = Double(layer.rangeMaximum)
    aloneSQNR = layer.aloneSQNR
    accumulatedSQNR = layer.accumulatedSQNR
    clippedShare = layer.clippedShare
    weightBytes = layer.weightBytes
    if let counts = layer.histogramCounts, let low = layer.histogramMinimum,
      let high = layer.histogramMaximum
    {
      histogram = ReportHistogram(counts: counts, minimum: Double(low), maximum: Double(high))
    }
  }

  /// What a graph says of its operators: their weights and the ranges of their outputs.
  public static func layers(of graph: Graph) -> [ReportLayer] {
    graph.operators.map { op in
      let output = graph.tensors[op.output]
      let weights = graph.weights(of: op)
      var layer = ReportLayer(
        name: output.name, kind: op.kind.name, weightShape: weights?.shape.extents ?? [])
      layer.bits = weights?.elementType.bitWidth
      layer.weightBytes = weights?.byteCount
      if output.elementType == .int8, let quantization = output.quantization {
        let scale = Double(quantization.scale)
        let zeroPoint = Double(quantization.zeroPoint)
        layer.rangeMinimum = scale * (-128 - zeroPoint)
        layer.rangeMaximum = scale * (127 - zeroPoint)
      }
      return layer
    }
  }
}

extension QuantizationRecord {
  /// The lines of provenance that a report shows for a build.
  var facts: [ReportFact] {
    [
      ReportFact("Quantised by", "vedette \(toolVersion)"),
      ReportFact("Weights, method", "\(weights), \(method)"),
      ReportFact(
        "Made from", "\(sourceName), SHA-256 \(sourceHash)", isCode: true),
      ReportFact(
        "Calibrated on", "\(calibrationCount) frames, hash \(calibrationHash)", isCode: true),
      ReportFact("Calibrated at", sizes.map { "\($0) × \($0)" }.joined(separator: ", ")),
      ReportFact("Seed", "\(seed)"),
      ReportFact(
        "Input sizes measured",
        "by the quantiser, on frames held out from the fit where there were enough"),
    ]
  }
}
