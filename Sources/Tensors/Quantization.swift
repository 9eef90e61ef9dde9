/// The affine map between stored integers and real numbers: `real = scale * (stored - zeroPoint)`.
///
/// One scale for the whole tensor, or one for each index of `axis` (weights, by output channel).
/// The scheme is TensorFlow Lite's: https://ai.google.dev/edge/litert/models/quantization_spec
public struct Quantization: Sendable, Hashable {
  /// One entry, or one for each index along `axis`; finite and above 0.
  public let scales: [Float]
  /// As many entries as `scales`.
  public let zeroPoints: [Int32]
  /// The axis that the scales run along, where there is more than one.
  public let axis: Int

  /// Returns nil unless every scale is finite and above 0 and there is a zero point for each.
  public init?(scales: [Float], zeroPoints: [Int32], axis: Int = 0) {
    guard !scales.isEmpty, scales.count == zeroPoints.count, axis >= 0 else { return nil }
    guard scales.allSatisfy({ $0.isFinite && $0 > 0 }) else { return nil }
    self.scales = scales
    self.zeroPoints = zeroPoints
    self.axis = axis
  }

  /// One scale for the whole tensor.
  public init?(scale: Float, zeroPoint: Int32) {
    self.init(scales: [scale], zeroPoints: [zeroPoint])
  }

  /// Whether every element shares one scale.
  public var isPerTensor: Bool { scales.count == 1 }

  /// The scale of a per-tensor quantization; of the first channel otherwise.
  public var scale: Float { scales[0] }

  /// The zero point of a per-tensor quantization; of the first channel otherwise.
  public var zeroPoint: Int32 { zeroPoints[0] }
}
