public import Tensors

/// One class that a network named, with how sure it is.
public struct ClassScore: Sendable, Hashable {
  /// Its index in the output.
  public let index: Int
  /// Probability, 0...1.
  public let score: Double

  public init(index: Int, score: Double) {
    self.index = index
    self.score = score
  }
}

extension Network {
  /// The `count` most probable classes, most probable first; among equals the lower index.
  ///
  /// Logits become probabilities by a softmax in integers (int8 and uint8 outputs) or in IEEE double
  /// operations that all machines round alike, so the scores are the same everywhere.
  public borrowing func topClasses(_ count: Int, of output: borrowing Tensor) -> [ClassScore] {
    let values = realOutputs(output)
    let order = values.indices.sorted { (values[$1], $0) < (values[$0], $1) }.prefix(count)
    if outputIsProbability {
      return order.map { ClassScore(index: $0, score: max(0, min(1, values[$0]))) }
    }
    guard let best = order.first.map({ values[$0] }) else { return [] }
    let sum = values.reduce(0) { $0 + deterministicExponential($1 - best) }
    return order.map {
      ClassScore(index: $0, score: deterministicExponential(values[$0] - best) / sum)
    }
  }

  /// The outputs as real numbers, in double.
  public borrowing func realOutputs(_ output: borrowing Tensor) -> [Double] {
    let quantization = self.output.quantization
    let type = self.output.elementType
    return output.withUnsafeBytes { bytes in
      let scale = Double(quantization?.scale ?? 1)
      let zeroPoint = Double(quantization?.zeroPoint ?? 0)
      switch type {
      case .int8:
        return bytes.map { (Double(Int8(bitPattern: $0)) - zeroPoint) * scale }
      case .uint8:
        return bytes.map { (Double($0) - zeroPoint) * scale }
      default:
        return (0..<bytes.count / 4).map {
          let value = bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)
          return value.isFinite ? Double(value) : 0
        }
      }
    }
  }
}
