import FloatGraph
import Foundation
import Inference
import Model
import Quantization
import Tensors
import Testing

/// A plan from nothing but the lowest and the highest value of each group, and weights rounded to
/// the nearest: what any real planner does better.
struct MinMaxPlanner {
  let graph: FloatGraph
  let inputQuantization: Quantization
  /// By value; constants may be missing.
  let ranges: [Int: ClosedRange<Double>]
  var bits = 8

  func plan() throws -> QuantizationPlan {
    var plan = QuantizationPlan()
    let groups = ActivationGroups(graph)
    for group in groups.representatives {
      let members = try #require(groups.members[group])
      let quantization: Quantization
      switch groups.fixed[group] {
      case .networkInput: quantization = inputQuantization
      case .probabilities: quantization = ActivationGroups.probabilities
      case nil:
        let all = try members.map { try #require(ranges[$0]) }
        var low = all.reduce(0) { min($0, $1.lowerBound) }
        var high = all.reduce(0) { max($0, $1.upperBound) }
        if let limit = groups.limits[group] {
          (low, high) = (max(low, Double(limit.minimum)), min(high, Double(limit.maximum)))
        }
        quantization = try self.quantization(low, high)
      }
      for value in members { plan.activations[value] = quantization }
    }
    for (index, node) in graph.nodes.enumerated() {
      plan.layers[index] = try layer(node, plan)
    }
    return plan
  }

  private func quantization(_ low: Double, _ high: Double) throws -> Quantization {
    guard high > low else { return try #require(Quantization(scale: 1, zeroPoint: 0)) }
    let scale = Float((high - low) / 255)
    let zeroPoint = (-128 - low / Double(scale)).rounded()
    return try #require(
      Quantization(scale: scale, zeroPoint: Int32(max(-128, min(127, zeroPoint)))))
  }

  private func layer(_ node: FloatNode, _ plan: QuantizationPlan) throws -> QuantizedLayer? {
    let (weights, bias): ([Float], [Float])
    switch node.operation {
    case .convolution(let convolution):
      (weights, bias) = (convolution.weights.elements, convolution.bias)
    case .fullyConnected(let matrix, let offsets): (weights, bias) = (matrix.elements, offsets)
    case .affine(let scale, let offset):
      let count = max(scale.count, offset.count)
      weights = (0..<count).map { scale[scale.count == 1 ? 0 : $0] }
      bias = (0..<count).map { offset[offset.count == 1 ? 0 : $0] }
    default: return nil
    }
    let input = try #require(plan.activations[node.inputs[0]])
    let limit = Float((1 << (bits - 1)) - 1)
    let depth = weights.count / bias.count
    var layer = QuantizedLayer(codes: [], scales: [], bits: bits, bias: [])
    for channel in bias.indices {
      let row = weights[channel * depth..<(channel + 1) * depth]
      // A dead channel's weights: coarse enough that its bias stays far from the end of int32.
      let least = bias[channel].magnitude / (input.scale * Float(1 << 28))
      let scale = max(max(row.map(\.magnitude).max() ?? 0, 1e-6) / limit, least)
      layer.scales.append(scale)
      layer.codes += row.map { Int8(($0 / scale).rounded()) }
      layer.bias.append(Int32((bias[channel] / (scale * input.scale)).rounded()))
    }
    return layer
  }
}

/// A ``MinMaxPlanner`` on a few random inputs, with what the definitions make of them.
struct ReferencePlanner {
  /// Inputs as int8 under `inputQuantization`, and what the float graph makes of each.
  let inputs: [[Int8]]
  let evaluations: [NaiveEvaluation]
  private let planner: MinMaxPlanner

  static var inputQuantization: Quantization {
    get throws { try #require(Quantization(scale: 1 / 64, zeroPoint: 3)) }
  }

  init(_ graph: FloatGraph, inputCount: Int = 3, bits: Int = 8) throws {
    let quantization = try ReferencePlanner.inputQuantization
    let extents = graph.inputExtents
    var random = LoweringRandom(seed: 77)
    inputs = (0..<inputCount).map { _ in
      (0..<extents.height * extents.width * extents.channels).map { _ in
        Int8(truncatingIfNeeded: random.next() >> 24)
      }
    }
    let evaluations = try inputs.map { stored in
      try NaiveEvaluation(graph, input: stored.map(quantization.real))
    }
    self.evaluations = evaluations
    var ranges: [Int: ClosedRange<Double>] = [:]
    for value in graph.values.indices {
      let all = evaluations.flatMap { $0.values[value] }
      if let low = all.min(), let high = all.max() { ranges[value] = low...high }
    }
    planner = MinMaxPlanner(
      graph: graph, inputQuantization: quantization, ranges: ranges, bits: bits)
  }

  func plan() throws -> QuantizationPlan { try planner.plan() }
}

extension Quantization {
  func real(_ stored: Int8) -> Double { Double(scale) * Double(Int32(stored) - zeroPoint) }
}

/// A lowered graph as a file that was read back.
struct LoweredFile: ~Copyable {
  let lowered: LoweredGraph
  let bytes: [UInt8]
  let file: ModelFile

  init(
    _ graph: FloatGraph, _ plan: QuantizationPlan, sizes: [ImageExtents] = [],
    description: ModelFileDescription = .init()
  ) throws {
    let lowered = try LoweredGraph(graph, plan: plan, sizes: sizes)
    let bytes = try lowered.file(description)
    var aligned = AlignedBytes(count: bytes.count)
    aligned.withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
    self.file = try ModelFile(bytes: aligned, path: "lowered.tflite")
    self.lowered = lowered
    self.bytes = bytes
  }

  /// Runs the deployed kernels, on square images of another side if one is given.
  func run(_ stored: [Int8], side: Int? = nil) throws -> [Int8] {
    var network = try Network(file, height: side, width: side)
    let input = network.input
    let output = network.output
    var from = Tensor(
      shape: input.shape, elementType: .int8, quantization: input.quantization)
    from.withUnsafeMutableBytes { $0.copyBytes(from: stored.map { UInt8(bitPattern: $0) }) }
    var to = Tensor(
      shape: output.shape, elementType: .int8, quantization: output.quantization)
    network.run(input: from, output: &to)
    return to.withUnsafeBytes { Array($0).map { Int8(bitPattern: $0) } }
  }
}

/// Signal to noise in dB.
func sqnr(_ signal: [Double], _ noisy: [Double]) -> Double {
  let power = signal.reduce(0) { $0 + $1 * $1 }
  let noise = zip(signal, noisy).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  return noise == 0 ? .infinity : 10 * log10(power / noise)
}
