import Inference
import Model
import Tensors
import Testing

/// One file planned for several input sizes, against LiteRT after `resize_tensor_input`
/// (make_goldens.py).
@Suite("Several input sizes")
struct SizeTests {
  @Test(
    "Small networks agree at other sizes",
    arguments: [
      ("tiny-network", 13, 32, 10), ("tiny-network", 1, 7, 10), ("sizes", 22, 31, 4),
      ("sizes", 5, 4, 4),
    ])
  func small(name: String, height: Int, width: Int, operators: Int) throws {
    let file = try ModelFile(path: goldenPath(name + ".tflite"))
    let golden = "\(name)-\(height)x\(width)"
    let expected = try readFile(goldenPath(golden + ".output"))
    let input = try readFile(goldenPath(golden + ".input"))
    var outputs: Set<[UInt8]> = []
    for name in KernelSelection.names {
      let kernels = try #require(KernelSelection(upTo: name))
      var network = try Network(file, height: height, width: width, kernels: kernels, threads: 2)
      let shape = network.input.shape
      #expect(shape.image?.height == height && shape.image?.width == width)
      let actual = network.outputBytes(of: input)
      outputs.insert(actual)
      let steps = steps(actual, expected)
      let worst = steps.max() ?? 0
      let share = Double(steps.count { $0 != 0 }) / Double(steps.count)
      // The bounds of GoldenTests: a step an operator, in 4 % of its outputs.
      #expect(worst <= operators, "\(golden)")
      #expect(share <= 0.04 * Double(operators) + 1 / Double(steps.count), "\(golden)")
    }
    #expect(outputs.count == 1, "every instruction set gives the same bits")
  }

  /// Squares of one colour from the numbers that make_goldens.py draws: SplitMix64.
  private func squares(_ side: Int) -> [UInt8] {
    func noise(_ index: Int) -> UInt8 {
      var z = UInt64(side) &+ 0x9E37_79B9_7F4A_7C15 &* UInt64(index / 8 + 1)
      z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
      z ^= z >> 31
      return UInt8(truncatingIfNeeded: z >> UInt64(8 * (index % 8)))
    }
    return (0..<side * side * 3).map { position in
      let (row, column) = (position / 3 / side, position / 3 % side)
      return noise(((row / 16 * 16) * side + column / 16 * 16) * 3 + position % 3)
    }
  }

  // One size without optimisation: 128 takes a third of what 224 takes.
  @Test("The default model agrees with LiteRT at smaller sizes", arguments: sampleSizes)
  func sample(side: Int) throws {
    let file = try ModelFile(path: SampleTests.modelPath)
    var network = try Network(file, height: side, width: side)
    let actual = network.outputBytes(of: squares(side))
    let reference = try readFile(goldenPath("sample-\(side).output"))
    let standard = try readFile(goldenPath("sample-\(side).default"))
    #expect(best(actual) == best(reference))
    let mean = mean(steps(actual, reference))
    let apart = Swift.max(self.mean(steps(standard, reference)), 0.5)
    print(
      "\(side): \(mean) steps from LiteRT's reference kernels, whose default ones are "
        + "\(self.mean(steps(standard, reference))) away; ours from those \(self.mean(steps(actual, standard)))"
    )
    #expect(mean <= 1.5 * apart, "no farther than LiteRT's own kernel sets, about")
  }

  static var sampleSizes: [Int] {
    #if DEBUG
    [128]
    #else
    [192, 160, 128]
    #endif
  }

  @Test("A graph that cannot take the size names the operator")
  func unsuitable() throws {
    let file = try ModelFile(path: goldenPath("excite-network.tflite"))
    #expect {
      _ = try Network(file, height: 24, width: 24)
    } throws: { error in
      "\(error)".hasPrefix("an input of 24x24 does not fit: operator 10 (RESHAPE): it cannot take")
    }
  }

  private func steps(_ a: [UInt8], _ b: [UInt8]) -> [Int] {
    zip(a, b).map { abs(Int(Int8(bitPattern: $0)) - Int(Int8(bitPattern: $1))) }
  }

  private func mean(_ steps: [Int]) -> Double {
    Double(steps.reduce(0, +)) / Double(steps.count)
  }

  private func best(_ logits: [UInt8]) -> Int? {
    logits.indices.max { Int8(bitPattern: logits[$0]) < Int8(bitPattern: logits[$1]) }
  }
}
