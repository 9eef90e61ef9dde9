/// An axis: numbers onto a stretch of pixels, with round numbers for its ticks.
struct ChartAxis {
  var minimum: Double
  var maximum: Double
  /// Where the minimum and the maximum come to lie.
  var from: Double
  var to: Double
  var ticks: [Double]
  var tickPlaces: Int

  /// Covers `values` with some room, in steps of 1, 2 or 5 times a power of ten.
  ///
  /// - Parameter bounds: what it must not leave, such as 0...100 for a percentage.
  init(
    covering values: [Double], from: Double, to: Double, steps: Int = 5,
    within bounds: ClosedRange<Double> = -1e9...1e9
  ) {
    let known = values.filter { $0.isFinite && bounds.contains($0) }
    var low = known.min() ?? 0
    var high = known.max() ?? 1
    let room = max((high - low) * 0.06, high.magnitude * 1e-3, 1e-6)
    low = max(low - room, bounds.lowerBound)
    high = min(high + room, bounds.upperBound)
    if high <= low { low = high - 1 }
    var step = 1.0
    let rough = (high - low) / Double(max(steps, 1))
    while step > rough { step /= 10 }
    while step * 10 <= rough { step *= 10 }
    if step * 5 <= rough { step *= 5 } else if step * 2 <= rough { step *= 2 }
    if step < rough { step = rough <= step * 2 ? step * 2 : step * 2.5 }
    let first = Int((low / step).rounded(.down))
    let last = max(first + 1, Int((high / step).rounded(.up)))
    ticks = (first...last).map { Double($0) * step }
    minimum = ticks[0]
    maximum = ticks[ticks.count - 1]
    tickPlaces = 0
    var unit = step
    while tickPlaces < 4, (unit - unit.rounded()).magnitude > 1e-6 * unit {
      unit *= 10
      tickPlaces += 1
    }
    self.from = from
    self.to = to
  }

  func position(_ value: Double) -> Double {
    from + (value - minimum) / (maximum - minimum) * (to - from)
  }

  func label(_ tick: Double) -> String { Figure.decimal(tick, tickPlaces) }
}

/// A drawing of a fixed coordinate size that scales with the page.
struct SVGChart {
  /// Of the drawing, and of the frame that the axes make in it.
  var width: Double
  var height: Double
  var x: ChartAxis
  var y: ChartAxis
  var body = Markup()

  /// - Parameters:
  ///   - xTitle: below the axis, with the unit.
  ///   - yTitle: above the axis, with the unit.
  init(width: Double, height: Double, x: ChartAxis, y: ChartAxis, xTitle: String, yTitle: String) {
    self.width = width
    self.height = height
    self.x = x
    self.y = y
    for tick in y.ticks {
      let at = Figure.plain(y.position(tick), 1)
      body += """
        <line class="grid" x1="\(Figure.plain(x.from, 1))" y1="\(at)" \
        x2="\(Figure.plain(x.to, 1))" y2="\(at)"/>\
        <text class="tick end" x="\(Figure.plain(x.from - 6, 1))" y="\(at)" dy="4">\(y.label(tick))\
        </text>
        """
    }
    for tick in x.ticks {
      let at = Figure.plain(x.position(tick), 1)
      body += """
        <line class="mark" x1="\(at)" y1="\(Figure.plain(y.from, 1))" x2="\(at)" \
        y2="\(Figure.plain(y.from + 4, 1))"/>\
        <text class="tick mid" x="\(at)" y="\(Figure.plain(y.from + 17, 1))">\(x.label(tick))</text>
        """
    }
    body += """
      <line class="axis" x1="\(Figure.plain(x.from, 1))" y1="\(Figure.plain(y.from, 1))" \
      x2="\(Figure.plain(x.to, 1))" y2="\(Figure.plain(y.from, 1))"/>\
      <text class="name end" x="\(Figure.plain(x.to, 1))" y="\(Figure.plain(y.from + 35, 1))">\
      \(xTitle)</text><text class="name" x="4" y="13">\(yTitle)</text>
      """
  }

  func point(_ valueX: Double, _ valueY: Double) -> (x: Double, y: Double) {
    (x.position(valueX), y.position(valueY))
  }

  /// A path through points of the drawing.
  mutating func line(_ points: [(x: Double, y: Double)], _ style: String) {
    guard points.count > 1 else { return }
    var path = ""
    for (index, point) in points.enumerated() {
      path += index == 0 ? "M" : "L"
      path += Figure.plain(point.x, 1) + " " + Figure.plain(point.y, 1)
    }
    body += "<path class=\"\(style)\" d=\"\(path)\"/>"
  }

  mutating func segment(
    _ start: (x: Double, y: Double), _ end: (x: Double, y: Double), _ style: String
  ) {
    body += """
      <line class="\(style)" x1="\(Figure.plain(start.x, 1))" y1="\(Figure.plain(start.y, 1))" \
      x2="\(Figure.plain(end.x, 1))" y2="\(Figure.plain(end.y, 1))"/>
      """
  }

  mutating func text(
    _ text: String, at point: (x: Double, y: Double), _ style: String = "label"
  ) {
    body += """
      <text class="\(style)" x="\(Figure.plain(point.x, 1))" y="\(Figure.plain(point.y, 1))">\(text)\
      </text>
      """
  }

  /// The drawing; `summary` is what it is for those who cannot see it.
  func svg(_ summary: String) -> Markup {
    """
    <svg class="chart" viewBox="0 0 \(Figure.plain(width, 0)) \(Figure.plain(height, 0))" \
    role="img" aria-label="\(summary)">\(body)</svg>
    """
  }
}

/// The mark of a build, the same in every drawing and table: a colour and a shape, so that neither
/// is needed alone.
enum SeriesMark {
  static let count = 6

  /// The classes of what is filled, or drawn as a line, in the colour.
  static func fill(_ series: Int) -> String { "f\(series % count)" }
  static func stroke(_ series: Int) -> String { "s\(series % count)" }

  static func shape(_ series: Int, at point: (x: Double, y: Double), size r: Double = 5) -> Markup {
    func at(_ dx: Double, _ dy: Double) -> String {
      Figure.plain(point.x + dx * r, 1) + "," + Figure.plain(point.y + dy * r, 1)
    }
    let corners: [String]
    switch series % count {
    case 0:
      return """
        <circle class="\(fill(series))" cx="\(Figure.plain(point.x, 1))" \
        cy="\(Figure.plain(point.y, 1))" r="\(Figure.plain(r, 1))"/>
        """
    case 1: corners = [at(-0.9, -0.9), at(0.9, -0.9), at(0.9, 0.9), at(-0.9, 0.9)]
    case 2: corners = [at(0, -1.25), at(1.25, 0), at(0, 1.25), at(-1.25, 0)]
    case 3: corners = [at(0, -1.15), at(1.1, 0.85), at(-1.1, 0.85)]
    case 4: corners = [at(0, 1.15), at(1.1, -0.85), at(-1.1, -0.85)]
    default:
      corners = [
        at(-1.2, 0), at(-0.6, -1.05), at(0.6, -1.05), at(1.2, 0), at(0.6, 1.05), at(-0.6, 1.05),
      ]
    }
    return """
      <polygon class="\(fill(series))" points="\(corners.joined(separator: " "))"/>
      """
  }

  /// The mark beside a name in the text.
  static func icon(_ series: Int) -> Markup {
    """
    <svg class="icon" viewBox="0 0 14 14" aria-hidden="true">\(shape(series, at: (7, 7)))</svg>
    """
  }
}
