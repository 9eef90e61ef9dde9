import FloatGraph
import Foundation
import Tensors

/// The quantisation noise at each node's output, against the float network on the same frames: of
/// the node alone, and of everything up to it.
struct LayerNoise {
  let graph: FloatGraph
  let plan: QuantizationPlan
  let size: ImageExtents
  let frames: [CalibrationStore.Frame]
  let input: Quantization

  /// A few frames tell a layer's noise to a tenth of a decibel or two.
  static let frameCount = 8

  /// By node, in dB; absent where nothing could be compared.
  struct Figures {
    var alone: [Int: Double] = [:]
    var accumulated: [Int: Double] = [:]
  }

  private struct Power {
    var signal = 0.0
    var noise = 0.0

    var decibels: Double? {
      signal > 0 ? (noise > 0 ? 10 * log10(signal / noise) : 120) : nil
    }

    mutating func add(_ real: Float, _ stored: Float) {
      let difference = Double(real) - Double(stored)
      signal += Double(real) * Double(real)
      noise += difference * difference
    }
  }

  func measured(isCancelled: () -> Bool) throws(QuantizationError) -> Figures {
    let network = try DeployedNetwork(graph, plan: plan, sizes: [size])
    let runner = try network.runner()
    let nodeOfTensor = Dictionary(
      graph.nodes.indices.compactMap { index in
        network.tensorOfValue[0][graph.nodes[index].output].map { ($0, index) }
      }, uniquingKeysWith: { first, _ in first })
    let shapes = try graph.checkedShapes(size)
    var executor: FloatExecutor
    do {
      executor = try FloatExecutor(graph, height: size.height, width: size.width)
    } catch {
      throw QuantizationError(error)
    }
    var accumulated = [Power](repeating: Power(), count: graph.nodes.count)
    var alone = accumulated
    for frame in frames {
      if isCancelled() { throw .cancelled }
      var floats = [[Float]](repeating: [], count: graph.values.count)
      let image = frame.inputs[0].map { input.scale * Float(Int32($0) - input.zeroPoint) }
      _ = executor.run(input: image) { value, elements in floats[value] = Array(elements) }
      _ = runner.answer(frame.inputs[0], size: 0) { tensor, bytes in
        guard let node = nodeOfTensor[tensor],
          let map = plan.activations[graph.nodes[node].output]
        else { return }
        let reals = floats[graph.nodes[node].output]
        guard reals.count == bytes.count else { return }
        for (index, byte) in bytes.enumerated() {
          let stored = Int32(Int8(bitPattern: byte))
          accumulated[node].add(reals[index], map.scale * Float(stored - map.zeroPoint))
        }
      }
      for (index, node) in graph.nodes.enumerated() {
        guard let map = plan.activations[node.output] else { continue }
        let own = try outputAlone(index, floats[node.inputs[0]], shapes[node.inputs[0]])
        for (real, computed) in zip(floats[node.output], own ?? floats[node.output]) {
          let stored = Int32(map.stored(computed))
          alone[index].add(real, map.scale * Float(stored - map.zeroPoint))
        }
      }
    }
    var figures = Figures()
    for index in graph.nodes.indices {
      figures.accumulated[index] = accumulated[index].decibels
      figures.alone[index] = alone[index].decibels
    }
    return figures
  }

  /// What the node computes from float inputs with its integer weights; nil for nodes without.
  private func outputAlone(
    _ index: Int, _ input: [Float], _ shape: [Int]
  ) throws(QuantizationError) -> [Float]? {
    guard let layer = plan.layers[index],
      let inputScale = plan.activations[graph.nodes[index].inputs[0]]?.scale
    else { return nil }
    var node = graph.nodes[index]
    let inner = layer.codes.count / layer.scales.count
    let weights = layer.codes.indices.map { layer.scales[$0 / inner] * Float(layer.codes[$0]) }
    let bias = layer.bias.indices.map { layer.scales[$0] * inputScale * Float(layer.bias[$0]) }
    switch node.operation {
    case .convolution(var convolution):
      convolution.weights = FloatArray(shape: convolution.weights.shape, elements: weights)
      convolution.bias = bias
      node.operation = .convolution(convolution)
    case .fullyConnected(let matrix, _):
      node.operation = .fullyConnected(
        weights: FloatArray(shape: matrix.shape, elements: weights), bias: bias)
    case .affine: node.operation = .affine(scale: weights, offset: bias)
    default: return nil
    }
    // An image of the same elements: a fully connected layer looks at the last axis only.
    let extents =
      shape.count == 4
      ? ImageExtents(height: shape[1], width: shape[2], channels: shape[3])
      : ImageExtents(
        height: 1, width: shape.dropLast().reduce(1, *), channels: shape.last ?? 1)
    node.inputs = [0]
    node.output = 1
    let single = FloatGraph(
      name: node.name, values: [FloatValue(name: "input"), FloatValue(name: "output")],
      nodes: [node], input: 0, output: 1, inputExtents: extents)
    do {
      var executor = try FloatExecutor(single, height: extents.height, width: extents.width)
      return executor.run(input: input)
    } catch {
      throw QuantizationError(error)
    }
  }
}
