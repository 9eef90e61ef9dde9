extension HTMLReport {
  /// Accuracy, or agreement, at each input size that the builds were tried at.
  static func sizesSection(_ model: ReportModel) -> Markup {
    guard model.builds.contains(where: { !$0.sizes.isEmpty }) else {
      return "<p class=\"note\">No build was tried at several input sizes.</p>"
    }
    var table = HTMLTable(
      [
        .init("build", number: false), .init("input<br><i>pixels</i>"), .init("frames"),
        .init("float top-1<br><i>%</i>"), .init("top-1<br><i>%</i>"),
        .init("change<br><i>points</i>"), .init("same answer<br><i>%</i>"),
        .init("KL<br><i>nats</i>"), .init("SQNR<br><i>dB</i>"),
      ], style: "sizes")
    for (index, build) in model.builds.enumerated() {
      for size in build.sizes {
        let change = size.top1.flatMap { top1 in size.floatTop1.map { top1 - $0 } }
        table.add([
          .init("\(SeriesMark.icon(index)) <bdi>\(build.name)</bdi>"),
          .number("\(size.size) × \(size.size)", Double(size.size)),
          .number(Figure.count(size.frameCount), Double(size.frameCount)),
          .number(Figure.percent(size.floatTop1), size.floatTop1),
          .number(Figure.percent(size.top1), size.top1),
          .number(Figure.signed(change.map { $0 * 100 }, 2), change),
          .number(Figure.percent(size.agreement), size.agreement),
          .number(Figure.decimal(size.meanKL, 4), size.meanKL),
          .number(Figure.decimal(size.logitSQNR ?? .infinity, 1), size.logitSQNR ?? .infinity),
        ])
      }
    }
    return """
      <p class="note">As the quantiser measured them, on calibration frames, held out from \
      the fit where there were enough: not the frames of this report.</p>
      <div class="figures">\(sizesPlot(model))</div>
      \(table.markup(caption: "Each build at each input size"))
      """
  }

  private static func sizesPlot(_ model: ReportModel) -> Markup {
    let isAccuracy = model.builds.allSatisfy { build in
      build.sizes.allSatisfy { $0.top1 != nil && $0.floatTop1 != nil }
    }
    var series: [Plot.Series] = []
    var changes: [Plot.Series] = []
    for (index, build) in model.builds.enumerated() where build.sizes.count > 1 {
      let sizes = build.sizes.sorted { $0.size < $1.size }
      func points(_ value: (ReportSize) -> Double) -> [(x: Double, y: Double)] {
        sizes.map { (Double($0.size), value($0) * 100) }
      }
      let floats = Plot.Series(
        series: index, points: points { $0.floatTop1 ?? 0 }, isReference: true)
      // Builds that were tried on the same frames share it.
      let isNew = !series.contains {
        $0.isReference && $0.points.elementsEqual(floats.points, by: ==)
      }
      if isAccuracy, isNew { series.append(floats) }
      series.append(
        Plot.Series(series: index, points: points { (isAccuracy ? $0.top1 : nil) ?? $0.agreement }))
      changes.append(
        Plot.Series(series: index, points: points { ($0.top1 ?? 0) - ($0.floatTop1 ?? 0) }))
    }
    if series.isEmpty { return Markup() }
    var out: Markup = """
      <figure>\(Plot.lines(
        series, xTitle: "side of the input (pixels)",
        yTitle: isAccuracy ? "top-1 (%)" : "same first answer as float (%)",
        summary: "Figures by input size", within: 0...100))
      <figcaption>One file run at several input sizes\
      \(isAccuracy ? "; dashed is float at the same size" : ""). The slope is what the smaller \
      picture costs.</figcaption></figure>
      """
    if isAccuracy {
      let zero = Plot.Series(
        series: 0, points: (changes.first?.points ?? []).map { ($0.x, 0) }, isReference: true)
      out += """
        <figure>\(Plot.lines(
          [zero] + changes, xTitle: "side of the input (pixels)",
          yTitle: "change against float at the same size (points)",
          summary: "Change by input size", within: -100...100))
        <figcaption>What quantisation alone costs at each size: the distance from the dashed \
        line.</figcaption></figure>
        """
    }
    return out
  }
}
