public import FloatGraph
public import Tensors

/// The real numbers that an activation's 256 integers are spread over; 0 is always inside.
public struct ActivationRange: Sendable, Hashable {
  /// At most 0.
  public let minimum: Float
  /// At least 0.
  public let maximum: Float
  /// Whether nothing but zeros was seen, so that the range was made up.
  public let isDegenerate: Bool

  /// `minimum...maximum`, widened to 0. A range without extent becomes `clip`'s own where that is
  /// finite, or else 0...1: nothing is there to be lost, and the scale stays ordinary.
  public init(minimum: Float, maximum: Float, clip: ClipRange? = nil) {
    precondition(minimum.isFinite && maximum.isFinite, "a range's ends are finite")
    let low = min(0, minimum)
    let high = max(0, maximum)
    if low < high {
      self.init(low, high, isDegenerate: false)
      return
    }
    let clipLow = clip.map { $0.minimum.isFinite ? min(0, $0.minimum) : 0 } ?? 0
    let clipHigh = clip.map { $0.maximum.isFinite ? max(0, $0.maximum) : 0 } ?? 0
    self.init(clipLow, clipLow < clipHigh ? clipHigh : 1, isDegenerate: true)
  }

  private init(_ minimum: Float, _ maximum: Float, isDegenerate: Bool) {
    self.minimum = minimum
    self.maximum = maximum
    self.isDegenerate = isDegenerate
  }

  /// The scales that may be written: products of an input's and a weight's, and squares of the
  /// numbers behind them, stay normal in float32.
  ///
  /// Small ones are met: without normalisation over real data a network's numbers shrink from layer
  /// to layer (MobileNetV2 as torchvision initialises it answers with logits of 1e-9).
  public static let scaleBounds: ClosedRange<Float> = 0x1p-48...0x1p30

  /// The int8 map of the range, per tensor: -128 is about `minimum`, 127 about `maximum`.
  ///
  /// 0 is exact, because the zero point is an integer; a range with an end at 0 is met exactly, in
  /// another one both ends move by at most half a step.
  public var quantization: Quantization {
    let bounds = ActivationRange.scaleBounds
    let steps = (Double(maximum) - Double(minimum)) / 255
    let scale = min(max(Float(steps), bounds.lowerBound), bounds.upperBound)
    let zeroPoint = (-128 - Double(minimum) / Double(scale)).rounded(.toNearestOrEven)
    let code = Int32(min(max(zeroPoint, -128), 127))
    guard let quantization = Quantization(scale: scale, zeroPoint: code) else {
      preconditionFailure("a bounded scale is finite and above 0")
    }
    return quantization
  }
}

extension GivenQuantization {
  /// The same map on int8, uint8's codes moved by 128. Nil if the scale is not finite, not above 0
  /// or out of ``ActivationRange/scaleBounds``, or if the zero point is not a code.
  public var quantization: Quantization? {
    let codes = isUnsigned ? 0...255 : -128...127
    guard scale.isFinite, ActivationRange.scaleBounds.contains(scale), codes.contains(zeroPoint)
    else { return nil }
    return Quantization(scale: scale, zeroPoint: Int32(zeroPoint - (isUnsigned ? 128 : 0)))
  }
}
