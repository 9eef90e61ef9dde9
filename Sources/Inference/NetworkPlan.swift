import CKernels
import Model
import Tensors

/// Everything about a network that is worked out before memory is taken: the steps, where each
/// activation lies, and what the packed parameters will hold.
package struct NetworkPlan {
  let input: TensorInfo
  let output: TensorInfo
  let steps: [PlannedStep]
  let descriptions: [Network.StepDescription]
  /// Bytes of activations.
  let arenaByteCount: Int
  /// Bytes of one thread's scratch, rounded up so that areas can follow each other.
  let scratchByteCount: Int
  /// The highest instruction set that a kernel in use needs.
  let isaName: String
  /// Whether the last operator that changes values is a softmax.
  let outputIsProbability: Bool
  /// Multiply-accumulate operations of one run.
  var macCount: Int { graph.macCount }

  private let graph: Graph
  private let parameterByteCount: Int
  private let fills: [Lowering.Fill]

  /// 1 GiB: a hundred times what a classifier for small CPUs needs, and little enough to be had
  /// wherever one can be run at all.
  package static let maximumByteCount = 1 << 30

  init(
    _ file: borrowing ModelFile, graph: Graph, kernels: KernelSelection, threads: Int
  ) throws(InferenceError) {
    guard graph.inputs.count == 1, graph.outputs.count == 1 else {
      throw .unusableGraph(
        reason: "it has \(graph.inputs.count) inputs and \(graph.outputs.count) outputs; "
          + "a classifier has one of each")
    }
    let schedule = Schedule(graph)
    guard !schedule.steps.isEmpty else {
      throw .unusableGraph(reason: "it has no operator that computes anything")
    }
    guard
      schedule.steps.contains(where: { schedule.root(of: $0.source.output) == graph.outputs[0] })
    else { throw .unusableGraph(reason: "no operator writes its output") }
    let memory = MemoryPlan(NetworkPlan.lifetimes(graph, schedule))
    let places = Places(graph: graph, schedule: schedule, memory: memory)

    var lowering = Lowering(graph: graph, schedule: schedule, isaMask: kernels.mask)
    var steps: [PlannedStep] = []
    var descriptions: [Network.StepDescription] = []
    for step in schedule.steps {
      // The constants that a step needs are read here, so that `Lowering` needs no file.
      var constants: [Int: [UInt8]] = [:]
      for tensor in step.source.inputs where graph.tensors[tensor].isConstant {
        constants[tensor] = file.elements(of: graph.tensors[tensor])
      }
      let kernels = try lowering.kernels(for: step) { constants[$0.index] ?? [] }
      let offsets = lowering.constantOffsets
      let output = schedule.root(of: step.source.output)
      for (index, kernel) in kernels.enumerated() {
        let operands = step.operands(of: index)
        steps.append(
          PlannedStep(
            kernel: kernel, first: try places.location(of: operands.first, constants: offsets),
            second: try places.location(of: operands.second, constants: offsets),
            destination: try places.location(of: output), tensor: output,
            tensorByteCount: graph.tensors[output].byteCount, operatorIndex: step.source.index,
            completesOperator: index == kernels.count - 1))
      }
      descriptions.append(
        Network.StepDescription(
          operatorIndex: step.source.index, kernelName: lowering.kernelNames.last ?? "",
          tensor: output))
    }

    self.graph = graph
    input = graph.tensors[graph.inputs[0]]
    output = graph.tensors[graph.outputs[0]]
    self.steps = steps
    self.descriptions = descriptions
    arenaByteCount = memory.byteCount
    // A scratch size that C worked out may be near the end of Int.
    scratchByteCount = MemoryPlan.alignedUp(
      min(lowering.scratchByteCount, 2 * NetworkPlan.maximumByteCount))
    isaName = String(cString: vd_isa_name(lowering.highestISA))
    outputIsProbability = NetworkPlan.endsInSoftmax(graph)
    parameterByteCount = lowering.parameterByteCount
    fills = lowering.fills
    try checkMemory(threads: threads)
  }

  /// A file of a few hundred bytes can ask for any amount of memory: nothing is allocated before
  /// this was asked.
  private func checkMemory(threads: Int) throws(InferenceError) {
    let sum =
      arenaByteCount + scratchByteCount * threads + parameterByteCount + input.byteCount
      + output.byteCount
    guard sum > NetworkPlan.maximumByteCount else { return }
    throw .unusableGraph(
      reason: "it needs \(sum) bytes of memory to run, \(arenaByteCount) of them for activations; "
        + "at most \(NetworkPlan.maximumByteCount) are given")
  }

  /// From the step that writes each arena tensor to the last one that reads it.
  private static func lifetimes(
    _ graph: Graph, _ schedule: Schedule
  ) -> [MemoryPlan.Lifetime] {
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

  private static func endsInSoftmax(_ graph: Graph) -> Bool {
    var tensor = graph.outputs[0]
    while let op = graph.operators.last(where: { $0.output == tensor }) {
      switch op.kind {
      case .softmax: return true
      case .reshape, .quantize, .dequantize: tensor = op.inputs[0]
      case .conv2D, .depthwiseConv2D, .fullyConnected, .add, .sub, .mul, .mean, .averagePool2D,
        .maxPool2D, .pad, .concatenation, .logistic, .hardSwish, .leakyRelu, .activation,
        .transpose, .stridedSlice, .gather:
        return false
      }
    }
    return false
  }

  /// Where tensors lie.
  private struct Places {
    let graph: Graph
    let schedule: Schedule
    let memory: MemoryPlan

    func location(
      of tensor: Int, constants: [Int: Int] = [:]
    ) throws(InferenceError) -> PlannedStep.Location {
      if let offset = constants[tensor] { return .parameters(offset) }
      let root = schedule.root(of: tensor)
      if root == graph.inputs[0] { return .input }
      if root == graph.outputs[0] { return .output }
      if let offset = memory.offsets[root] { return .arena(offset) }
      throw .unusableGraph(
        reason: "tensor \(tensor) ('\(graph.tensors[tensor].name)') is never written")
    }
  }
}

// MARK: - The parameters

extension NetworkPlan {
  /// The weights as each kernel packs them, the biases, shifts and multipliers, and the tables.
  func packedParameters(_ file: borrowing ModelFile) -> AlignedBytes {
    var parameters = AlignedBytes(count: parameterByteCount)
    for fill in fills {
      switch fill {
      case .weights(let offset, let kernel, var window, let tensor):
        let weights = file.elements(of: graph.tensors[tensor])
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
      case .table(let table, let offset):
        parameters.store(table, at: offset)
      case .indices(let indices, let offset):
        parameters.store(indices, at: offset)
      case .constant(let tensor, let offset):
        parameters.store(file.elements(of: graph.tensors[tensor]), at: offset)
      }
    }
    return parameters
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

extension ModelFile {
  /// The graph for an input of this size, where one is given.
  borrowing func graph(_ height: Int?, _ width: Int?) throws(InferenceError) -> Graph {
    let own = graph.inputs.first.flatMap { graph.tensors[$0].shape.image }
    guard height != nil || width != nil else { return graph }
    let (height, width) = (height ?? own?.height ?? 0, width ?? own?.width ?? 0)
    do {
      return try graph(height: height, width: width)
    } catch {
      switch error {
      case .unsuitableSize(_, _, _, let index, let name, let why):
        throw .unsuitableSize(
          height: height, width: width, reason: "operator \(index) (\(name)): \(why)")
      case .invalidGraph(_, let why): throw .unusableGraph(reason: why)
      default: throw .unusableGraph(reason: "\(error)")
      }
    }
  }

  /// A copy of a constant's elements; one int8 for each int4, low nibble first as TensorFlow Lite
  /// packs them.
  fileprivate borrowing func elements(of tensor: TensorInfo) -> [UInt8] {
    withConstant(of: tensor) { bytes in
      guard tensor.elementType == .int4 else { return Array(bytes) }
      return (0..<tensor.shape.elementCount).map { index in
        let nibble = index % 2 == 0 ? bytes[index / 2] & 15 : bytes[index / 2] >> 4
        return UInt8(bitPattern: Int8(bitPattern: nibble << 4) >> 4)
      }
    }
  }
}
