import CKernels
import CKernelsWalk
import Testing

@Suite("The scalar kernels are what the header says")
struct ScalarDefinitionTests {
  @Test("Random shapes and parameters", arguments: Family.allCases)
  func againstFormula(family: Family) {
    var random = vd_random(state: 7)
    var shapes = 0
    while shapes < 60 {
      let window = vd_draw_window(&random, family.walk)
      let taps = Int(window.kernel_h * window.kernel_w * window.filter_c)
      // The naive loop is slow in debug builds; the walk covers the larger shapes.
      guard taps * Int(window.out_h * window.out_w * window.out_c) < 15_000 else { continue }
      shapes += 1
      let call = KernelCall.draw(&random, window: window)
      let block = Int32(VD_FULLY_CONNECTED_BLOCK)
      let rows =
        family == .fullyConnected ? (window.out_c + block - 1) / block : window.out_h
      let expected =
        family == .depthwise ? Naive.depthwise(call) : Naive.convolution(call)
      let actual = KernelCall.run(family.rows[0], call, rows: rows)
      #expect(actual == expected, "shape \(shapes): \(window)")
    }
  }

  @Test("A window wholly outside the image sees the zero point only")
  func onlyPadding() {
    // One tap, two rows and columns of padding around one pixel: 25 outputs, the middle one is real.
    let window = vd_window(
      in_h: 1, in_w: 1, in_c: 1, out_h: 5, out_w: 5, out_c: 1, kernel_h: 1, kernel_w: 1,
      stride_h: 1, stride_w: 1, dilation_h: 1, dilation_w: 1, pad_top: 2, pad_left: 2, filter_c: 1)
    var multiplier = [Int16](repeating: 0, count: Int(VD_CHANNEL_PADDING))
    multiplier[0] = 1 << 14
    let zeros = [Int32](repeating: 0, count: multiplier.count)
    let call = Naive.Call(
      window: window, input: [100], weights: [1], inputZeroPoint: -40, bias: zeros, shift: zeros,
      multiplier: multiplier, finalShift: 0, zeroPoint: 3, low: -128, high: 127)
    var expected = [Int8](repeating: -40 / 2 + 3, count: 25)
    expected[12] = 100 / 2 + 3
    for family in [Family.convolution, .depthwise] {
      for row in family.rows where isSupported(row.isa) {
        #expect(KernelCall.run(row, call, rows: 5) == expected)
      }
    }
  }
}
