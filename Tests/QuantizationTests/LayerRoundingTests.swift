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
    arguments: [(8, 1.5), (6, 2.5), (4, 2.5), (2, 1.5)])
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
    print(bits, nearest / gram)
  }
}
