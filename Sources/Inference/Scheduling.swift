import Model

/// The order and the aliases of a graph's operators once those that need no work of their own are
/// gone: a RESHAPE is another name for its input, a PAD before a convolution is part of its window.
struct Schedule: Sendable {
  /// One operator that stays, reading and writing root tensors (see ``root(of:)``).
  struct Step: Sendable {
    var source: Operator
    /// The tensor that holds the activation it reads: for a folded PAD, the PAD's own input.
    var input: Int
    /// The tensor whose shape that activation is read with: `input`'s, unless a RESHAPE gave it
    /// another name.
    var view: Int
    /// Rows and columns that a folded PAD adds above and to the left.
    var extraTop = 0
    var extraLeft = 0

    /// The tensors that kernel call `index` of this step reads, the same one twice where it reads
    /// one.
    func operands(of index: Int) -> (first: Int, second: Int) {
      switch source.kind {
      case .add, .sub, .mul: (input, source.inputs[1])
      case .concatenation: (source.inputs[index], source.inputs[index])
      case .conv2D, .depthwiseConv2D, .fullyConnected, .mean, .averagePool2D, .maxPool2D, .pad,
        .softmax, .logistic, .hardSwish, .leakyRelu, .activation, .reshape, .transpose,
        .stridedSlice, .gather, .quantize, .dequantize:
        (input, input)
      }
    }
  }

  private(set) var steps: [Step] = []
  private var aliases: [Int: Int] = [:]

  /// The tensor whose memory `tensor` shares; itself for most.
  func root(of tensor: Int) -> Int {
    var tensor = tensor
    while let next = aliases[tensor] { tensor = next }
    return tensor
  }

  init(_ graph: Graph) {
    let readers = Schedule.readers(of: graph)
    var folded: [Int: Operator] = [:]
    for op in graph.operators {
      switch op.kind {
      case .reshape where !graph.inputs.contains(root(of: op.inputs[0])):
        // The reshape's output takes the name of the tensor it comes from, or, where it is the
        // graph's output, the other way round, so that the producer writes there directly.
        let from = root(of: op.inputs[0])
        if graph.outputs.contains(op.output), readers[from] == 1,
          !graph.outputs.contains(from)
        {
          renameRoot(from, to: op.output)
        } else if graph.outputs.contains(op.output) {
          steps.append(Step(source: op, input: from, view: op.inputs[0]))
        } else {
          aliases[op.output] = from
        }
      case .pad(let before, let after)
      where Schedule.isSpatial(before, after) && readers[op.output] == 1
        && !graph.outputs.contains(op.output)
        && Schedule.soleReaderFoldsPadding(graph, of: op.output):
        folded[op.output] = op
      case .conv2D, .depthwiseConv2D:
        if let pad = folded[op.inputs[0]], case .pad(let before, _) = pad.kind {
          steps.append(
            Step(
              source: op, input: root(of: pad.inputs[0]), view: pad.inputs[0],
              extraTop: before[1], extraLeft: before[2]))
        } else {
          steps.append(Step(source: op, input: root(of: op.inputs[0]), view: op.inputs[0]))
        }
      case .fullyConnected, .add, .sub, .mul, .mean, .averagePool2D, .maxPool2D, .pad,
        .concatenation, .softmax, .logistic, .hardSwish, .leakyRelu, .activation, .reshape,
        .transpose, .stridedSlice, .gather, .quantize, .dequantize:
        steps.append(Step(source: op, input: root(of: op.inputs[0]), view: op.inputs[0]))
      }
    }
  }

  private mutating func renameRoot(_ old: Int, to new: Int) {
    aliases[old] = new
    for i in steps.indices where steps[i].input == old { steps[i].input = new }
  }

  /// How many operators read each tensor.
  private static func readers(of graph: Graph) -> [Int: Int] {
    var count: [Int: Int] = [:]
    for op in graph.operators { for tensor in op.inputs { count[tensor, default: 0] += 1 } }
    return count
  }

  private static func isSpatial(_ before: [Int], _ after: [Int]) -> Bool {
    before.count == 4 && before[0] == 0 && before[3] == 0 && after[0] == 0 && after[3] == 0
  }

  private static func soleReaderFoldsPadding(_ graph: Graph, of tensor: Int) -> Bool {
    graph.operators.contains { op in
      guard op.inputs.first == tensor else { return false }
      switch op.kind {
      case .conv2D, .depthwiseConv2D: return true
      case .fullyConnected, .add, .sub, .mul, .mean, .averagePool2D, .maxPool2D, .pad,
        .concatenation, .softmax, .logistic, .hardSwish, .leakyRelu, .activation, .reshape,
        .transpose, .stridedSlice, .gather, .quantize, .dequantize:
        return false
      }
    }
  }
}
