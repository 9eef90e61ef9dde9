import Inference
import Model
import Tensors
import Testing

/// Small models whose outputs LiteRT's reference kernels gave, and its default ones where those
/// differ (make_goldens.py), through ours.
///
/// The tolerance is the design's: at most 1 step an operator and in at most 4 % of the outputs. Small
/// goldens get an allowance of one differing output more, since 4 % of a dozen is none. In a chain,
/// a step can move the next operator's output by another.
@Suite("Against LiteRT's reference kernels")
struct GoldenTests {
  struct Golden: Sendable, CustomTestStringConvertible {
    var name: String
    /// Operators that round, one after another.
    var operators = 1
    var testDescription: String { name }
  }

  static let goldens: [Golden] = [
    .init(name: "conv-stem"), .init(name: "conv-pointwise"), .init(name: "conv-valid-5x3"),
    .init(name: "conv-dilated"), .init(name: "conv-groups"), .init(name: "conv-per-tensor"),
    .init(name: "depthwise-3x3"), .init(name: "depthwise-5x5-stride2"),
    .init(name: "depthwise-multiplier"), .init(name: "depthwise-dilated"), .init(name: "dense"),
    .init(name: "dense-rows"), .init(name: "dense-per-channel"),
    .init(name: "add-residual", operators: 2), .init(name: "add-self-relu"), .init(name: "mean"),
    .init(name: "mean-keep"), .init(name: "average-pool-same", operators: 0),
    .init(name: "average-pool-global", operators: 0), .init(name: "max-pool", operators: 0),
    .init(name: "pad", operators: 0), .init(name: "pad-conv"), .init(name: "softmax"),
    .init(name: "softmax-rows-beta"), .init(name: "reshape-dense"), .init(name: "conv-reshape"),
    .init(name: "float-edges", operators: 2), .init(name: "uint8-edges", operators: 2),
    .init(name: "requantize"), .init(name: "tiny-network", operators: 10),
    .init(name: "sub", operators: 2), .init(name: "sub-constant-first"),
    .init(name: "add-channels"), .init(name: "add-scalar"), .init(name: "mul", operators: 2),
    .init(name: "mul-channels", operators: 3), .init(name: "mul-pixels"),
    .init(name: "mul-scalar-large"), .init(name: "logistic"), .init(name: "hard-swish"),
    .init(name: "hard-swish-wide"), .init(name: "leaky-relu"), .init(name: "relu"),
    .init(name: "relu6"), .init(name: "concatenate-channels", operators: 0),
    .init(name: "concatenate-rows", operators: 0), .init(name: "transpose", operators: 0),
    .init(name: "channel-shuffle", operators: 0), .init(name: "transpose-6", operators: 0),
    .init(name: "slice", operators: 0), .init(name: "gather-channels", operators: 0),
    .init(name: "gather-rows", operators: 0), .init(name: "mean-channels"),
    .init(name: "mean-columns"), .init(name: "conv-groups-many"), .init(name: "conv-int4"),
    .init(name: "conv-int4-groups"), .init(name: "depthwise-int4"), .init(name: "dense-int4"),
    .init(name: "reshape-conv", operators: 2), .init(name: "excite-network", operators: 10),
  ]

  @Test(
    "Each operator differs by at most 1 step, in at most 4 % of its outputs", arguments: goldens)
  func agrees(_ golden: Golden) throws {
    let file = try ModelFile(path: goldenPath(golden.name + ".tflite"))
    let reference = try readFile(goldenPath(golden.name + ".output"))
    let answers = [reference, try? readFile(goldenPath(golden.name + ".default"))].compactMap { $0 }
    let input = try readFile(goldenPath(golden.name + ".input"))
    var digests: Set<String> = []
    for name in KernelSelection.names {
      let selection = try #require(KernelSelection(upTo: name))
      var network = try Network(file, kernels: selection)
      let actual = network.outputBytes(of: input)
      digests.insert(hexadecimal(SHA256.hash(actual)))
      for (answer, expected) in answers.enumerated() {
        let steps = differences(actual, expected, network.output)
        let worst = steps.map(abs).max() ?? 0
        let share = Double(steps.count { $0 != 0 }) / Double(steps.count)
        let kernels = answer == 0 ? "reference" : "default"
        let place = "\(golden.name) on \(name), LiteRT's \(kernels) kernels: \(worst), \(share)"
        #expect(worst <= max(golden.operators, 0), "\(place)")
        // The default kernels round some multipliers to 8 bits (LEAKY_RELU) or in float (MEAN):
        // against their own reference they differ in up to 10 % of a golden's outputs.
        let bound = answer == 0 ? 0.04 : 0.08
        let allowance = bound * Double(max(golden.operators, 1)) + 1 / Double(steps.count)
        #expect(golden.operators == 0 ? share == 0 : share <= allowance, "\(place)")
      }
    }
    #expect(digests.count == 1, "every instruction set gives the same bits")
  }

  /// Output minus reference in quantisation steps; for float32, steps of the largest difference
  /// between neighbouring values.
  private func differences(_ a: [UInt8], _ b: [UInt8], _ info: TensorInfo) -> [Int] {
    switch info.elementType {
    case .uint8:
      return zip(a, b).map { Int($0) - Int($1) }
    case .float32:
      let x = floats(a)
      let y = floats(b)
      let sorted = Array(Set(y)).sorted()
      let step = zip(sorted, sorted.dropFirst()).map { $1 - $0 }.min() ?? 1
      return zip(x, y).map { Int((($0 - $1) / step).rounded()) }
    default:
      return zip(a, b).map { Int(Int8(bitPattern: $0)) - Int(Int8(bitPattern: $1)) }
    }
  }

  private func floats(_ bytes: [UInt8]) -> [Float] {
    bytes.withUnsafeBytes { raw in
      (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
  }
}
