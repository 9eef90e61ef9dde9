/// Why a model cannot be planned. Running a planned network cannot fail.
public enum InferenceError: Error, Sendable {
  /// A graph that is right in itself uses something that no kernel of ours does.
  case unsupported(operatorIndex: Int, operatorName: String, reason: String)
  /// Its numbers do not fit the integer arithmetic.
  case unusableScale(operatorIndex: Int, operatorName: String, reason: String)
  /// The graph cannot take an input of this size.
  case unsuitableSize(height: Int, width: Int, reason: String)
  /// The graph as a whole is not one that a classifier has.
  case unusableGraph(reason: String)
}

extension InferenceError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unsupported(let index, let name, let reason):
      "operator \(index) (\(name)): \(reason)"
    case .unusableScale(let index, let name, let reason):
      "operator \(index) (\(name)): \(reason)"
    case .unsuitableSize(let height, let width, let reason):
      "an input of \(width)x\(height) does not fit: \(reason)"
    case .unusableGraph(let reason):
      reason
    }
  }
}
