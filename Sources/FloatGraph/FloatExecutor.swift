import CFloat
import Tensors

/// Runs a ``FloatGraph`` on one image size, in float, on the calling thread.
///
/// The same input gives the same bits on every CPU. Memory for all activations is planned and
/// allocated when it is made (a buffer is used again after its last reader); ``run`` allocates
/// nothing but its result. An executor belongs to one thread; several may share one
/// ``FloatProgram`` and run side by side.
public struct FloatExecutor: ~Copyable {
  public let program: FloatProgram
  /// By value; empty for what nothing computes.
  public let shapes: [[Int]]
  private let steps: [FloatStep]
  private let offsets: [Int?]
  private let scratchOffset: Int
  private let instructionSet: vd_float_isa
  private var memory: AlignedBytes

  /// 2 GiB of floats: many times what an image classifier needs.
  static let maximumCount = 1 << 29

  /// An executor with weights of its own. Throws ``FloatGraphError`` where the graph does not
  /// take images of this size.
  public init(_ graph: FloatGraph, height: Int, width: Int) throws(FloatGraphError) {
    try self.init(FloatProgram(graph), height: height, width: width)
  }

  /// An executor that shares the program's weights.
  public init(_ program: FloatProgram, height: Int, width: Int) throws(FloatGraphError) {
    try self.init(
      program, height: height, width: width, instructionSet: Int(vd_float_best_isa().rawValue))
  }

  /// With the kernels of a certain instruction set (the raw value of `vd_float_isa`), which the CPU
  /// must have: for tests of their equality.
  package init(
    _ program: FloatProgram, height: Int, width: Int, instructionSet: Int
  ) throws(FloatGraphError) {
    let graph = program.graph
    let shapes = try graph.shapes(height: height, width: width)
    let steps = graph.nodes.map { FloatStep($0, shapes: shapes) }
    let constants = graph.constantOperands
    let plan = ActivationPlan(
      graph.lifetimes(shapes: shapes, constants: constants), valueCount: graph.values.count)
    let count = plan.count + (steps.map(\.scratchCount).max() ?? 0)
    guard count <= FloatExecutor.maximumCount else {
      throw .invalidGraph(
        reason: "at \(width)x\(height) it needs \(count) floats at a time; the most that is taken "
          + "is \(FloatExecutor.maximumCount)")
    }
    self.program = program
    self.shapes = shapes
    self.steps = steps
    offsets = plan.offsets
    scratchOffset = plan.count
    self.instructionSet = vd_float_isa(rawValue: UInt32(instructionSet))
    memory = AlignedBytes(count: count * MemoryLayout<Float>.stride)
    let offsets = plan.offsets
    memory.withUnsafeMutableBytes { bytes in
      let floats = bytes.bindMemory(to: Float.self)
      for value in constants {
        guard let constant = graph.values[value].constant, let offset = offsets[value] else {
          continue
        }
        _ = UnsafeMutableBufferPointer(rebasing: floats[offset...])
          .update(fromContentsOf: constant.elements)
      }
    }
  }

  /// The shape of the answer.
  public var outputShape: [Int] { shapes[program.graph.output] }

  /// Runs the graph on an image `[1, height, width, channels]` and returns the elements of its
  /// output.
  ///
  /// `observe` is called with the input and then, after each node, with its output: a value's index
  /// and its elements, which it may read during the call only. An input with another number of
  /// elements is a programmer's error.
  public mutating func run(
    input: UnsafeBufferPointer<Float>,
    observe: (_ value: Int, _ elements: UnsafeBufferPointer<Float>) -> Void = { _, _ in }
  ) -> [Float] {
    let graph = program.graph
    let inputCount = shapes[graph.input].reduce(1, *)
    precondition(input.count == inputCount, "the input does not fill the network's input")
    let (steps, weights, offsets) = (self.steps, program.weights, self.offsets)
    let (scratchOffset, instructionSet) = (self.scratchOffset, self.instructionSet)
    let outputCount = outputShape.reduce(1, *)
    return memory.withUnsafeMutableBytes { bytes in
      let floats = bytes.bindMemory(to: Float.self)
      guard let base = floats.baseAddress, let source = input.baseAddress else { return [] }
      let arena = FloatArena(
        base: base, offsets: offsets, scratch: base + scratchOffset,
        instructionSet: instructionSet)
      let image = arena.pointer(graph.input)
      image.update(from: source, count: inputCount)
      observe(graph.input, UnsafeBufferPointer(start: image, count: inputCount))
      for (index, step) in steps.enumerated() {
        step.run(arena, weights[index], clip: graph.nodes[index].clip)
        observe(
          step.output,
          UnsafeBufferPointer(start: arena.pointer(step.output), count: step.outputCount))
      }
      return Array(UnsafeBufferPointer(start: arena.pointer(graph.output), count: outputCount))
    }
  }

  /// The same with an array.
  public mutating func run(
    input: [Float],
    observe: (_ value: Int, _ elements: UnsafeBufferPointer<Float>) -> Void = { _, _ in }
  ) -> [Float] {
    input.withUnsafeBufferPointer { run(input: $0, observe: observe) }
  }
}

extension FloatGraph {
  /// The constants that nodes read as operands, or that are the output; ascending.
  fileprivate var constantOperands: [Int] {
    Set(nodes.flatMap(\.inputs) + [output]).filter { values[$0].constant != nil }.sorted()
  }

  /// Constants and the output live to the end.
  fileprivate func lifetimes(
    shapes: [[Int]], constants: [Int]
  ) -> [ActivationPlan.Lifetime] {
    var lastReader: [Int] = Array(repeating: -1, count: values.count)
    for (step, node) in nodes.enumerated() {
      for value in node.inputs { lastReader[value] = step }
    }
    lastReader[output] = nodes.count
    var lifetimes = (constants + [input]).map { value in
      ActivationPlan.Lifetime(
        value: value, count: shapes[value].reduce(1, *), firstStep: -1,
        lastStep: values[value].constant == nil ? lastReader[value] : nodes.count)
    }
    for (step, node) in nodes.enumerated() {
      lifetimes.append(
        ActivationPlan.Lifetime(
          value: node.output, count: shapes[node.output].reduce(1, *), firstStep: step,
          lastStep: max(step, lastReader[node.output])))
    }
    return lifetimes
  }
}
