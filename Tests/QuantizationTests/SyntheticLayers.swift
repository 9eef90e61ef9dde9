import Quantization

/// Seeded numbers for the tests of the numerics.
struct Noise {
  private var random: SplitMix64

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  /// Of 0 ..< 1.
  mutating func uniform() -> Float { Float(random.next() >> 40) * 0x1p-24 }

  /// About normal, deviation 1: the sum of twelve uniform numbers.
  mutating func normal() -> Float {
    var sum: Float = -6
    for _ in 0..<12 { sum += uniform() }
    return sum
  }

  mutating func below(_ bound: Int) -> Int { random.next(below: bound) }

  mutating func normals(_ count: Int, deviation: Float = 1) -> [Float] {
    (0..<count).map { _ in deviation * normal() }
  }
}

/// Rows as a ReLU leaves them: a few shared factors and some noise of each input's own, cut at 0.
/// The quantised path's rows are the same in steps of `step`.
struct CorrelatedRows {
  let length: Int
  let x: [[Float]]
  let q: [[Float]]

  init(frames: Int, rows: Int, length: Int, seed: UInt64, step: Float = 0.02, factors: Int = 4) {
    self.length = length
    var noise = Noise(seed: seed)
    let mixing = noise.normals(length * factors)
    var x: [[Float]] = []
    var q: [[Float]] = []
    for _ in 0..<frames {
      var frame: [Float] = []
      for _ in 0..<rows {
        let shared = noise.normals(factors)
        for k in 0..<length {
          var value = 0.3 * noise.normal()
          for factor in 0..<factors { value += mixing[k * factors + factor] * shared[factor] }
          frame.append(max(0, value))
        }
      }
      x.append(frame)
      q.append(frame.map { step * ($0 / step).rounded() })
    }
    self.x = x
    self.q = q
  }

  /// Frames `range` summed for `layer`.
  func statistics(_ layer: LayerWeights, _ range: Range<Int>, workers: Int = 1) -> GramStatistics {
    let accumulator = GramAccumulator(layer, workers: workers)
    for frame in range {
      x[frame].withUnsafeBufferPointer { x in
        q[frame].withUnsafeBufferPointer { q in accumulator.add(input: x, quantized: q) }
      }
    }
    return accumulator.finish()
  }
}

extension LayerWeights {
  /// Normal weights, each channel with a deviation of its own.
  static func random(outputs: Int, inputs: Int, groups: Int = 1, taps: Int = 1, seed: UInt64)
    -> LayerWeights
  {
    var noise = Noise(seed: seed)
    var weights: [Float] = []
    for _ in 0..<outputs {
      let deviation = 0.05 + 0.2 * noise.uniform()
      weights += noise.normals(inputs, deviation: deviation)
    }
    let bias = noise.normals(outputs, deviation: 0.1)
    guard let layer = LayerWeights(weights: weights, bias: bias, groups: groups, taps: taps) else {
      preconditionFailure("the counts fit")
    }
    return layer
  }
}
