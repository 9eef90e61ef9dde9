import CKernels
import CKernelsWalk
import Testing

@Suite("The edges of the graph")
struct EdgeTests {
  @Test("Quantising rounds halves away from zero and clamps what is too large")
  func quantize() {
    let steps: [Float] = [
      0, 0.49999997, 0.5, -0.5, -0.49999997, 1.5, -1.5, 2.4999998, 126.5, 127.4, -128.5, 300, -300,
      8_388_609, -2e9, 3e38, .infinity, -.infinity, .leastNonzeroMagnitude,
    ]
    for scale: Float in [1, 0.0078125, 0.1, 3e-20, 1e10] {
      for zeroPoint: Int32 in [-128, -1, 0, 127] {
        let input = steps.map { $0 * scale }
        var output = [Int8](repeating: 0, count: input.count)
        vd_quantize_f32(input, &output, input.count, scale, zeroPoint)
        let expected = input.map { x in
          let rounded = (x / scale).rounded(.toNearestOrAwayFromZero).clamped(to: -1000...1000)
          return Int8((Int32(rounded) + zeroPoint).clamped(to: -128...127))
        }
        #expect(output == expected, "scale \(scale), zero point \(zeroPoint)")
      }
    }
  }

  @Test("NaN becomes the zero point")
  func quantizeNaN() {
    var output: [Int8] = [0, 0]
    vd_quantize_f32([.nan, -.nan], &output, 2, 0.5, -17)
    #expect(output == [-17, -17])
  }

  @Test("Dequantising and quantising again gives every int8 back")
  func roundTrip() {
    let values = (-128...127).map { Int8($0) }
    for zeroPoint: Int32 in [-128, 3, 127] {
      var floats = [Float](repeating: 0, count: values.count)
      vd_dequantize_s8(values, &floats, values.count, 0.1, zeroPoint)
      #expect(floats == values.map { 0.1 * Float(Int32($0) - zeroPoint) })
      var back = [Int8](repeating: 0, count: values.count)
      vd_quantize_f32(floats, &back, values.count, 0.1, zeroPoint)
      #expect(back == values)
    }
  }

  @Test("Rescaling is the wide requantisation of the distance to the zero point")
  func rescale() {
    var random = vd_random(state: 21)
    let input = (-128...127).map { Int8($0) }
    for _ in 0..<40 {
      var args = vd_rescale_args(
        input_zero_point: vd_between(&random, -128, 127),
        multiplier: vd_between(&random, 1 << 30, .max), shift: vd_between(&random, 28, 34),
        zero_point: vd_between(&random, -128, 127))
      var output = input
      vd_rescale_s8(&args, input, &output, input.count)
      let expected = input.map {
        Naive.requantizeWide(
          Int64($0) - Int64(args.input_zero_point), multiplier: Int64(args.multiplier),
          shift: Int(args.shift), zeroPoint: Int64(args.zero_point), in: -128...127)
      }
      #expect(output == expected)
    }
  }

  @Test("Flipping the sign bit moves uint8 to int8 and back")
  func flipSign() {
    let bytes = (0...255).map { UInt8($0) }
    var flipped = [UInt8](repeating: 0, count: 256)
    vd_flip_sign(bytes, &flipped, 256)
    #expect(flipped.map { Int(Int8(bitPattern: $0)) } == Array(-128...127))
    flipped.withUnsafeMutableBufferPointer { vd_flip_sign($0.baseAddress!, $0.baseAddress!, 256) }
    #expect(flipped == bytes)
  }
}
