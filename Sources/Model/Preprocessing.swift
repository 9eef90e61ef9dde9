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

  /// The crop for the input size that ``cropMargin`` was last applied to; at first the model's own.
  public var crop: Crop
  /// Where the crop follows the input size: for an input of S it is the central square of
  /// S / (S + margin). Nil where it is the same for every size.
  public var cropMargin: Int?
  public var filter: Filter
  /// Real input = (pixel - mean) / standardDeviation, pixel in 0...255; one entry for each of R,
  /// G and B.
  public var mean: [Float]
  public var standardDeviation: [Float]

  public init(
    crop: Crop, filter: Filter, mean: [Float], standardDeviation: [Float], cropMargin: Int? = nil
  ) {
    self.crop = crop
    self.cropMargin = cropMargin
    self.filter = filter
    self.mean = mean
    self.standardDeviation = standardDeviation
  }

  /// This recipe for an input of another height: the crop follows it where it has a margin.
  public func forInput(height: Int) -> Preprocessing {
    guard let cropMargin else { return self }
    var result = self
    result.crop = .centralSquare(numerator: height, denominator: height + cropMargin)
    return result
  }
}

extension Preprocessing {
  /// The contents of a `vedette.preprocess` metadata entry that say all of this recipe.
  public var metadataText: String {
    func list(_ values: [Float]) -> String { values.map { "\($0)" }.joined(separator: ",") }
    let crop =
      switch (self.crop, cropMargin) {
      case (_, let margin?): "central margin \(margin)"
      case (.centralSquare(let numerator, let denominator), nil):
        "central \(numerator)/\(denominator)"
      case (.whole, nil): "whole"
      }
    let filter = self.filter == .bicubic ? "bicubic" : "bilinear"
    return """
      crop=\(crop)
      filter=\(filter)
      mean=\(list(mean))
      std=\(list(standardDeviation))

      """
  }
}
