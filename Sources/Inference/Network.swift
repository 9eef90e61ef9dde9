public import Model
public import Tensors

/// A model that is ready to run: planned, its weights packed for this CPU, all memory in hand.
///
/// Loading throws; running cannot fail and allocates nothing. One network serves one thread.
public struct Network: ~Copyable {
  /// The input tensor's shape, element type and quantization.
  public let input: TensorInfo
  /// The output tensor's shape, element type and quantization.
  public let output: TensorInfo
  /// SHA-256 of the model file, 64 hexadecimal digits.
  public let modelID: String
  /// Multiply-accumulate operations of one run.
  public let macCount: Int
  /// The highest instruction set that a kernel in use needs: "scalar", "avx2", "neon".
  public let isaName: String
  /// Whether the outputs are probabilities: the graph ends in a softmax.
  public let outputIsProbability: Bool
  /// The operators as they run: position in the file, kernel, output tensor.
  public let steps: [StepDescription]

  private let plan: [PlannedStep]
  private var arena: AlignedBytes
  private var scratch: AlignedBytes
  private let parameters: AlignedBytes
  private let team: ThreadTeam
  private let scratchByteCount: Int

  /// What a step is, for tables.
  public struct StepDescription: Sendable {
    public let operatorIndex: Int
    public let kernelName: String
    /// Index of the tensor that it writes.
    public let tensor: Int
  }

  /// Plans `file`'s graph, for its own input size or another one. The file is not needed
  /// afterwards.
  ///
  /// - Parameters:
  ///   - height: the input's rows; nil for those that the file states. ``input`` has the result.
  ///   - width: the input's columns, likewise.
  ///   - kernels: which instruction sets may be used; all that the CPU has by default.
  ///   - threads: how many compute together, the caller's included. The result is the same.
  /// - Throws: ``InferenceError`` if the graph is not one that our kernels can run.
  public init(
    _ file: borrowing ModelFile, height: Int? = nil, width: Int? = nil,
    kernels: KernelSelection = .best, threads: Int = 1
  ) throws(InferenceError) {
    let plan = try NetworkPlan(
      file, graph: try file.graph(height, width), kernels: kernels, threads: threads)
    input = plan.input
    output = plan.output
    modelID = file.modelID
    macCount = plan.macCount
    isaName = plan.isaName
    outputIsProbability = plan.outputIsProbability
    steps = plan.descriptions
    self.plan = plan.steps
    parameters = plan.packedParameters(file)
    arena = AlignedBytes(count: plan.arenaByteCount)
    let team = ThreadTeam(count: threads) { address, index in SharedStep.run(at: address, index) }
    scratchByteCount = plan.scratchByteCount
    scratch = AlignedBytes(count: scratchByteCount * team.count)
    self.team = team
  }

  /// How many threads compute together, the caller's included.
  public var threadCount: Int { team.count }

  /// Bytes that hold activations while it runs.
  public var arenaByteCount: Int { arena.count }
  /// Bytes of packed weights and tables.
  public var parameterByteCount: Int { parameters.count }

  /// Computes `output` from `input`.
  ///
  /// Both must have the shapes and element types of ``input`` and ``output``.
  public mutating func run(input: borrowing Tensor, output: inout Tensor) {
    run(input: input, output: &output) { _, _ in }
  }

  /// As above, with a look at each operator's output right after it was computed; what
  /// `observe` changes there, the operators that follow read.
  ///
  /// - Parameter observe: gets the tensor's index and its bytes, valid during the call.
  public mutating func run(
    input: borrowing Tensor, output: inout Tensor,
    observe: (Int, UnsafeMutableRawBufferPointer) -> Void
  ) {
    precondition(
      input.byteCount == self.input.byteCount && input.elementType == self.input.elementType,
      "the input tensor is not the network's")
    precondition(
      output.byteCount == self.output.byteCount && output.elementType == self.output.elementType,
      "the output tensor is not the network's")
    let plan = plan
    input.withUnsafeBytes { input in
      output.withUnsafeMutableBytes { output in
        arena.withUnsafeMutableBytes { arena in
          scratch.withUnsafeMutableBytes { scratch in
            parameters.withUnsafeBytes { parameters in
              guard let input = input.baseAddress, let output = output.baseAddress,
                let arena = arena.baseAddress, let scratch = scratch.baseAddress,
                let parameters = parameters.baseAddress
              else { return }
              let memory = PlannedStep.Memory(
                input: input, output: output, arena: arena, parameters: parameters,
                scratch: scratch, scratchByteCount: scratchByteCount)
              // Not `for step in plan`: without optimisation its iterator allocates for each step.
              var index = 0
              while index < plan.count {
                let step = plan[index]
                index += 1
                if team.count > 1, step.isShared {
                  var shared = SharedStep(step: step, memory: memory, count: team.count)
                  withUnsafePointer(to: &shared) { team.run($0) }
                } else {
                  step.run(in: memory)
                }
                guard step.completesOperator else { continue }
                observe(
                  step.tensor,
                  UnsafeMutableRawBufferPointer(
                    start: memory.destination(step.destination), count: step.tensorByteCount))
              }
            }
          }
        }
      }
    }
  }
}

/// A step that the threads of a team compute together: what each of them needs to know.
private struct SharedStep {
  let step: PlannedStep
  let memory: PlannedStep.Memory
  let count: Int

  /// Computes one share of the `SharedStep` at `address`.
  static func run(at address: UInt, _ index: Int) {
    guard let pointer = UnsafePointer<SharedStep>(bitPattern: address) else { return }
    pointer.pointee.step.runShare(index, of: pointer.pointee.count, in: pointer.pointee.memory)
  }
}
