/// A property of pictures that every set of frames can be divided by.
enum Stratum {
  case brightness, sharpness, jpegQuality, pictureSize, confidence

  static let all: [Stratum] = [.brightness, .sharpness, .jpegQuality, .pictureSize, .confidence]

  var name: String {
    switch self {
    case .brightness: "brightness"
    case .sharpness: "sharpness"
    case .jpegQuality: "jpeg-quality"
    case .pictureSize: "picture-size"
    case .confidence: "confidence"
    }
  }

  /// Nil for a frame that is in none of the quarters.
  func value(_ record: Evaluator.Record) -> Double? {
    switch self {
    case .brightness: record.traits?.brightness
    case .sharpness: record.traits?.sharpness
    case .jpegQuality: record.traits?.jpegQuality.map(Double.init)
    case .pictureSize: record.traits.map { Double($0.pixelCount) }
    // Of the reference: grouping by the candidate's own would pick the frames that it changed.
    case .confidence: record.comparison.reference?.confidence
    }
  }

  /// From the least to the most of a quarter's values.
  func text(_ range: ClosedRange<Double>) -> String {
    func number(_ value: Double) -> String {
      switch self {
      case .brightness, .sharpness, .jpegQuality: "\(Int(value.rounded()))"
      case .pictureSize: "\((value / 1e4).rounded() / 100) MP"
      case .confidence: "\((value * 1000).rounded() / 1000)"
      }
    }
    return "\(number(range.lowerBound)) to \(number(range.upperBound))"
  }
}
