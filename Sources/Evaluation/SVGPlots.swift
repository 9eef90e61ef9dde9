/// The drawings of a report.
enum Plot {
  /// A build's place among the others: what it costs, and what it is worth.
  struct Candidate {
    var name: String
    /// Nil: the float network.
    var series: Int?
    var cost: Double
    /// In percent.
    var worth: Double
    /// Half the length of the bar through it, in points; 0 for none.
    var error = 0.0
  }

  /// Cost to the right, worth upwards; a line through those that no other beats in both.
  ///
  /// - Parameter reference: float's worth, where it has no cost of this kind to be placed by.
  static func pareto(
    _ candidates: [Candidate], costTitle: String, worthTitle: String, reference: Double?,
    summary: String
  ) -> Markup {
    let width = 520.0
    let height = 300.0
    let worths = candidates.flatMap { [$0.worth - $0.error, $0.worth + $0.error] }
    var chart = SVGChart(
      width: width, height: height,
      x: ChartAxis(
        covering: candidates.map(\.cost) + [0], from: 46, to: width - 16, within: 0...1e9),
      y: ChartAxis(
        covering: worths + (reference.map { [$0] } ?? []), from: height - 44, to: 26,
        within: -100...100),
      xTitle: costTitle, yTitle: worthTitle)
    if let reference {
      let y = chart.y.position(reference)
      chart.segment((chart.x.from, y), (chart.x.to, y), "float dashed")
      chart.text("float", at: (chart.x.to, y - 5), "label soft end")
    }
    let front = front(candidates)
    var steps: [(x: Double, y: Double)] = []
    for candidate in front {
      let point = chart.point(candidate.cost, candidate.worth)
      if let last = steps.last { steps.append((point.x, last.y)) }
      steps.append(point)
    }
    chart.line(steps, "front")
    var labels = LabelPlacer(right: width - 4, bottom: chart.y.from)
    for candidate in candidates {
      let point = chart.point(candidate.cost, candidate.worth)
      labels.block(point, 7)
    }
    for candidate in candidates {
      let point = chart.point(candidate.cost, candidate.worth)
      if candidate.error > 0 {
        chart.segment(
          (point.x, chart.y.position(candidate.worth - candidate.error)),
          (point.x, chart.y.position(candidate.worth + candidate.error)),
          candidate.series.map(SeriesMark.stroke) ?? "float")
      }
      chart.body +=
        candidate.series.map { SeriesMark.shape($0, at: point) }
          ?? """
          <circle class="hollow" cx="\(Figure.plain(point.x, 1))" cy="\(Figure.plain(point.y, 1))" \
          r="5"/>
          """
      let name = shortened(candidate.name, to: 26)
      let place = labels.place(name, beside: point)
      chart.text(name, at: (place.x, place.y), place.isEnd ? "label end" : "label")
    }
    return chart.svg(summary)
  }

  /// The candidates that none beats in both, by rising cost.
  static func front(_ candidates: [Candidate]) -> [Candidate] {
    var best = -Double.infinity
    return candidates.sorted { ($0.cost, -$0.worth) < ($1.cost, -$1.worth) }.filter {
      guard $0.worth > best else { return false }
      best = $0.worth
      return true
    }
  }

  /// One line a series.
  struct Series {
    var series: Int
    var points: [(x: Double, y: Double)]
    /// Drawn with dashes and hollow: float beside its build.
    var isReference = false
  }

  /// Values by input size, float dashed.
  static func lines(
    _ all: [Series], xTitle: String, yTitle: String, summary: String,
    within bounds: ClosedRange<Double>
  ) -> Markup {
    let width = 520.0
    let height = 280.0
    var chart = SVGChart(
      width: width, height: height,
      x: ChartAxis(covering: all.flatMap { $0.points.map(\.x) }, from: 46, to: width - 16),
      y: ChartAxis(
        covering: all.flatMap { $0.points.map(\.y) }, from: height - 44, to: 26, within: bounds),
      xTitle: xTitle, yTitle: yTitle)
    for series in all {
      let points = series.points.map { chart.point($0.x, $0.y) }
      chart.line(
        points, series.isReference ? "float dashed" : "curve " + SeriesMark.stroke(series.series))
      guard !series.isReference else { continue }
      for point in points { chart.body += SeriesMark.shape(series.series, at: point, size: 4) }
    }
    return chart.svg(summary)
  }

  /// SQNR along the layers: a line for all that is quantised up to there, a dot for each alone.
  static func depth(_ layers: [ReportLayer], series: Int) -> Markup {
    let width = 1080.0
    let height = 260.0
    let alone = layers.enumerated().compactMap { index, layer in
      layer.aloneSQNR.map { (x: Double(index + 1), y: $0) }
    }
    let accumulated = layers.enumerated().compactMap { index, layer in
      layer.accumulatedSQNR.map { (x: Double(index + 1), y: $0) }
    }
    var chart = SVGChart(
      width: width, height: height,
      x: ChartAxis(
        covering: [1, Double(layers.count)], from: 46, to: width - 16, steps: 10,
        within: 0...1e6),
      y: ChartAxis(covering: (alone + accumulated).map(\.y), from: height - 44, to: 26),
      xTitle: "layer, in the order of execution", yTitle: "SQNR (dB)")
    for (x, y) in alone where y.isFinite {
      let point = chart.point(x, y)
      chart.body += """
        <circle class="dot" cx="\(Figure.plain(point.x, 1))" cy="\(Figure.plain(point.y, 1))" r="3">\
        <title>\(layers[Int(x) - 1].name): \(Figure.decimal(y, 1)) dB alone</title></circle>
        """
    }
    chart.line(
      accumulated.filter(\.y.isFinite).map { chart.point($0.x, $0.y) },
      "curve " + SeriesMark.stroke(series))
    return chart.svg(
      "Signal to quantisation noise of each layer's output along the depth of the network")
  }

  /// A histogram as a silhouette: heights are square roots of the counts, so that tails show beside
  /// a peak; the ends of the quantised range as ticks.
  static func sparkline(
    _ histogram: ReportHistogram, range: ClosedRange<Double>?, summary: String
  ) -> Markup {
    let width = 96.0
    let height = 24.0
    let span = histogram.maximum - histogram.minimum
    guard let most = histogram.counts.max(), most > 0, histogram.counts.count <= 512, span > 0,
      span.isFinite
    else {
      return Markup()
    }
    let step = width / Double(histogram.counts.count)
    var path = "M0 \(Figure.plain(height - 2, 0))"
    for (bin, count) in histogram.counts.enumerated() {
      let top = height - 2 - (Double(max(count, 0)) / Double(most)).squareRoot() * (height - 4)
      path += "V" + Figure.plain(top, 1) + "H" + Figure.plain(Double(bin + 1) * step, 1)
    }
    path += "V" + Figure.plain(height - 2, 0) + "Z"
    var body: Markup = "<path class=\"hist\" d=\"\(path)\"/>"
    for end in range.map({ [$0.lowerBound, $0.upperBound] }) ?? [] {
      let x = (end - histogram.minimum) / span * width
      guard x >= -0.5, x <= width + 0.5 else { continue }
      let at = Figure.plain(min(max(x, 0.5), width - 0.5), 1)
      body += "<line class=\"end\" x1=\"\(at)\" y1=\"0\" x2=\"\(at)\" y2=\"24\"/>"
    }
    return """
      <svg class="spark" viewBox="0 0 96 24" role="img" aria-label="\(summary)">\(body)</svg>
      """
  }

  /// Losses to the left, gains to the right of the middle, on a scale shared by a table.
  static func balance(lost: Int, gained: Int, most: Int) -> Markup {
    let unit = 38.0 / Double(max(most, 1))
    let left = Double(lost) * unit
    let right = Double(gained) * unit
    return """
      <svg class="bar" viewBox="0 0 80 12" aria-hidden="true"><rect class="loss" \
      x="\(Figure.plain(40 - left, 1))" y="2" width="\(Figure.plain(left, 1))" height="8"/>\
      <rect class="gain" x="40" y="2" width="\(Figure.plain(right, 1))" height="8"/>\
      <line class="mark" x1="40" y1="0" x2="40" y2="12"/></svg>
      """
  }

  /// At most `limit` characters, the middle left out.
  static func shortened(_ text: String, to limit: Int) -> String {
    guard text.count > limit else { return text }
    let kept = (limit - 1) / 2
    return text.prefix(limit - 1 - kept) + "…" + text.suffix(kept)
  }
}

/// Finds places for names beside points, so that none covers a point or another name.
private struct LabelPlacer {
  struct Box {
    var left: Double
    var top: Double
    var right: Double
    var bottom: Double

    func meets(_ other: Box) -> Bool {
      left < other.right && other.left < right && top < other.bottom && other.top < bottom
    }
  }

  /// Of the room for names.
  let right: Double
  let bottom: Double
  private var taken: [Box] = []

  init(right: Double, bottom: Double) {
    self.right = right
    self.bottom = bottom
  }

  mutating func block(_ point: (x: Double, y: Double), _ radius: Double) {
    taken.append(
      Box(
        left: point.x - radius, top: point.y - radius, right: point.x + radius,
        bottom: point.y + radius))
  }

  /// The start of the name, or its end where it stands to the left.
  mutating func place(_ name: String, beside point: (x: Double, y: Double)) -> (
    x: Double, y: Double, isEnd: Bool
  ) {
    // A generous mean width of a letter of 12 px.
    let width = Double(name.count) * 6.8
    for offset in [4.0, -8, 16, -20, 28, -32, 40, -44] {
      for isEnd in [false, true] {
        let x = isEnd ? point.x - 10 : point.x + 10
        let y = point.y + offset
        let box = Box(
          left: isEnd ? x - width : x, top: y - 11, right: isEnd ? x : x + width, bottom: y + 3)
        let fits = box.left >= 46 && box.right <= right && box.top >= 14 && box.bottom <= bottom
        if fits, !taken.contains(where: { $0.meets(box) }) {
          taken.append(box)
          return (x, y, isEnd)
        }
      }
    }
    return (point.x + 10, point.y + 4, false)
  }
}
