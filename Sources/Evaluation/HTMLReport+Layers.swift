extension HTMLReport {
  /// Each build's operators: where the error comes from and where the bytes go.
  static func layersSection(_ model: ReportModel) -> Markup {
    var out: Markup = """
      <p><b>SQNR</b> is the ratio of a layer's output to its quantisation error, in dB: 6 dB is one \
      bit. <b>Alone</b> quantises nothing but this layer, <b>up to here</b> everything before it as \
      well. <b>Clipped</b> is the share of float outputs beyond the layer's range. Histograms are of \
      the float outputs, with the square root of the counts as height so that tails show; ticks are \
      the ends of the quantised range.</p>
      """
    for (index, build) in model.builds.enumerated() where !build.layers.isEmpty {
      let isOpen = index == 0 ? " open" : ""
      out += """
        <details\(Markup(trusted: isOpen))><summary>\(SeriesMark.icon(index)) \
        <bdi>\(build.name)</bdi> <span class="soft">\(layerSummary(build.layers))</span></summary>
        \(depthFigure(build, index))\(layerTable(build))</details>

        """
    }
    return out
  }

  private static func layerSummary(_ layers: [ReportLayer]) -> String {
    var weights: [Int: Int] = [:]
    for layer in layers {
      guard let bits = layer.bits else { continue }
      let count = layer.weightShape.reduce(1) {
        $0.multipliedReportingOverflow(by: $1).partialValue
      }
      weights[bits, default: 0] &+= count
    }
    let total = weights.values.reduce(0, &+)
    let parts = weights.sorted { $0.key > $1.key }.map { bits, count in
      total > 0
        ? "\(Figure.decimal(Double(count) / Double(total) * 100, 1)) % of the weights at \(bits) bit"
        : "\(bits) bit"
    }
    return "\(Figure.count(layers.count)) layers" + (parts.isEmpty ? "" : "; ")
      + parts.joined(separator: ", ")
  }

  private static func depthFigure(_ build: ReportBuild, _ index: Int) -> Markup {
    let known = build.layers.contains { $0.aloneSQNR != nil || $0.accumulatedSQNR != nil }
    guard known else {
      return """
        <p class="note">The file says nothing of its layers' errors: another tool wrote it, or one \
        that left its record out. What follows is what the graph itself says.</p>
        """
    }
    return """
      <figure class="wide">\(Plot.depth(build.layers, series: index))
      <figcaption>Dots: each layer quantised alone. Line: everything up to it. A low dot names a \
      layer to give more bits; where the line falls, error gathers; it may rise again where a layer \
      averages errors out.</figcaption></figure>
      """
  }

  private static func layerTable(_ build: ReportBuild) -> Markup {
    var table = HTMLTable(
      [
        .init("#"), .init("layer", number: false), .init("operator", number: false),
        .init("weights", number: false, help: "Output channels, height, width, input channels"),
        .init("bits"), .init("rounding", number: false),
        .init("output range", number: false, help: "What the codes -128 and 127 stand for"),
        .init("outputs", number: false), .init("alone<br><i>dB</i>", help: "SQNR"),
        .init("up to here<br><i>dB</i>", help: "SQNR"), .init("clipped<br><i>%</i>"),
        .init("weights<br><i>kB</i>", help: "1 kB is 1000 bytes; biases not counted"),
      ], style: "layers")
    for (index, layer) in build.layers.enumerated() {
      table.add([
        .number("\(index + 1)", Double(index)),
        .init(
          "<bdi class=\"long\" title=\"\(layer.name)\">\(Plot.shortened(layer.name, to: 56))</bdi>"),
        .init("<span class=\"kind\">\(layer.kind)</span>"),
        .init("\(layer.weightShape.map(String.init).joined(separator: " × "))"),
        .number(layer.bits.map(String.init) ?? "", layer.bits.map(Double.init)),
        .init(rounding(layer)), .init("<span class=\"range\">\(range(layer))</span>"),
        .init(histogram(layer)),
        .number(Figure.decimal(layer.aloneSQNR, 1), layer.aloneSQNR),
        .number(Figure.decimal(layer.accumulatedSQNR, 1), layer.accumulatedSQNR),
        .number(Figure.percent(layer.clippedShare, 3), layer.clippedShare),
        .number(
          layer.weightBytes.map { Figure.decimal(Double($0) / 1000, 1) } ?? "",
          layer.weightBytes.map(Double.init)),
      ])
    }
    return table.withoutEmptyColumns().markup(
      caption: "The layers of \(build.name), in the order of execution")
  }

  private static func rounding(_ layer: ReportLayer) -> Markup {
    guard let rounding = layer.rounding else { return Markup() }
    let fell: Markup =
      layer.fellBack == true
      ? " <span class=\"tag\" title=\"The solver did no better on held-out frames\">fell back</span>"
      : ""
    return "\(rounding)\(fell)"
  }

  private static func range(_ layer: ReportLayer) -> String {
    guard let low = layer.rangeMinimum, let high = layer.rangeMaximum else {
      return Figure.unknown
    }
    return "\(Figure.short(low)) … \(Figure.short(high))"
  }

  private static func histogram(_ layer: ReportLayer) -> Markup {
    guard let histogram = layer.histogram else { return Markup() }
    var ends: ClosedRange<Double>?
    if let low = layer.rangeMinimum, let high = layer.rangeMaximum, low <= high {
      ends = low...high
    }
    return Plot.sparkline(
      histogram, range: ends,
      summary:
        "Outputs from \(Figure.short(histogram.minimum)) to \(Figure.short(histogram.maximum))")
  }
}
