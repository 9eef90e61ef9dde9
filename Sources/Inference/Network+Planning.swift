import CKernels
import Model
import Tensors

extension Network {
  /// From the step that writes each arena tensor to the last one that reads it.
  static func lifetimes(_ graph: Graph, _ schedule: Schedule) -> [MemoryPlan.Lifetime] {
    var lifetimes: [Int: MemoryPlan.Lifetime] = [:]
    for (index, step) in schedule.steps.enumerated() {
      var read = step.source.inputs.dropFirst().map { schedule.root(of: $0) }
      read.append(schedule.root(of: step.input))
      for tensor in read { lifetimes[tensor]?.lastStep = index }
      let written = schedule.root(of: step.source.output)
      if !graph.outputs.contains(written) {
        lifetimes[written] = MemoryPlan.Lifetime(
          tensor: written, byteCount: graph.tensors[written].byteCount, firstStep: index,
          lastStep: index)
      }
    }
    return lifetimes.values.sorted { $0.tensor < $1.tensor }
  }

  /// 1 GiB: a hundred times what a classifier for small CPUs needs, and little enough to be had
  /// wherever one can be run at all.
  package static let maximumByteCount = 1 << 30

  /// A file of a few hundred bytes can ask for any amount of memory: nothing is allocated before
  /// this was asked.
  static func checkMemory(
    _ graph: Graph, arena: Int, scratch: Int, parameters: Int
  ) throws(InferenceError) {
    let edges = graph.tensors[graph.inputs[0]].byteCount + graph.tensors[graph.outputs[0]].byteCount
    let parts = [arena, scratch, parameters, edges]
    // A scratch size that C worked out may be near the end of Int.
    let sum = parts.reduce(0) { min($0, Int.max / 2) + min($1, Int.max / 2) }
    guard sum > maximumByteCount else { return }
    throw .unusableGraph(
      reason: "it needs \(sum) bytes of memory to run, \(arena) of them for activations; at most "
        + "\(maximumByteCount) are given")
  }

  /// Fills one piece of the parameters.
  static func write(
    _ fill: Lowering.Fill, into parameters: inout AlignedBytes, _ graph: Graph,
    _ file: borrowing ModelFile, _ read: (TensorInfo, borrowing ModelFile) -> [UInt8]
  ) {
    switch fill {
    case .weights(let offset, _, let kernel, var window, let tensor):
      let weights = read(graph.tensors[tensor], file)
      parameters.withUnsafeMutableBytes { bytes in
        weights.withUnsafeBytes { weights in
          guard let base = bytes.baseAddress, let source = weights.baseAddress else { return }
          kernel.pack(&window, source.assumingMemoryBound(to: Int8.self), base + offset)
        }
      }
    case .channels(let channels, let bias, let shift, let multiplier):
      parameters.store(channels.bias, at: bias)
      parameters.store(channels.shift, at: shift)
      parameters.store(channels.multiplier, at: multiplier)
    case .exponentials(let table, let offset):
      parameters.store(table, at: offset)
    }
  }

  /// Whether the last operator that changes values is a softmax.
  static func endsInSoftmax(_ graph: Graph) -> Bool {
    var tensor = graph.outputs[0]
    while let op = graph.operators.last(where: { $0.output == tensor }) {
      switch op.kind {
      case .softmax: return true
      case .reshape, .quantize, .dequantize: tensor = op.inputs[0]
      case .conv2D, .depthwiseConv2D, .fullyConnected, .add, .mean, .averagePool2D, .maxPool2D,
        .pad:
        return false
      }
    }
    return false
  }
}

extension AlignedBytes {
  fileprivate mutating func store<Element>(_ elements: [Element], at offset: Int) {
    withUnsafeMutableBytes { bytes in
      elements.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(rebasing: bytes[offset...].prefix($0.count))
          .copyMemory(from: $0)
      }
    }
  }
}

/// One int8 for each int4, low nibble first as TensorFlow Lite packs them.
func widenedInt4(_ bytes: UnsafeRawBufferPointer, count: Int) -> [UInt8] {
  (0..<count).map { index in
    let nibble = index % 2 == 0 ? bytes[index / 2] & 15 : bytes[index / 2] >> 4
    return UInt8(bitPattern: Int8(bitPattern: nibble << 4) >> 4)
  }
}
