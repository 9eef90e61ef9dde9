/// Why the pipeline cannot start or go on. What goes wrong with a single frame is a
/// ``FrameOutcome``.
public enum WatchError: Error, Sendable, Hashable {
  /// The model cannot be read, checked or planned.
  case model(path: String, reason: String)
  /// A source of frames cannot be opened.
  case source(name: String, reason: String)
  /// The configuration cannot be read, or has faults.
  case configuration(ConfigurationError)
  /// The system lacks something that the service cannot do without.
  case system(reason: String)

  /// There is neither a folder nor a pipe.
  public static let noSource = WatchError.source(
    name: "no source",
    reason: "no source of frames: 'watch.folder' is empty and no pipe was passed")
}

extension WatchError {
  /// For fields: the model it is about, if it is, and the reason alone.
  var modelAndReason: (path: String?, reason: String) {
    switch self {
    case .model(let path, let reason): (path, reason)
    case .source(_, let reason), .system(let reason): (nil, reason)
    case .configuration(let error): (nil, error.description)
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
    case .configuration(let error):
      error.description
    case .system(let reason):
      reason
    }
  }
}
