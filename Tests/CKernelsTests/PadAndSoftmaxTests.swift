import CKernels
import CKernelsWalk
import Testing

#if canImport(Glibc)
import Glibc
#endif

@Suite("Padding")
struct PadTests {
  @Test("Each element stands where its index says, the rest is the value")
  func pad() {
    var random = vd_random(state: 31)
    for _ in 0..<60 {
      let extents = (0..<4).map { _ in Int(vd_between(&random, 1, 5)) }
      let before = (0..<4).map { _ in Int(vd_between(&random, 0, 2)) }
      let after = (0..<4).map { _ in Int(vd_between(&random, 0, 2)) }
      let value = vd_between(&random, -128, 127)
      var input = [Int8](repeating: 0, count: extents.reduce(1, *))
      vd_draw_bytes(&random, &input, input.count)
      let outputExtents = (0..<4).map { before[$0] + extents[$0] + after[$0] }
      let expected = (0..<outputExtents.reduce(1, *)).map { position in
        var rest = position
        var source = 0
        var sourceStep = 1
        for axis in (0..<4).reversed() {
          let index = rest % outputExtents[axis] - before[axis]
          guard 0..<extents[axis] ~= index else { return Int8(value) }
          source += index * sourceStep
          sourceStep *= extents[axis]
          rest /= outputExtents[axis]
        }
        return input[source]
      }
      var args = vd_pad_args(
        extents: tuple(extents), before: tuple(before), after: tuple(after), value: value)
      var output = [Int8](repeating: 0, count: expected.count)
      vd_pad_s8(&args, input, &output)
      #expect(output == expected, "\(extents) \(before) \(after)")
    }
  }

  private func tuple(_ x: [Int]) -> (Int32, Int32, Int32, Int32) {
    (Int32(x[0]), Int32(x[1]), Int32(x[2]), Int32(x[3]))
  }
}

@Suite("Softmax")
struct SoftmaxTests {
  @Test("Rows add up to one within rounding, and each is within a step of the real softmax")
  func againstReal() {
    var random = vd_random(state: 41)
    for scale in [0.01, 0.1, 0.5] {
      let exponentials = table(scale: scale)
      for _ in 0..<20 {
        let rows = Int(vd_between(&random, 1, 3))
        let count = Int(vd_between(&random, 1, 50))
        var input = [Int8](repeating: 0, count: rows * count)
        vd_draw_bytes(&random, &input, input.count)
        var output = [Int8](repeating: 0, count: input.count)
        vd_softmax_s8(exponentials, input, &output, rows, count)
        for row in 0..<rows {
          let range = row * count..<(row + 1) * count
          let real = softmax(input[range].map { Double($0) * scale })
          for (q, p) in zip(output[range], real) {
            let step = (p * 256 - 128).clamped(to: -128...127)
            #expect(abs(Double(q) - step) <= 0.51)
          }
        }
      }
    }
  }

  @Test("Known rows")
  func known() {
    let exponentials = table(scale: 1)
    let rows: [([Int8], [Int8])] = [
      ([5], [127]),  // the whole, 256/256, is clamped
      ([9, 9], [0, 0]),
      ([-128, 127], [-128, 127]),
      ([3, 3, 3, 3], [-64, -64, -64, -64]),
      ([7, 7, 7], [-43, -43, -43]),  // 85.33 of 256
    ]
    for (input, expected) in rows {
      var output = [Int8](repeating: 0, count: input.count)
      vd_softmax_s8(exponentials, input, &output, 1, input.count)
      #expect(output == expected)
    }
  }

  private func table(scale: Double) -> [UInt32] {
    (0...255).map { UInt32((exp(-Double($0) * scale) * 8_388_608).rounded()) }
  }

  private func softmax(_ x: [Double]) -> [Double] {
    let largest = x.max() ?? 0
    let e = x.map { exp($0 - largest) }
    let sum = e.reduce(0, +)
    return e.map { $0 / sum }
  }
}
