import Model
import Tensors

/// What each of the 256 values of a pixel becomes in the network's input, by channel.
///
/// real = (pixel - mean) / standardDeviation, quantised = round(real / scale) + zeroPoint, worked
/// out once in double precision with the four basic operations and rounding only, which IEEE 754
/// defines to the bit.
enum PixelMap {
  /// 256 entries a channel, one channel after the other. `exclusiveOr` is set where every entry is
  /// value ^ exclusiveOr, so that nothing needs to be looked up: the input's step is one level of a
  /// pixel (0x80 is pixel - 128 as int8).
  case bytes([UInt8], exclusiveOr: UInt8?)
  case floats([Float])

  /// Throws ``VisionError/unsuitableInput(tensor:reason:)``.
  init(_ preprocessing: Preprocessing, input: TensorInfo, channels: Int) throws(VisionError) {
    let means = try Self.perChannel(preprocessing.mean, channels, "mean", input)
    let deviations = try Self.perChannel(
      preprocessing.standardDeviation, channels, "standard deviation", input)
    guard deviations.allSatisfy({ $0 > 0 }) else {
      throw .unsuitableInput(
        tensor: input.name, reason: "a standard deviation of the normalisation is not above 0")
    }
    func real(_ channel: Int, _ pixel: Int) -> Double {
      (Double(pixel) - means[channel]) / deviations[channel]
    }

    let limits: ClosedRange<Double>
    switch input.elementType {
    case .float32:
      self = .floats(
        (0..<channels * 256).map { Float(real($0 / 256, $0 % 256)) })
      return
    case .int8: limits = -128...127
    case .uint8: limits = 0...255
    case .int32, .int64, .int16, .int4, .bool:
      throw .unsuitableInput(
        tensor: input.name,
        reason: "\(input.elementType) elements; int8, uint8 or float32 are needed")
    }
    guard let quantization = input.quantization, quantization.isPerTensor else {
      throw .unsuitableInput(
        tensor: input.name, reason: "\(input.elementType) elements need one scale and zero point")
    }
    let scale = Double(quantization.scale)
    let zeroPoint = Double(quantization.zeroPoint)
    let bytes = (0..<channels * 256).map { entry in
      let stored = (real(entry / 256, entry % 256) / scale).rounded() + zeroPoint
      let clamped = min(max(stored, limits.lowerBound), limits.upperBound)
      return UInt8(truncatingIfNeeded: Int(clamped))
    }
    let mask = bytes[0]
    let isExclusiveOr = bytes.indices.allSatisfy {
      bytes[$0] == UInt8(truncatingIfNeeded: $0) ^ mask
    }
    self = .bytes(bytes, exclusiveOr: isExclusiveOr && channels == 3 ? mask : nil)
  }

  /// One number for each channel: as given, or the first (or only) one for all.
  private static func perChannel(
    _ values: [Float], _ channels: Int, _ what: String, _ input: TensorInfo
  ) throws(VisionError) -> [Double] {
    guard values.count == 1 || values.count == 3, values.allSatisfy(\.isFinite) else {
      throw .unsuitableInput(
        tensor: input.name, reason: "the normalisation's \(what) is not 1 or 3 finite numbers")
    }
    return (0..<channels).map { Double(values[min($0, values.count - 1)]) }
  }
}
