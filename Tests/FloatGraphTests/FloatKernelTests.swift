import CFloat
import FloatGraph
import Testing

@Suite("Float kernels")
struct FloatKernelTests {
  /// Those that this CPU has.
  static var instructionSets: [Int] { Array(0...Int(vd_float_best_isa().rawValue)) }

  @Test("exp is within 2e-7 of the truth, and exact where it must be")
  func exponential() {
    for step in -4000...4000 {
      let x = Double(step) / 57
      let expected = naiveExponential(x)
      #expect(abs(vd_float_exp(x) - expected) <= 1e-9 * expected, "exp(\(x))")
    }
    #expect(vd_float_exp(0) == 1)
    #expect(vd_float_exp(-.infinity) < 1e-300)
    #expect(vd_float_exp(.infinity) > 1e300)
    #expect(vd_float_exp(.nan).isNaN)
  }

  @Test("sigmoid and softmax of large and infinite numbers are finite")
  func saturation() {
    let input: [Float] = [-1e30, -200, 0, 200, 1e30]
    var output = [Float](repeating: .nan, count: 5)
    vd_float_sigmoid(5, input, &output)
    #expect(output[2] == 0.5 && output[3] == 1 && output[4] == 1)
    #expect(output[0] < 1e-38 && output[1] < 1e-38)
    vd_float_softmax(1, 5, input, &output)
    #expect(output == [0, 0, 0, 0, 1])
  }

  @Test("every instruction set gives the same bits in a product", arguments: [1, 2, 5, 13, 30])
  func products(rows: Int) {
    var random = SeededGenerator(seed: UInt64(rows))
    for (outputs, depth) in [(1, 1), (7, 3), (8, 40), (9, 17), (16, 5), (24, 33), (43, 64)] {
      let (input, weights) = (random.floats(rows * depth), random.floats(outputs * depth))
      let bias = random.floats(outputs)
      var packed = [Float](repeating: .nan, count: vd_float_packed_count(outputs, depth))
      vd_float_pack(outputs, depth, weights, bias, &packed)
      // One accumulator for each output, ascending k: the definition, in float.
      var expected: [UInt32] = []
      for row in 0..<rows {
        for o in 0..<outputs {
          var sum = bias[o]
          for k in 0..<depth {
            let product = input[row * depth + k] * weights[o * depth + k]
            sum += product
          }
          expected.append(min(max(sum, -1.5), 1.5).bitPattern)
        }
      }
      for set in Self.instructionSets {
        // One more at the end, which must stay.
        var output = [Float](repeating: 77, count: rows * outputs + 1)
        vd_float_product(
          vd_float_isa(rawValue: UInt32(set)), rows, outputs, depth, input, depth, packed, &output,
          outputs, -1.5, 1.5)
        #expect(output.dropLast().map(\.bitPattern) == expected, "set \(set), \(outputs) outputs")
        #expect(output.last == 77)
      }
    }
  }

  @Test("a product over more rows than a tile holds")
  func tiles() {
    // 65536 / depth rows and some fill a tile.
    let (rows, outputs, depth) = (70, 3, 1500)
    var random = SeededGenerator(seed: 4)
    let (input, weights) = (random.floats(rows * depth), random.floats(outputs * depth))
    let bias = random.floats(outputs)
    var packed = [Float](repeating: .nan, count: vd_float_packed_count(outputs, depth))
    vd_float_pack(outputs, depth, weights, bias, &packed)
    var results: [[Float]] = []
    for set in Self.instructionSets {
      var output = [Float](repeating: 77, count: rows * outputs)
      vd_float_product(
        vd_float_isa(rawValue: UInt32(set)), rows, outputs, depth, input, depth, packed, &output,
        outputs, -.infinity, .infinity)
      results.append(output)
    }
    #expect(results.allSatisfy { $0 == results[0] })
    var last = Double(bias[2])
    for k in 0..<depth {
      last += Double(input[69 * depth + k]) * Double(weights[2 * depth + k])
    }
    #expect(abs(Double(results[0][69 * 3 + 2]) - last) < 1e-3)
  }

  @Test(
    "every instruction set gives the same bits in a convolution", arguments: ConvolutionCase.all)
  func convolutions(test: ConvolutionCase) throws {
    var random = SeededGenerator(seed: 8)
    var sketch = GraphSketch(height: test.height, width: test.width, channels: test.channels)
    sketch.add(
      "conv",
      .convolution(
        FloatConvolution(
          weights: random.array([
            test.outputs, test.window.kernelHeight, test.window.kernelWidth,
            test.channels / test.groups,
          ]), bias: random.floats(test.outputs), groups: test.groups, window: test.window)),
      clip: test.clip)
    let program = try FloatProgram(sketch.graph())
    let image = random.floats(test.height * test.width * test.channels)
    var answers: [[UInt32]] = []
    for set in Self.instructionSets {
      var executor = try FloatExecutor(
        program, height: test.height, width: test.width, instructionSet: set)
      answers.append(executor.run(input: image).map(\.bitPattern))
    }
    #expect(answers.allSatisfy { $0 == answers[0] })
  }

  @Test("a depthwise convolution rounds each product and each sum, in the order of its taps")
  func depthwise() {
    let (extent, channels) = (5, 37)
    var random = SeededGenerator(seed: 12)
    let image = random.floats(extent * extent * channels)
    let (weights, bias) = (random.floats(9 * channels), random.floats(channels))
    var window = vd_float_window(
      input_height: extent, input_width: extent, channels: channels, output_height: extent,
      output_width: extent, kernel_height: 3, kernel_width: 3, stride_height: 1, stride_width: 1,
      dilation_height: 1, dilation_width: 1, top: 1, left: 1)
    var expected: [UInt32] = []
    for pixel in 0..<extent * extent {
      for channel in 0..<channels {
        var sum = bias[channel]
        for tap in 0..<9 {
          let (row, column) = (pixel / extent + tap / 3 - 1, pixel % extent + tap % 3 - 1)
          guard (0..<extent).contains(row), (0..<extent).contains(column) else { continue }
          let x = image[(row * extent + column) * channels + channel]
          let product = x * weights[tap * channels + channel]
          sum += product
        }
        expected.append(max(sum, -1).bitPattern)
      }
    }
    for set in Self.instructionSets {
      var output = [Float](repeating: 77, count: expected.count + 1)
      vd_float_depthwise(
        vd_float_isa(rawValue: UInt32(set)), &window, image, weights, bias, &output, -1, .infinity)
      #expect(output.dropLast().map(\.bitPattern) == expected, "set \(set)")
      #expect(output.last == 77)
    }
  }

  @Test("an affine rounds its product and its sum")
  func affine() {
    var random = SeededGenerator(seed: 13)
    let (input, scale, offset) = (random.floats(66), random.floats(33), random.floats(33))
    var output = [Float](repeating: 77, count: 66)
    vd_float_affine(2, 33, input, scale, offset, &output)
    for (index, found) in output.enumerated() {
      let product = input[index] * scale[index % 33]
      #expect(found.bitPattern == (product + offset[index % 33]).bitPattern)
    }
  }

  @Test("a NaN goes through clamps, and does not spread to other outputs")
  func nan() {
    var output: [Float] = [0, 0, 0]
    vd_float_clamp(3, [.nan, -1, 9], 0, 6, &output)
    #expect(output[0].isNaN && output[1] == 0 && output[2] == 6)
    var packed = [Float](repeating: 0, count: vd_float_packed_count(1, 1))
    vd_float_pack(1, 1, [1], [0], &packed)
    for set in Self.instructionSets {
      vd_float_product(
        vd_float_isa(rawValue: UInt32(set)), 3, 1, 1, [.nan, -1, 9], 1, packed, &output, 1, 0, 6)
      #expect(output[0].isNaN && output[1] == 0 && output[2] == 6)
    }
  }
}
