public import Model
public import Tensors
public import Vision

/// Turns JPEG files into a network's input by the device's own code: what a network is calibrated
/// and judged on are the very numbers that it gets in service.
///
/// Loading throws; after that a frame that is no whole JPEG is an error of that frame alone. For use
/// by one thread at a time.
public struct FrameReader: ~Copyable {
  /// The network's input for the frame read last, `[1, H, W, C]`.
  public private(set) var input: Tensor
  /// The file read last, as it is stored: for its hash and its traits.
  public private(set) var fileBytes: [UInt8] = []
  public let preprocessing: Preprocessing

  private var decoder: JPEGDecoder
  private var preprocessor: Preprocessor
  private var pixels = PixelBuffer()
  /// The real number of each stored byte; empty where the input is float32.
  private let reals: [Float]

  /// Throws ``DatasetError/unsuitableInput(reason:)`` unless `info` is an input that the device can
  /// fill: int8, uint8 or float32, `[1, H, W, 3]` or `[1, H, W, 1]`.
  public init(
    _ preprocessing: Preprocessing, input info: TensorInfo, limits: DecodeLimits = DecodeLimits()
  ) throws(DatasetError) {
    // Nothing is stored before the last thing that throws: what cannot be copied must not be half
    // there.
    let preprocessor = try suitable { () throws(VisionError) in
      try Preprocessor(preprocessing, input: info)
    }
    let decoder = try suitable { () throws(VisionError) in try JPEGDecoder(limits: limits) }
    self.preprocessor = preprocessor
    self.decoder = decoder
    self.preprocessing = preprocessing
    input = Tensor(
      shape: info.shape, elementType: info.elementType, quantization: info.quantization)
    reals = FrameReader.realTable(info)
  }

  /// The same for an input that no file states.
  ///
  /// - Parameter quantization: nil for float32, which has none.
  public init(
    _ preprocessing: Preprocessing, shape: Shape, elementType: ElementType,
    quantization: Quantization?, limits: DecodeLimits = DecodeLimits()
  ) throws(DatasetError) {
    try self.init(
      preprocessing,
      input: TensorInfo(
        index: 0, name: "input", shape: shape, elementType: elementType,
        quantization: quantization, constant: nil), limits: limits)
  }

  /// Fills ``input`` from a file.
  ///
  /// - Throws: ``DatasetError/undecodable(path:code:reason:)`` for what is no whole JPEG,
  ///   ``DatasetError/unreadable(path:reason:)`` and ``DatasetError/tooLarge(path:reason:)``.
  public mutating func read(_ path: String) throws(DatasetError) -> DecodeInfo {
    try FileBytes.read(path, limit: decoder.limits.maximumByteCount, into: &fileBytes)
    // The closure's errors come out as a result: `withUnsafeBytes` has no typed ones.
    let bytes = fileBytes
    let outcome: Result<DecodeInfo, VisionError> = bytes.withUnsafeBytes { bytes in
      do throws(VisionError) {
        let info = try decoder.decode(bytes, for: preprocessor.target, into: &pixels)
        preprocessor.run(pixels, info, into: &input)
        return .success(info)
      } catch {
        return .failure(error)
      }
    }
    switch outcome {
    case .success(let info): return info
    case .failure(let error):
      throw .undecodable(path: path, code: error.code, reason: error.message)
    }
  }

  /// Replaces `elements` by the real numbers that ``input`` stands for, `[H * W * C]`:
  /// scale * (stored - zero point), rounded once.
  public borrowing func dequantize(into elements: inout [Float]) {
    let count = input.shape.elementCount
    if elements.count != count { elements = [Float](repeating: 0, count: count) }
    input.withUnsafeBytes { bytes in
      elements.withUnsafeMutableBufferPointer { elements in
        if reals.isEmpty {
          bytes.withMemoryRebound(to: Float.self) { _ = elements.update(fromContentsOf: $0) }
          return
        }
        for index in 0..<count { elements[index] = reals[Int(bytes[index])] }
      }
    }
  }

  private static func realTable(_ info: TensorInfo) -> [Float] {
    guard info.elementType != .float32 else { return [] }
    let scale = info.quantization?.scale ?? 1
    let zeroPoint = Int(info.quantization?.zeroPoint ?? 0)
    return (0..<256).map { byte in
      let stored =
        info.elementType == .int8 ? Int(Int8(bitPattern: UInt8(byte))) : byte
      return scale * Float(stored - zeroPoint)
    }
  }
}

private func suitable<R: ~Copyable>(_ body: () throws(VisionError) -> R) throws(DatasetError) -> R {
  do {
    return try body()
  } catch {
    throw .unsuitableInput(reason: error.message)
  }
}
