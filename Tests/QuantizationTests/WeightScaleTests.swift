import Quantization
import Tensors
import Testing

@Suite("Weight scales")
struct WeightScaleTests {
  /// Rounds one channel without rows.
  static func nearest(
    _ weights: [Float], bias: Float, bits: Int = 8, inputScale: Float = 0.05,
    outputScale: Float? = 0.05
  ) throws -> RoundedLayer {
    let layer = try #require(LayerWeights(weights: weights, bias: [bias]))
    let limits = WeightScaleLimits(inputScale: inputScale, outputScale: outputScale)
    return LayerRounding(layer: layer, fit: nil, gate: nil, limits: limits).nearest(bits: bits)
  }

  @Test("clipping beats the largest weight where one stands out", arguments: [6, 4, 2])
  func clips(bits: Int) throws {
    var noise = Noise(seed: 81)
    var weights = noise.normals(200)
    weights[17] = 6
    let limit = Float(1 << (bits - 1) - 1)
    let rounded = try Self.nearest(weights, bias: 0, bits: bits)
    #expect(rounded.scales[0] < 0.99 * 6 / limit)
    func error(_ scale: Float) -> Double {
      weights.reduce(0) { sum, weight in
        let code = min(max((weight / scale).rounded(.toNearestOrEven), -limit), limit)
        return sum + Double((weight - scale * code) * (weight - scale * code))
      }
    }
    #expect(error(rounded.scales[0]) < error(6 / limit))
  }

  @Test(
    "a dead channel's bias fits int32 and comes out as it was",
    arguments: [Float(0), 1e-30, -3e-12, 1e-9])
  func deadChannel(weight: Float) throws {
    let rounded = try Self.nearest([weight, weight / 3, 0], bias: 1.75)
    let quantized = rounded.quantized(inputScale: 0.05)
    #expect(quantized.bias[0].magnitude <= 1 << 30)
    let real = Double(quantized.bias[0]) * 0.05 * Double(quantized.scales[0])
    #expect(abs(real - 1.75) < 1e-6)
    // The device's 15-bit multiplier takes the ratio without losing bits.
    let ratio = 0.05 * Double(quantized.scales[0]) / 0.05
    let multiplier = try #require(FixedPointMultiplier.narrow(ratio, finalShift: 6))
    #expect(multiplier.multiplier >= 1 << 14)
    #expect((-15...31).contains(multiplier.shift))
  }

  @Test("a channel without weights and bias gets an ordinary scale")
  func emptyChannel() throws {
    let rounded = try Self.nearest([0, 0], bias: 0)
    #expect(rounded.codes == [0, 0])
    #expect(rounded.scales == [0x1p-7])
  }

  @Test("weights and biases far beyond the output's range stay inside the device's integers")
  func hugeWeights() throws {
    let rounded = try Self.nearest([3e38, -1e38], bias: -3e38)
    let multiplier = FixedPointMultiplier.narrow(Double(rounded.scales[0]), finalShift: 6)
    #expect(try #require(multiplier).shift >= -15)
    // Products of the largest codes and activations, shifted left as far as the ratio asks for.
    #expect(255.0 * 127 * 2 * Double(rounded.scales[0]) <= 0x1p23)
    #expect(rounded.codes == [127, -127])
    #expect(rounded.quantized(inputScale: 0.05).bias == [-1 << 30])
  }

  @Test("bits decide the largest code", arguments: [(8, 127), (6, 31), (4, 7), (2, 1)])
  func limits(bits: Int, limit: Int8) throws {
    let rounded = try Self.nearest([1, -1, 1, -1], bias: 0, bits: bits)
    #expect(rounded.codes == [limit, -limit, limit, -limit])
    #expect(abs(rounded.scales[0] * Float(limit) - 1) < 1e-6)
  }
}
