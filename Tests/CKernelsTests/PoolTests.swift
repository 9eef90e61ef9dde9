import CKernels
import CKernelsWalk
import Testing

@Suite("Means and pools")
struct PoolTests {
  @Test("Average and maximum over the part of a window that lies inside")
  func pools() {
    var random = vd_random(state: 11)
    for _ in 0..<80 {
      let window = drawWindow(&random)
      var input = [Int8](repeating: 0, count: Int(window.in_h * window.in_w * window.in_c))
      vd_draw_bytes(&random, &input, input.count)
      var low: Int32 = 0
      var high: Int32 = 0
      vd_draw_clamp(&random, &low, &high)
      let patches = patches(window, input)
      let clamp = Int(low)...Int(high)
      let averages = patches.map { Int8(roundedAverage($0).clamped(to: clamp)) }
      let maxima = patches.map { Int8(($0.max() ?? 0).clamped(to: clamp)) }
      #expect(run(vd_average_pool_s8, window, low, high, input) == averages, "\(window)")
      #expect(run(vd_max_pool_s8, window, low, high, input) == maxima, "\(window)")
    }
  }

  /// Every window overlaps the image, as the header asks.
  private func drawWindow(_ random: inout vd_random) -> vd_window {
    func axis(_ random: inout vd_random) -> (Int32, Int32, Int32, Int32, Int32) {
      let extent = vd_between(&random, 1, 9)
      let kernel = vd_between(&random, 1, 4)
      let stride = vd_between(&random, 1, 3)
      let padding = vd_between(&random, 0, kernel - 1)
      return (extent, (extent + padding - 1) / stride + 1, kernel, stride, padding)
    }
    let (inH, outH, kernelH, strideH, top) = axis(&random)
    let (inW, outW, kernelW, strideW, left) = axis(&random)
    let channels = vd_between(&random, 1, 70)
    return vd_window(
      in_h: inH, in_w: inW, in_c: channels, out_h: outH, out_w: outW, out_c: channels,
      kernel_h: kernelH, kernel_w: kernelW, stride_h: strideH, stride_w: strideW, dilation_h: 1,
      dilation_w: 1, pad_top: top, pad_left: left, filter_c: 1)
  }

  /// The inputs that each output sees.
  private func patches(_ w: vd_window, _ input: [Int8]) -> [[Int]] {
    var patches: [[Int]] = []
    for oy in 0..<w.out_h {
      for ox in 0..<w.out_w {
        for c in 0..<w.in_c {
          var patch: [Int] = []
          for y in 0..<w.in_h where 0..<w.kernel_h ~= y - (oy * w.stride_h - w.pad_top) {
            for x in 0..<w.in_w where 0..<w.kernel_w ~= x - (ox * w.stride_w - w.pad_left) {
              patch.append(Int(input[Int((y * w.in_w + x) * w.in_c + c)]))
            }
          }
          patches.append(patch)
        }
      }
    }
    return patches
  }

  /// To nearest, halves away from zero: twice the magnitude plus the count, over twice the count.
  private func roundedAverage(_ patch: [Int]) -> Int {
    let sum = patch.reduce(0, +)
    return sum.signum() * ((2 * abs(sum) + patch.count) / (2 * patch.count))
  }

  private typealias Pool = (
    UnsafePointer<vd_window>, Int32, Int32, UnsafePointer<Int8>, UnsafeMutablePointer<Int8>, Int32,
    Int32
  ) -> Void

  /// The upper rows after the lower ones, so that a row's place in the output is tested too.
  private func run(
    _ pool: Pool, _ window: vd_window, _ low: Int32, _ high: Int32, _ input: [Int8]
  ) -> [Int8] {
    var window = window
    var output = [Int8](
      repeating: 0, count: Int(window.out_h * window.out_w * window.out_c))
    let middle = window.out_h / 2
    pool(&window, low, high, input, &output, middle, window.out_h)
    pool(&window, low, high, input, &output, 0, middle)
    return output
  }
}
