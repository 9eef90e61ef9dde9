import Datasets
public import FloatGraph
public import Inference
public import Model
import Tensors

/// A model that an evaluation asks: where it comes from, and what goes into it.
///
/// It is a value that threads share; each one makes a ``ModelRunner`` of its own from it.
public struct EvaluationSubject: Sendable {
  /// Where the network is.
  enum Source: Sendable {
    /// A file, which each thread reads for itself; it must still be the one with this hash.
    case file(path: String)
    /// A file that is in memory only.
    case bytes([UInt8])
    case float(FloatProgram)
  }

  public let model: EvaluatedModel
  /// What the network gets for a picture.
  public let preprocessing: Preprocessing
  /// The input's shape `[1, H, W, C]`, element type and quantization.
  public let input: TensorInfo
  /// How many outputs it has.
  public let classCount: Int
  let source: Source
  let kernels: KernelSelection

  /// A `.tflite` file.
  ///
  /// - Parameters:
  ///   - bytes: the file's contents, where it has not been written yet; each thread reads the file
  ///     otherwise.
  ///   - size: the side of its square input; the file's own extents where nil.
  public init(
    _ file: borrowing ModelFile, bytes: [UInt8]? = nil, size: Int? = nil,
    kernels: KernelSelection = .best
  ) throws(EvaluationError) {
    let network = try plan(file, height: size, width: size, kernels)
    let image = network.input.shape.image ?? (1, 1, 1)
    input = network.input
    classCount = network.output.shape.elementCount
    preprocessing = file.preprocessing.forInput(height: image.height)
    model = EvaluatedModel(
      path: file.path, id: file.modelID, byteCount: file.fileSize, height: image.height,
      width: image.width)
    source = bytes.map { .bytes($0) } ?? .file(path: file.path)
    self.kernels = kernels
  }

  /// A float network for images of `height` x `width`.
  ///
  /// - Parameters:
  ///   - model: what to call it; its extents are replaced.
  ///   - preprocessing: what makes its input where it is the candidate. As a reference it gets the
  ///     candidate's very input, as real numbers.
  public init(
    _ program: FloatProgram, model: EvaluatedModel, height: Int, width: Int,
    preprocessing: Preprocessing
  ) throws(EvaluationError) {
    let channels = program.graph.inputExtents.channels
    guard let shape = Shape([1, height, width, channels]) else {
      throw .model(path: model.path, reason: "no network takes an input of \(width)x\(height)")
    }
    var model = model
    (model.height, model.width) = (height, width)
    let executor = try running(model.path) { () throws(FloatGraphError) in
      try FloatExecutor(program, height: height, width: width)
    }
    classCount = executor.outputShape.reduce(1, *)
    input = TensorInfo(
      index: 0, name: program.graph.values[program.graph.input].name, shape: shape,
      elementType: .float32, quantization: nil, constant: nil)
    self.model = model
    self.preprocessing = preprocessing
    source = .float(program)
    kernels = .best
  }
}

/// One thread's network.
struct ModelRunner: ~Copyable {
  private var network: Network?
  private var executor: FloatExecutor?
  private var output: Tensor?
  private let areProbabilities: Bool

  init(_ subject: EvaluationSubject) throws(EvaluationError) {
    switch subject.source {
    case .file(let path):
      let file = try running(path) { () throws(ModelError) in try ModelFile(path: path) }
      guard file.modelID == subject.model.id else {
        throw .model(path: path, reason: "the file was changed while it was evaluated")
      }
      self = try ModelRunner(
        plan(file, height: subject.model.height, width: subject.model.width, subject.kernels))
    case .bytes(let bytes):
      let path = subject.model.path
      let file = try running(path) { () throws(ModelError) in
        var copy = AlignedBytes(count: bytes.count)
        copy.withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
        return try ModelFile(bytes: copy, path: path)
      }
      self = try ModelRunner(
        plan(file, height: subject.model.height, width: subject.model.width, subject.kernels))
    case .float(let program):
      self.init(
        try running(subject.model.path) { () throws(FloatGraphError) in
          try FloatExecutor(program, height: subject.model.height, width: subject.model.width)
        })
    }
  }

  private init(_ network: consuming Network) {
    output = Tensor(
      shape: network.output.shape, elementType: network.output.elementType,
      quantization: network.output.quantization)
    areProbabilities = network.outputIsProbability
    self.network = consume network
    executor = nil
  }

  private init(_ executor: consuming FloatExecutor) {
    let graph = executor.program.graph
    areProbabilities =
      graph.nodes.last { $0.output == graph.output }.map {
        if case .softmax = $0.operation { true } else { false }
      } ?? false
    self.executor = consume executor
    network = nil
    output = nil
  }

  /// The answer to the frame that `reader` read last.
  ///
  /// - Parameter elements: that frame's input in real numbers.
  mutating func run(_ reader: borrowing FrameReader, _ elements: [Float]) -> ModelOutput {
    if executor != nil {
      return ModelOutput(
        executor?.run(input: elements) ?? [], areProbabilities: areProbabilities)
    }
    guard var output = output.take(), var network = network.take() else {
      preconditionFailure("a runner has a network")
    }
    network.run(input: reader.input, output: &output)
    let values = network.realOutputs(output).map { Float($0) }
    self.output = consume output
    self.network = consume network
    return ModelOutput(values, areProbabilities: areProbabilities)
  }
}

/// Plans a file's network.
private func plan(
  _ file: borrowing ModelFile, height: Int?, width: Int?, _ kernels: KernelSelection
) throws(EvaluationError) -> Network {
  do {
    return try Network(file, height: height, width: width, kernels: kernels)
  } catch {
    throw .model(path: file.path, reason: "\(error)")
  }
}

/// Runs a step that concerns the file at `path`; what it throws names that file.
private func running<R: ~Copyable, Failure: Error>(
  _ path: String, _ body: () throws(Failure) -> R
) throws(EvaluationError) -> R {
  do {
    return try body()
  } catch {
    // A model's own errors begin with its path.
    let text = "\(error)"
    let prefix = path + ": "
    throw .model(
      path: path, reason: text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text)
  }
}
