/// How a picture becomes the network's input: which part of it is taken, how it is resized, and
/// what the numbers mean.
public struct Preprocessing: Sendable, Hashable {
  /// The side that a central square crop takes of the picture's shorter side.
  public enum Crop: Sendable, Hashable {
    /// The central square whose side is `numerator / denominator` of the shorter side, rounded
    /// down: S / (S + 32) is EfficientNet's recipe for an input of S (224/256 at 224).
    case centralSquare(numerator: Int, denominator: Int)
    /// The whole picture, its aspect ratio not kept.
    case whole
  }

  /// The resampling kernel, widened by the scale when it shrinks (as Pillow does).
  public enum Filter: Sendable, Hashable { case bicubic, bilinear }

  public var crop: Crop
  public var filter: Filter
  /// Real input = (pixel - mean) / standardDeviation, pixel in 0...255; one entry for each of R,
  /// G and B.
  public var mean: [Float]
  public var standardDeviation: [Float]

  public init(crop: Crop, filter: Filter, mean: [Float], standardDeviation: [Float]) {
    self.crop = crop
    self.filter = filter
    self.mean = mean
    self.standardDeviation = standardDeviation
  }
}
