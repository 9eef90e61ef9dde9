import Quantization
import Testing

@Suite("Rounding of a layer")
struct LayerRoundingTests {
  static let limits = WeightScaleLimits(inputScale: 0.02, outputScale: 0.1)

  static func rounding(
    _ layer: LayerWeights, _ rows: CorrelatedRows, fit: Range<Int>, gate: Range<Int>
  ) -> LayerRounding {
    LayerRounding(
      layer: layer, fit: rows.statistics(layer, fit), gate: rows.statistics(layer, gate),
      limits: limits)
  }

  @Test(
    "gram rounding beats nearest rounding on correlated inputs by the factor",
    arguments: [(8, 4.0), (6, 4.0), (4, 3.0), (2, 4.0)])
  func beatsNearest(bits: Int, factor: Double) throws {
    let layer = LayerWeights.random(outputs: 8, inputs: 48, seed: 21)
    // Steps fine enough that the weights make the error, not the input.
    let rows = CorrelatedRows(frames: 6, rows: 100, length: 48, seed: 22, step: 0.001)
    let rounding = Self.rounding(layer, rows, fit: 0..<4, gate: 4..<6)
    let nearest = try #require(rounding.nearest(bits: bits).gateError)
    let solved = rounding.gram(bits: bits)
    let gram = try #require(solved.gateError)
    #expect(solved.method == .gram)
    #expect(!solved.fellBack)
    #expect(nearest > factor * gram)
    let limit = Int8(1 << (bits - 1) - 1)
    #expect(solved.codes.allSatisfy { abs($0) <= limit })
  }

  @Test("gram rounding works group by group", arguments: [(6, 9, 6), (8, 18, 2)])
  func groups(outputs: Int, inputs: Int, groups: Int) throws {
    let layer = LayerWeights.random(
      outputs: outputs, inputs: inputs, groups: groups, taps: 9, seed: 31)
    let rows = CorrelatedRows(
      frames: 6, rows: 60, length: layer.rowLength, seed: 32, step: 0.001, factors: 3)
    let rounding = Self.rounding(layer, rows, fit: 0..<4, gate: 4..<6)
    let nearest = try #require(rounding.nearest(bits: 4).gateError)
    let gram = try #require(rounding.gram(bits: 4).gateError)
    #expect(nearest > 1.15 * gram)
  }

  @Test("the held-out rows refuse a fit to rows that are nothing like them")
  func fallsBack() throws {
    let layer = LayerWeights.random(outputs: 6, inputs: 32, seed: 41)
    let fit = CorrelatedRows(frames: 1, rows: 40, length: 32, seed: 42)
    let gate = CorrelatedRows(frames: 4, rows: 40, length: 32, seed: 43, factors: 24)
    let rounding = LayerRounding(
      layer: layer, fit: fit.statistics(layer, 0..<1), gate: gate.statistics(layer, 0..<4),
      limits: Self.limits)
    let solved = rounding.gram(bits: 4)
    #expect(solved.fellBack)
    #expect(solved.method == .nearest)
    var expected = rounding.nearest(bits: 4)
    expected.fellBack = true
    #expect(solved == expected)
  }

  @Test("the bias takes up the mean error, and only where the held-out rows agree")
  func biasCorrection() throws {
    let layer = LayerWeights.random(outputs: 8, inputs: 48, seed: 51)
    let rows = CorrelatedRows(frames: 6, rows: 60, length: 48, seed: 52)
    let corrected = Self.rounding(layer, rows, fit: 0..<4, gate: 4..<6).nearest(bits: 4)
    #expect(corrected.correctsBias)
    var plain = corrected
    plain.bias = layer.bias
    let gate = rows.statistics(layer, 4..<6)
    let before = gate.error(of: plain, for: layer).total
    let after = gate.error(of: corrected, for: layer).total
    #expect(after < before)
    #expect(try abs(after - #require(corrected.gateError)) < 1e-5 * after)
    // Four frames: a fifth of the mean error.
    let fit = rows.statistics(layer, 0..<4)
    let full = fit.error(of: plain, for: layer)
    let share = fit.error(of: corrected, for: layer)
    let expected = full.centered + (full.total - full.centered) * 0.8 * 0.8
    #expect(abs(share.total - expected) < 1e-5 * expected)

    // Rows of the other sign have the opposite mean error.
    let negated = GramAccumulator(layer)
    for frame in 0..<4 {
      rows.x[frame].map { -$0 }.withUnsafeBufferPointer { x in
        rows.q[frame].map { -$0 }.withUnsafeBufferPointer { negated.add(input: x, quantized: $0) }
      }
    }
    let refused = LayerRounding(
      layer: layer, fit: fit, gate: negated.finish(), limits: Self.limits
    ).nearest(bits: 4)
    #expect(!refused.correctsBias)
    #expect(refused.bias == layer.bias)
  }

  @Test("without rows there is nearest rounding, by either method")
  func withoutRows() {
    let layer = LayerWeights.random(outputs: 3, inputs: 5, seed: 61)
    let rounding = LayerRounding(layer: layer, fit: nil, gate: nil, limits: Self.limits)
    let nearest = rounding.nearest(bits: 6)
    #expect(rounding.gram(bits: 6) == nearest)
    #expect(nearest.bias == layer.bias)
    #expect(nearest.fitError == nil && nearest.gateError == nil)
    for (at, code) in nearest.codes.enumerated() {
      let exact = layer.weights[at] / nearest.scales[at / 5]
      #expect(abs(Float(code) - exact) <= 0.5 || abs(Float(code)) == 31)
    }
  }

  @Test("rows that are all zeros leave the weights nearest", arguments: [8, 4])
  func silentRows(bits: Int) {
    let layer = LayerWeights.random(outputs: 3, inputs: 5, seed: 62)
    let accumulator = GramAccumulator(layer)
    let rows = [Float](repeating: 0, count: 50)
    rows.withUnsafeBufferPointer { accumulator.add(input: $0, quantized: $0) }
    let statistics = accumulator.finish()
    let solved = LayerRounding(
      layer: layer, fit: statistics, gate: statistics, limits: Self.limits
    ).gram(bits: bits)
    #expect(solved.method == .nearest)
    #expect(solved.gateError == 0)
  }

  @Test("a layer's forms lose more with fewer bits")
  func candidates() throws {
    let layer = LayerWeights.random(outputs: 8, inputs: 48, seed: 71)
    let rows = CorrelatedRows(frames: 3, rows: 60, length: 48, seed: 72)
    let rounding = Self.rounding(layer, rows, fit: 0..<2, gate: 2..<3)
    let forms = [8, 6, 4, 2].map { rounding.gram(bits: $0) }
    #expect(forms.map(\.storedBytes) == [384, 384, 192, 192])
    let errors = try forms.map { try #require($0.gateError) }
    for (more, fewer) in zip(errors, errors.dropFirst()) { #expect(more < fewer) }
  }

  @Test("weights that are not finite, or do not fill their channels, make no layer")
  func unusable() {
    #expect(LayerWeights(weights: [1, .nan], bias: [0]) == nil)
    #expect(LayerWeights(weights: [1, 2], bias: [.infinity]) == nil)
    #expect(LayerWeights(weights: [1, 2, 3], bias: [0, 0]) == nil)
    #expect(LayerWeights(weights: [1, 2, 3], bias: [0], taps: 2) == nil)
    #expect(LayerWeights(weights: [1, 2, 3], bias: [0, 0, 0], groups: 2) == nil)
    #expect(LayerWeights(weights: [], bias: []) == nil)
  }
}
