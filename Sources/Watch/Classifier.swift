import Frames
public import Inference
public import Model
public import Tensors
public import Vision

/// One frame's way from JPEG bytes to labels: decode, preprocess, infer, name. The same for the
/// service and the command line.
///
/// Loading throws; after that every buffer is there and a frame either gives a detection or an
/// error that belongs to that frame alone. For use by one thread at a time.
public struct Classifier: ~Copyable {
  /// What to load and how.
  public struct Settings: Sendable, Hashable {
    public var modelPath: String
    /// A file of labels that replaces the model's own.
    public var labelsPath: String?
    /// Replaces the crop that the model asks for.
    public var crop: CropChoice
    /// How many candidates a detection keeps.
    public var candidateCount: Int
    public var limits: DecodeLimits
    public var kernels: KernelSelection

    public init(
      modelPath: String, labelsPath: String? = nil, crop: CropChoice = .model,
      candidateCount: Int = 5, limits: DecodeLimits = DecodeLimits(),
      kernels: KernelSelection = .best
    ) {
      self.modelPath = modelPath
      self.labelsPath = labelsPath
      self.crop = crop
      self.candidateCount = candidateCount
      self.limits = limits
      self.kernels = kernels
    }
  }

  /// Which part of the picture the network sees.
  public enum CropChoice: Sendable, Hashable {
    /// As the model's metadata says.
    case model
    /// The central square, S / (S + 32) of the shorter side for an input of S.
    case center
    /// All of it, squeezed into the input's shape.
    case whole
  }

  public let model: ModelDescription
  private let labels: [String]?
  private let candidateCount: Int
  private var decoder: JPEGDecoder
  private var pixels: PixelBuffer
  private var preprocessor: Preprocessor
  private var network: Network
  private var input: Tensor
  private var output: Tensor

  /// Reads, checks and plans the model.
  public init(_ settings: Settings) throws(WatchError) {
    let path = settings.modelPath
    let file = try loading(path) { try ModelFile(path: path, labelsPath: settings.labelsPath) }
    let network = try loading(path) { try Network(file, kernels: settings.kernels) }
    let inputInfo = network.input
    let preprocessing = settings.crop.applied(to: file.preprocessing, input: inputInfo)
    let preprocessor = try loading(path) { try Preprocessor(preprocessing, input: inputInfo) }
    let decoder = try loading(path) { try JPEGDecoder(limits: settings.limits) }
    model = ModelDescription(file, network)
    labels = file.labels
    input = Tensor(network.input)
    output = Tensor(network.output)
    pixels = PixelBuffer()
    self.network = network
    self.preprocessor = preprocessor
    self.decoder = decoder
    candidateCount = settings.candidateCount
  }

  /// Decodes and classifies one JPEG.
  ///
  /// - Parameter digest: whether to work out ``Detection/outputDigest`` as well.
  public mutating func classify(
    _ bytes: UnsafeRawBufferPointer, digest: Bool = false
  ) -> FrameOutcome {
    let start = MonotonicTime.now()
    let info: DecodeInfo
    do throws(VisionError) {
      info = try preprocess(bytes)
    } catch {
      return .failed(FrameRefusal(code: error.code, detail: error.message))
    }
    let decoded = MonotonicTime.now()
    network.run(input: input, output: &output)
    let inferred = MonotonicTime.now()
    let candidates = network.topClasses(candidateCount, of: output).map { score in
      Detection.Candidate(
        index: score.index, label: labels?[score.index] ?? "class \(score.index)",
        score: score.score)
    }
    return .decided(
      Detection(
        candidates: candidates, width: info.width, height: info.height,
        decodeTime: decoded - start, inferTime: inferred - decoded,
        outputDigest: digest
          ? output.withUnsafeBytes { hexadecimal(SHA256.hash($0)) } : nil))
  }

  /// Makes the network's input of one JPEG and lends its bytes.
  public mutating func withPreprocessed<R>(
    _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> R
  ) throws(VisionError) -> R {
    _ = try preprocess(bytes)
    return input.withUnsafeBytes(body)
  }

  private mutating func preprocess(
    _ bytes: UnsafeRawBufferPointer
  ) throws(VisionError) -> DecodeInfo {
    let info = try decoder.decode(bytes, for: preprocessor.target, into: &pixels)
    preprocessor.run(pixels, info, into: &input)
    return info
  }
}

/// Runs one step of loading a model; what it throws becomes a ``WatchError`` that names the file.
private func loading<R: ~Copyable>(
  _ path: String, _ body: () throws -> R
) throws(WatchError) -> R {
  do {
    return try body()
  } catch let error as VisionError {
    throw .model(path: path, reason: error.message)
  } catch {
    throw .model(path: path, reason: "\(error)")
  }
}

extension Classifier.CropChoice {
  /// The model's preprocessing with this crop.
  func applied(to preprocessing: Preprocessing, input: TensorInfo) -> Preprocessing {
    var result = preprocessing
    switch self {
    case .model: break
    case .center:
      let side = input.shape.image?.height ?? 224
      result.crop = .centralSquare(numerator: side, denominator: side + 32)
    case .whole: result.crop = .whole
    }
    return result
  }
}

extension ModelDescription {
  init(_ file: borrowing ModelFile, _ network: borrowing Network) {
    path = file.path
    id = file.modelID
    let name = fileName(of: file.path)
    let stem = name.hasSuffix(".tflite") ? String(name.dropLast(7)) : name
    let side = network.input.shape.image?.height ?? 0
    level = "\(stem)@\(side)x1"
    weightBits = file.graph.weightBits
    classCount = network.output.shape.extents.last ?? 1
    isa = network.isaName
  }
}

extension Graph {
  /// The most bits that a weight of a convolution or a fully connected layer has.
  fileprivate var weightBits: Int {
    operators.compactMap { weights(of: $0)?.elementType.bitWidth }.max() ?? 0
  }
}

extension Tensor {
  /// A tensor of zeros for `info`.
  public init(_ info: TensorInfo) {
    self.init(
      shape: info.shape, elementType: info.elementType, quantization: info.quantization)
  }
}

/// The part of a path behind its last slash.
func fileName(of path: String) -> String {
  path.split(separator: "/").last.map(String.init) ?? path
}
