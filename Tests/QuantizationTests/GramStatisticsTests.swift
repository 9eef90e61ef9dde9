import CFloat
import Quantization
import Testing

@Suite("Gram statistics")
struct GramStatisticsTests {
  /// What one channel of a layer gives for a row, in double.
  static func output(
    _ weights: [Float], _ bias: Float, _ layer: LayerWeights, _ channel: Int,
    _ row: ArraySlice<Float>
  ) -> Double {
    let group = channel / layer.outputsPerGroup
    let channels = layer.channelsPerGroup
    var sum = Double(bias)
    for tap in 0..<layer.taps {
      for c in 0..<channels {
        let k = tap * channels + c
        let at = row.startIndex + tap * channels * layer.groups + group * channels + c
        sum += Double(weights[channel * layer.inputs + k]) * Double(row[at])
      }
    }
    return sum
  }

  static func measured(
    _ layer: LayerWeights, _ rounded: RoundedLayer, _ rows: CorrelatedRows, _ frames: Range<Int>
  ) -> (error: Double, power: Double) {
    let weights = rounded.codes.indices.map {
      Float(rounded.codes[$0]) * rounded.scales[$0 / layer.inputs]
    }
    var error = 0.0
    var power = 0.0
    var count = 0
    for frame in frames {
      for first in stride(from: 0, to: rows.x[frame].count, by: rows.length) {
        count += 1
        for channel in 0..<layer.outputs {
          let exact = output(
            layer.weights, layer.bias[channel], layer, channel,
            rows.x[frame][first..<first + rows.length])
          let given = output(
            weights, rounded.bias[channel], layer, channel,
            rows.q[frame][first..<first + rows.length])
          error += (exact - given) * (exact - given)
          power += exact * exact
        }
      }
    }
    return (error / Double(count), power / Double(count))
  }

  @Test(
    "the closed form is the error measured row by row",
    arguments: [
      // outputs, inputs, groups, taps
      (5, 7, 1, 1), (18, 36, 1, 9), (6, 9, 6, 9), (8, 25, 4, 25), (12, 18, 3, 9), (1, 1, 1, 1),
    ])
  func closedForm(_ shape: (outputs: Int, inputs: Int, groups: Int, taps: Int)) {
    let layer = LayerWeights.random(
      outputs: shape.outputs, inputs: shape.inputs, groups: shape.groups, taps: shape.taps,
      seed: 11)
    // 150 rows: more than one chunk, and not a multiple of the panel.
    let rows = CorrelatedRows(frames: 2, rows: 150, length: layer.rowLength, seed: 12, step: 0.1)
    let statistics = rows.statistics(layer, 0..<2)
    #expect(statistics.isFinite)
    #expect(statistics.rowCount == 300)
    #expect(statistics.frameCount == 2)
    let rounding = LayerRounding(
      layer: layer, fit: nil, gate: nil,
      limits: WeightScaleLimits(inputScale: 0.1, outputScale: 0.1))
    for bits in [8, 4] {
      var rounded = rounding.nearest(bits: bits)
      rounded.bias[0] += 0.05
      let (error, power) = Self.measured(layer, rounded, rows, 0..<2)
      let predicted = statistics.error(of: rounded, for: layer)
      #expect(abs(predicted.total - error) <= 1e-4 * error)
      #expect(predicted.centered < predicted.total)
      #expect(abs(statistics.outputPower(of: layer) - power) <= 1e-4 * power)
    }
  }

  @Test("the bits are the same for one, two and three workers", arguments: [1, 4])
  func workers(groups: Int) {
    let layer = LayerWeights.random(outputs: 20, inputs: 36, groups: groups, taps: 9, seed: 3)
    let rows = CorrelatedRows(frames: 3, rows: 70, length: layer.rowLength, seed: 4)
    let forms = [1, 2, 3].map { workers in
      let rounding = LayerRounding(
        layer: layer, fit: rows.statistics(layer, 0..<2, workers: workers),
        gate: rows.statistics(layer, 2..<3, workers: workers),
        limits: WeightScaleLimits(inputScale: 0.02, outputScale: 0.1), workers: workers)
      return rounding.gram(bits: 4)
    }
    #expect(forms[0] == forms[1])
    #expect(forms[0] == forms[2])
  }

  @Test("rows with a value that is not finite are noticed")
  func notFinite() {
    let layer = LayerWeights.random(outputs: 2, inputs: 3, seed: 5)
    let accumulator = GramAccumulator(layer)
    let row: [Float] = [1, .nan, 2]
    row.withUnsafeBufferPointer { accumulator.add(input: $0, quantized: $0) }
    #expect(!accumulator.finish().isFinite)
  }

  @Test("a tile is the plain sum in the order of the rows, product and sum rounded one by one")
  func tileBits() {
    var noise = Noise(seed: 6)
    let depth = 37
    let left = noise.normals(depth * 16)
    let right = noise.normals(depth * 16)
    var out = noise.normals(16 * 20)
    let before = out
    vd_gram_tile(left, right, depth, &out, 20)
    for i in 0..<16 {
      for j in 0..<20 {
        var sum: Float = 0
        if j < 16 {
          for d in 0..<depth {
            let product = left[d * 16 + i] * right[d * 16 + j]
            sum += product
          }
        }
        #expect(out[i * 20 + j].bitPattern == (before[i * 20 + j] + sum).bitPattern)
      }
    }
  }

  @Test("a sweep sets each code to its best integer and keeps the gradient, bit for bit")
  func sweepBits() {
    var noise = Noise(seed: 7)
    let count = 21
    let channels = 3
    let factors = noise.normals(count * 40)
    var matrix = [Float](repeating: 0, count: count * 32)
    for i in 0..<count {
      for j in 0..<count {
        for d in 0..<40 { matrix[i * 32 + j] += factors[d * count + i] * factors[d * count + j] }
      }
    }
    let order = (0..<count).map { UInt32((5 * $0) % count) }
    let scales: [Float] = [0.1, 0.2, 0.3]
    var codes = noise.normals(channels * count, deviation: 3)
    var gradient = noise.normals(channels * count, deviation: 4)
    var expectedCodes = codes
    var expected = gradient
    var changes = 0
    for k in order.map({ Int($0) }) {
      for c in 0..<channels {
        let at = c * count + k
        let curvature = matrix[k * 32 + k] + 0.5
        let best = (expectedCodes[at] + expected[at] / (scales[c] * curvature))
          .rounded(.toNearestOrEven)
        let next = min(max(best, -7), 7)
        guard next != expectedCodes[at] else { continue }
        let step = -(scales[c] * (next - expectedCodes[at]))
        expectedCodes[at] = next
        for i in 0..<count {
          let product = step * matrix[k * 32 + i]
          expected[c * count + i] += product
        }
        let ridge = step * 0.5
        expected[at] += ridge
        changes += 1
      }
    }
    let found = matrix.withUnsafeBufferPointer { matrix in
      var problem = vd_gram_problem(
        matrix: matrix.baseAddress!, stride: 32, count: count, channels: channels, damping: 0.5,
        limit: 7)
      return vd_gram_sweep(&problem, order, scales, &codes, &gradient)
    }
    #expect(found == changes)
    #expect(codes == expectedCodes)
    #expect(gradient.map(\.bitPattern) == expected.map(\.bitPattern))
  }
}
