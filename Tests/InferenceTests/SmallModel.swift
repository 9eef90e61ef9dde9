import Inference
import Model
import Tensors
import Testing

/// A model of a few operators, put together by a test and read back as the service would read it.
///
/// Activations are int8 with scale 0.5 and zero point -3 unless told; weights have a scale of 0.25
/// and no zero point.
struct SmallModel: ~Copyable {
  private var writer = ModelWriter()

  static let scale: Float = 0.5
  static let zeroPoint: Int32 = -3

  mutating func activation(
    _ name: String, _ shape: [Int], type: ElementType = .int8, scale: Float = SmallModel.scale,
    zeroPoint: Int32 = SmallModel.zeroPoint
  ) -> Int {
    writer.addTensor(
      name, shape: shape, elementType: type,
      quantization: type == .float32 ? nil : Quantization(scale: scale, zeroPoint: zeroPoint))
  }

  /// Weights with these stored values; int4 ones are packed two in a byte.
  mutating func weights(
    _ shape: [Int], _ values: [Int8], type: ElementType = .int8, scale: Float = 0.25
  ) -> Int {
    let bytes = values.map { UInt8(bitPattern: $0) }
    return writer.addTensor(
      "weights", shape: shape, elementType: type,
      quantization: Quantization(scale: scale, zeroPoint: 0),
      constant: type == .int4 ? packedInt4(bytes) : bytes)
  }

  mutating func bias(_ values: [Int32], scale: Float = SmallModel.scale * 0.25) -> Int {
    writer.addTensor(
      "bias", shape: [values.count], elementType: .int32,
      quantization: Quantization(scale: scale, zeroPoint: 0),
      constant: values.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } })
  }

  mutating func add(_ kind: OperatorKind, _ inputs: [Int], _ output: Int) {
    writer.addOperator(kind, inputs: inputs, output: output)
  }

  /// Writes the file and reads it.
  consuming func finish(inputs: [Int], outputs: [Int]) throws -> ModelFile {
    writer.setEdges(inputs: inputs, outputs: outputs)
    let written = writer.finish()
    let bytes = try #require(written)
    var aligned = AlignedBytes(count: bytes.count)
    aligned.withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
    return try ModelFile(bytes: aligned, path: "small.tflite")
  }
}

private func packedInt4(_ bytes: [UInt8]) -> [UInt8] {
  stride(from: 0, to: bytes.count, by: 2).map { index in
    let high = index + 1 < bytes.count ? bytes[index + 1] : 0
    return (bytes[index] & 15) | (high << 4)
  }
}

/// Int8 numbers that look like a picture's: the same for the same seed.
func randomInt8(_ count: Int, seed: UInt64, in range: ClosedRange<Int8> = -128...127) -> [Int8] {
  var random = SeededGenerator(seed: seed)
  return (0..<count).map { _ in Int8.random(in: range, using: &random) }
}

func randomBytes(_ count: Int, seed: UInt64) -> [UInt8] {
  randomInt8(count, seed: seed).map { UInt8(bitPattern: $0) }
}

/// What planning the model ends in; nil, and an issue, if it can be planned.
func planningError(
  _ file: borrowing ModelFile, sourceLocation: SourceLocation = #_sourceLocation
) -> InferenceError? {
  do throws(InferenceError) {
    _ = try Network(file, kernels: .scalar)
    Issue.record("the model was planned", sourceLocation: sourceLocation)
    return nil
  } catch {
    return error
  }
}
