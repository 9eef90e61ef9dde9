import CKernels
import CKernelsWalk

/// The formulas of the kernels' headers, written down once more with 64-bit sums and a bounds check at
/// each element: slow, and with nothing in common with the C.
enum Naive {
  /// A call's tensors and parameters; the arrays of the requantisation have an entry a channel.
  struct Call {
    var window: vd_window
    var input: [Int8]
    var weights: [Int8]
    var inputZeroPoint: Int
    var bias: [Int32]
    var shift: [Int32]
    var multiplier: [Int16]
    var finalShift: Int
    var zeroPoint: Int
    var low: Int
    var high: Int
  }

  static func convolution(_ call: Call) -> [Int8] {
    let w = call.window
    let groups = w.in_c / w.filter_c
    let groupOutputs = w.out_c / groups
    return outputs(call) { c in
      (0..<w.filter_c).map { i in
        let firstOfChannel = c * w.kernel_h * w.kernel_w * w.filter_c
        return Products(channel: c / groupOutputs * w.filter_c + i) { ky, kx in
          firstOfChannel + (ky * w.kernel_w + kx) * w.filter_c + i
        }
      }
    }
  }

  static func depthwise(_ call: Call) -> [Int8] {
    let w = call.window
    let depthMultiplier = w.out_c / w.in_c
    return outputs(call) { c in
      [Products(channel: c / depthMultiplier) { ky, kx in (ky * w.kernel_w + kx) * w.out_c + c }]
    }
  }

  /// An input channel that an output channel sees, and where the weight of each tap stands.
  private struct Products {
    var channel: Int32
    var weight: (_ ky: Int32, _ kx: Int32) -> Int32
  }

  private static func outputs(_ call: Call, products: (Int32) -> [Products]) -> [Int8] {
    let w = call.window
    let products = (0..<w.out_c).map(products)
    var output: [Int8] = []
    for oy in 0..<w.out_h {
      for ox in 0..<w.out_w {
        for c in 0..<w.out_c {
          var sum = Int64(call.bias[Int(c)])
          for ky in 0..<w.kernel_h {
            for kx in 0..<w.kernel_w {
              let y = oy * w.stride_h - w.pad_top + ky * w.dilation_h
              let x = ox * w.stride_w - w.pad_left + kx * w.dilation_w
              let isInside = 0..<w.in_h ~= y && 0..<w.in_w ~= x
              for product in products[Int(c)] {
                let value =
                  isInside
                  ? Int64(call.input[Int((y * w.in_w + x) * w.in_c + product.channel)])
                  : Int64(call.inputZeroPoint)
                sum += value * Int64(call.weights[Int(product.weight(ky, kx))])
              }
            }
          }
          output.append(requantize(sum, channel: Int(c), call))
        }
      }
    }
    return output
  }

  private static func requantize(_ exact: Int64, channel: Int, _ call: Call) -> Int8 {
    // The sum is an int32 that wraps around.
    let sum = Int64(Int32(truncatingIfNeeded: exact))
    let int16 = Int64(Int16.min)...Int64(Int16.max)
    let shift = Int(call.shift[channel])
    let shifted = shift < 0 ? sum * (1 << -shift) : floorDivide(sum, powerOf2: shift)
    let t = shifted.clamped(to: int16)
    let u = floorDivide(t * Int64(call.multiplier[channel]) + (1 << 14), powerOf2: 15)
    let half = call.finalShift == 0 ? 0 : Int64(1) << (call.finalShift - 1)
    let v = floorDivide(u + half, powerOf2: call.finalShift) + Int64(call.zeroPoint)
    return Int8(v.clamped(to: Int64(call.low)...Int64(call.high)))
  }

  /// The wide requantisation's formula.
  static func requantizeWide(
    _ x: Int64, multiplier: Int64, shift: Int, zeroPoint: Int64, in range: ClosedRange<Int64>
  ) -> Int8 {
    let rounded = floorDivide(x * multiplier + (1 << (shift - 1)), powerOf2: shift)
    return Int8((rounded + zeroPoint).clamped(to: range))
  }

  /// x / 2^exponent, rounded down.
  static func floorDivide(_ x: Int64, powerOf2 exponent: Int) -> Int64 {
    let (quotient, remainder) = x.quotientAndRemainder(dividingBy: 1 << exponent)
    return remainder < 0 ? quotient - 1 : quotient
  }
}

extension Comparable {
  func clamped(to range: ClosedRange<Self>) -> Self {
    min(max(self, range.lowerBound), range.upperBound)
  }
}
