/// Why the pipeline cannot start or go on. What goes wrong with a single frame is a
/// ``FrameOutcome``.
public enum WatchError: Error, Sendable, Hashable {
  /// The model cannot be read, checked or planned.
  case model(path: String, reason: String)
  /// A source of frames cannot be opened.
  case source(name: String, reason: String)
  /// The system lacks something that the service cannot do without.
  case system(reason: String)
}

extension WatchError {
  /// For fields: the model it is about, if it is, and the reason alone.
  var modelAndReason: (path: String?, reason: String) {
    switch self {
    case .model(let path, let reason): (path, reason)
    case .source(_, let reason), .system(let reason): (nil, reason)
    }
  }
}

extension WatchError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .model(let path, let reason):
      reason.hasPrefix(path) ? reason : "\(path): \(reason)"
    case .source(let name, let reason):
      reason.contains(name) ? reason : "\(name): \(reason)"
    case .system(let reason):
      reason
    }
  }
}
