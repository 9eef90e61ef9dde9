import FloatGraph
import Quantization
import Tensors
import Testing

@Suite("Ranges of activations")
struct RangeObserverTests {
  static func observed(_ frames: [[Float]]) -> RangeObserver {
    var observer = RangeObserver()
    for frame in frames { observer.observe(frame) }
    return observer
  }

  /// The mean squared error of `values` in int8.
  static func error(_ values: [Float], _ quantization: Quantization) -> Double {
    let (scale, zeroPoint) = (quantization.scale, Float(quantization.zeroPoint))
    let sum = values.reduce(0.0) { sum, value in
      let code = min(max((value / scale + zeroPoint).rounded(), -128), 127)
      let error = Double(value) - Double(scale * (code - zeroPoint))
      return sum + error * error
    }
    return sum / Double(values.count)
  }

  @Test("the histogram is the same for every order of frames and merges")
  func order() {
    var noise = Noise(seed: 91)
    let frames = (0..<6).map { noise.normals(300, deviation: Float(1 << (3 * $0)) * 0.001) }
    let ascending = Self.observed(frames)
    let descending = Self.observed(frames.reversed())
    var merged = Self.observed(Array(frames[4...]))
    merged.merge(RangeObserver())
    merged.merge(Self.observed(Array(frames[..<4])))
    var empty = RangeObserver()
    empty.merge(ascending)
    #expect(empty == ascending)
    for other in [descending, merged] {
      #expect(other.counts == ascending.counts)
      #expect(other.width == ascending.width)
      #expect(other.minimum == ascending.minimum && other.maximum == ascending.maximum)
      #expect(other.range(.mse) == ascending.range(.mse))
    }
  }

  @Test("each element is in the bin that it belongs to")
  func bins() {
    let values: [Float] = [0, -0.0, 0.75, -0.75, 1, -1, 1.999, -2, 0x1p-12, -0x1p-12, 0x1p-140]
    let observer = Self.observed([values])
    var expected = [UInt64](repeating: 0, count: RangeObserver.binCount)
    for value in values {
      let bin = (Double(value) / observer.width).rounded(.down)
      expected[RangeObserver.half + Int(bin)] += 1
    }
    #expect(observer.counts == expected)
    #expect(observer.zeroCount == 2)
    #expect(observer.elementCount == 11)
    // The largest magnitude uses at least half of the bins on its side.
    #expect(2 / observer.width == Double(RangeObserver.half) / 2)
  }

  @Test("extremes are exact, and the moving average is the mean over frames")
  func extremes() {
    let observer = Self.observed([[-1, 2, 0.5], [-3, 4], [5, 6]])
    #expect(observer.range(.minMax) == ActivationRange(minimum: -3, maximum: 6))
    #expect(
      observer.range(.movingAverage) == ActivationRange(minimum: Float(1) / 3, maximum: 4))
    #expect(observer.meanMinimum == Float(1.0 / 3))
    #expect(observer.range(.movingAverage).minimum == 0)
  }

  @Test("what is not finite is counted and kept out")
  func notFinite() {
    let observer = Self.observed([[1, .nan, .infinity, -2], [.nan], []])
    #expect(observer.nonFiniteCount == 3)
    #expect(observer.elementCount == 2)
    #expect(observer.frameCount == 1)
    #expect(observer.range(.minMax) == ActivationRange(minimum: -2, maximum: 1))
    #expect(observer.counts.reduce(0, +) == 2)
  }

  /// Many normal elements and a few that stand far out.
  @Test("MSE ranges beat the extremes on a heavy tail", arguments: [false, true])
  func heavyTail(isOneSided: Bool) {
    var noise = Noise(seed: 92)
    var common = noise.normals(4000)
    if isOneSided { common = common.map { max(0, $0) } }
    let rare: [Float] = isOneSided ? [30, 40] : [-40, 30]
    let repeats = 100
    let observer = Self.observed([rare] + [[Float]](repeating: common, count: repeats))
    func error(_ range: ActivationRange) -> Double {
      let quantization = range.quantization
      return Double(repeats * common.count) * Self.error(common, quantization)
        + Double(rare.count) * Self.error(rare, quantization)
    }
    let extremes = observer.range(.minMax)
    let chosen = observer.range(.mse, clip: isOneSided ? .relu : nil)
    #expect(chosen.maximum < 0.9 * extremes.maximum)
    #expect(error(chosen) < 0.8 * error(extremes))
    // No other thresholds on a grid are much better.
    for low in 1...6 {
      for high in 1...6 {
        let other = ActivationRange(
          minimum: extremes.minimum * Float(low) / 6, maximum: extremes.maximum * Float(high) / 6)
        #expect(error(chosen) < 1.05 * error(other))
      }
    }
    if isOneSided { #expect(chosen.minimum == 0 && chosen.quantization.zeroPoint == -128) }
  }

  @Test("a ReLU6 whose clip is hit keeps 6, where all that mass sits")
  func spike() {
    var noise = Noise(seed: 93)
    let values = noise.normals(5000, deviation: 3).map { min(max(0, $0), 6) }
    let range = Self.observed([values]).range(.mse, clip: .relu6)
    #expect(range.maximum == 6)
    #expect(range.minimum == 0)
  }

  @Test("every method stays inside the clip", arguments: RangeMethod.allCases)
  func clips(method: RangeMethod) {
    var noise = Noise(seed: 94)
    let observer = Self.observed([noise.normals(3000, deviation: 4)])
    let range = observer.range(method, clip: ClipRange(minimum: -1, maximum: 2))
    #expect(range.minimum >= -1 && range.maximum <= 2)
    #expect(range.minimum < -0.5 && range.maximum > 1)
    let open = observer.range(method, clip: .relu)
    #expect(open.minimum == 0 && open.maximum > 4)
  }

  @Test("nothing but zeros makes a degenerate range", arguments: RangeMethod.allCases)
  func zeros(method: RangeMethod) {
    for observer in [RangeObserver(), Self.observed([[0, 0]])] {
      let range = observer.range(method, clip: .relu6)
      #expect(range.isDegenerate)
      #expect(range.maximum == 6)
      #expect(observer.range(method).maximum == 1)
      #expect(observer.summary(of: range.quantization).clippedShare == 0)
      #expect(observer.summary(of: range.quantization).sqnr == nil)
    }
  }

  @Test("the summary counts what is clipped and predicts the noise")
  func summary() throws {
    var noise = Noise(seed: 95)
    let values = noise.normals(20_000)
    let observer = Self.observed([values])
    let quantization = ActivationRange(minimum: -2, maximum: 2).quantization
    let summary = observer.summary(of: quantization)
    let step = quantization.scale / 2
    let low = Float(-128 - quantization.zeroPoint) * quantization.scale - step
    let high = Float(127 - quantization.zeroPoint) * quantization.scale + step
    let clipped = Double(values.count { $0 < low || $0 > high }) / Double(values.count)
    #expect(abs(summary.clippedShare - clipped) < 0.001)
    let power = values.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(values.count)
    let ratio = power / Self.error(values, quantization)
    let expected = try #require(Logarithm.decibels(signal: ratio, noise: 1))
    #expect(try abs(#require(summary.sqnr) - expected) < 0.05)
    #expect(summary.histogram.count == 64)
    #expect(summary.histogram.reduce(0, +) == values.count)
    #expect(summary.histogramMinimum == values.min() && summary.histogramMaximum == values.max())
  }

  @Test("numbers of a network that shrinks from layer to layer get all steps too")
  func small() {
    let range = ActivationRange(minimum: -1e-11, maximum: 2e-11)
    let scale = range.quantization.scale
    #expect(abs(scale * 255 / 3e-11 - 1) < 1e-6)
  }

  @Test(
    "zero is exact, and the range is covered to half a step",
    arguments: [
      (Float(0), Float(6)), (-1, 1), (-3.7, 0.2), (-5, 0), (0.5, 2), (-2, -1), (-1e-20, 1e-22),
      (-3e38, 3e38), (0, 0x1p-140),
    ])
  func quantization(minimum: Float, maximum: Float) {
    let range = ActivationRange(minimum: minimum, maximum: maximum)
    let quantization = range.quantization
    #expect((-128...127).contains(quantization.zeroPoint))
    #expect(ActivationRange.scaleBounds.contains(quantization.scale))
    let scale = Double(quantization.scale)
    guard scale < 0x1p30 else { return }
    let low = scale * Double(-128 - quantization.zeroPoint)
    let high = scale * Double(127 - quantization.zeroPoint)
    #expect(low - Double(range.minimum) <= 0.501 * scale)
    #expect(Double(range.maximum) - high <= 0.501 * scale)
  }

  @Test("uint8 maps move to int8, unusable ones are refused")
  func given() {
    let unsigned = GivenQuantization(scale: 0.5, zeroPoint: 10, isUnsigned: true)
    #expect(unsigned.quantization == Quantization(scale: 0.5, zeroPoint: -118))
    let signed = GivenQuantization(scale: 0.5, zeroPoint: -128, isUnsigned: false)
    #expect(signed.quantization == Quantization(scale: 0.5, zeroPoint: -128))
    for scale: Float in [0, -1, .nan, .infinity, 1e-30] {
      #expect(GivenQuantization(scale: scale, zeroPoint: 0, isUnsigned: true).quantization == nil)
    }
    #expect(GivenQuantization(scale: 1, zeroPoint: -1, isUnsigned: true).quantization == nil)
    #expect(GivenQuantization(scale: 1, zeroPoint: 128, isUnsigned: false).quantization == nil)
  }

  @Test(
    "the logarithm is the one of the tables",
    arguments: [
      (1, 0), (2, 0.6931471805599453), (10, 2.302585092994046), (0.001, -6.907755278982137),
      (1e-300, -690.7755278982137),
    ])
  func logarithm(x: Double, expected: Double) {
    #expect(abs(Logarithm.natural(x) - expected) <= 3e-16 * max(1, abs(expected)))
    #expect(Logarithm.decibels(signal: 100, noise: 1).map { abs($0 - 20) < 1e-13 } == true)
    #expect(Logarithm.decibels(signal: 1, noise: 0) == .infinity)
    #expect(Logarithm.decibels(signal: 0, noise: 1) == nil)
  }
}
