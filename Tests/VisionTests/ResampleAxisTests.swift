import Model
import Testing
import Vision

@Suite("Resampling weights")
struct ResampleAxisTests {
  static let geometries: [ResampleAxis.Geometry] = [
    (500, 8, 85, 328, 224), (375, 8, 23, 328, 224), (250, 4, 85, 328, 160), (188, 4, 23, 328, 160),
    (17, 8, 0, 17, 32), (13, 8, 1, 11, 224), (1, 8, 0, 1, 224), (2, 1, 3, 10, 7),
    (2048, 1, 0, 16384, 1), (16384, 8, 5, 16000, 3), (8, 8, 0, 8, 8192), (3, 2, 0, 9, 5),
  ].flatMap { count, eighths, start, length, output in
    [Preprocessing.Filter.bicubic, .bilinear].map { filter in
      ResampleAxis.Geometry(
        decodedCount: count, eighths: eighths, start: start, length: length, outputCount: output,
        filter: filter)
    }
  }

  @Test("Weights sum to one, stay in the picture and cannot overflow", arguments: geometries)
  func invariants(geometry: ResampleAxis.Geometry) {
    var axis = ResampleAxis()
    axis.prepare(geometry)
    #expect(axis.starts.count == geometry.outputCount)
    #expect(axis.weights.count == geometry.outputCount * axis.taps)
    for output in 0..<geometry.outputCount {
      let start = Int(axis.starts[output])
      let weights = axis.weights[output * axis.taps..<(output + 1) * axis.taps].map(Int.init)
      let magnitude = weights.map(abs).reduce(0, +)
      guard start >= 0, start + axis.taps <= geometry.decodedCount,
        weights.reduce(0, +) == ResampleAxis.unit, magnitude < 2 * ResampleAxis.unit,
        output == 0 || start >= axis.starts[output - 1]
      else {
        Issue.record("output \(output) of \(geometry): from \(start), \(weights)")
        return
      }
    }
  }

  @Test(
    "An axis that keeps its size copies its pixels",
    arguments: [
      Preprocessing.Filter.bicubic, .bilinear,
    ])
  func identity(filter: Preprocessing.Filter) {
    var axis = ResampleAxis()
    axis.prepare(
      ResampleAxis.Geometry(
        decodedCount: 40, eighths: 8, start: 5, length: 20, outputCount: 20, filter: filter))
    for output in 0..<20 {
      let weights = axis.weights[output * axis.taps..<(output + 1) * axis.taps]
      let pixel = weights.firstIndex(of: 1 << 14).map { $0 - weights.startIndex }
      #expect(pixel.map { $0 + Int(axis.starts[output]) } == 5 + output)
    }
  }

  @Test("Weights are those of the formula in real numbers", arguments: geometries)
  func formula(geometry: ResampleAxis.Geometry) {
    var axis = ResampleAxis()
    axis.prepare(geometry)
    var worst = 0.0
    for output in 0..<min(geometry.outputCount, 300) {
      let exact = exactWeights(geometry, output: output)
      for (pixel, weight) in exact.enumerated() {
        let tap = pixel - Int(axis.starts[output])
        let ours = (0..<axis.taps).contains(tap) ? axis.weights[output * axis.taps + tap] : 0
        worst = max(worst, abs(weight - Double(ours) / 16384))
      }
    }
    // Rounding the running sum: up to one unit a weight.
    #expect(worst < 1.1 / 16384)
  }

  /// Pillow's formula, for every decoded pixel.
  private func exactWeights(_ geometry: ResampleAxis.Geometry, output: Int) -> [Double] {
    let decodedPerFull = Double(geometry.eighths) / 8
    let step = Double(geometry.length) * decodedPerFull / Double(geometry.outputCount)
    let centre = Double(geometry.start) * decodedPerFull + (Double(output) + 0.5) * step
    let width = max(step, 1)
    let values = (0..<geometry.decodedCount).map { pixel in
      let t = abs(Double(pixel) + 0.5 - centre) / width
      switch geometry.filter {
      case .bilinear: return max(0, 1 - t)
      case .bicubic:
        if t < 1 { return (1.5 * t - 2.5) * t * t + 1 }
        return t < 2 ? ((-0.5 * t + 2.5) * t - 4) * t + 2 : 0
      }
    }
    let sum = values.reduce(0, +)
    return values.map { $0 / sum }
  }
}
