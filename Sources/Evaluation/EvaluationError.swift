public import Datasets

/// Why an evaluation could not be made.
public enum EvaluationError: Error, Sendable, Hashable {
  /// A model that cannot be read, planned or run at the size that was asked for.
  case model(path: String, reason: String)
  /// Two networks that cannot be compared.
  case incomparable(reason: String)
  /// Not one frame got an answer; `reason` is the first one's.
  case noAnswers(count: Int, reason: String)
  /// A file that cannot be written.
  case unwritable(path: String, reason: String)
  /// A condition that nobody can read. `position` counts characters from 1.
  case invalidCondition(position: Int, reason: String)
  /// The frames, their labels or their fields.
  case dataset(DatasetError)
}

extension EvaluationError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .model(let path, let reason): "\(path): \(reason)"
    case .incomparable(let reason): reason
    case .noAnswers(let count, let reason):
      "none of the \(count) frames could be evaluated; the first: \(reason)"
    case .unwritable(let path, let reason): "\(path): \(reason); nothing was left there"
    case .invalidCondition(let position, let reason):
      "condition, character \(position): \(reason)"
    case .dataset(let error): error.description
    }
  }
}
