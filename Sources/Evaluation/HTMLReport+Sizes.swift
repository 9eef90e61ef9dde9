extension HTMLReport {
  /// Accuracy, or agreement, at each input size that the builds were tried at.
  static func sizesSection(_ model: ReportModel) -> Markup {
    guard model.builds.contains(where: { !$0.sizes.isEmpty }) else {
      return "<p class=\"note\">No build was tried at several input sizes.</p>"
    }
    var table = HTMLTable([
      .init("build", number: false), .init("input<br><i>pixels</i>"), .init("frames"),
      .init("float top-1<br><i>%</i>"), .init("top-1<br><i>%</i>"),
      .init("change<br><i>points</i>"), .init("same answer<br><i>%</i>"),
      .init("KL<br><i>nats</i>"), .init("SQNR<br><i>dB</i>"),
    ])
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
      <div class="figures">\(sizesPlot(model))</div>
      \(table.markup(caption: "Each build at each input size"))
      """
  }

  private static func sizesPlot(_ model: ReportModel) -> Markup {
    let isAccuracy = model.builds.allSatisfy { build in
      build.sizes.allSatisfy { $0.top1 != nil && $0.floatTop1 != nil }
    }
    var series: [Plot.Series] = []
    for (index, build) in model.builds.enumerated() where build.sizes.count > 1 {
      let sizes = build.sizes.sorted { $0.size < $1.size }
      if isAccuracy {
        series.append(
          Plot.Series(
            series: index, points: sizes.map { (Double($0.size), ($0.floatTop1 ?? 0) * 100) },
            isReference: true))
      }
      series.append(
        Plot.Series(
          series: index,
          points: sizes.map {
            (Double($0.size), (isAccuracy ? $0.top1 ?? 0 : $0.agreement) * 100)
          }))
    }
    if series.isEmpty { return Markup() }
    let gap =
      "Dashed is float at the same size: the gap to it is what quantisation costs, the slope what "
      + "the smaller picture costs."
    return """
      <figure>\(Plot.lines(
        series, xTitle: "side of the input (pixels)",
        yTitle: isAccuracy ? "top-1 (%)" : "same first answer as float (%)",
        summary: "Figures by input size", within: 0...100))
      <figcaption>One file run at several input sizes. \(isAccuracy ? gap : "")</figcaption></figure>
      """
  }
}
