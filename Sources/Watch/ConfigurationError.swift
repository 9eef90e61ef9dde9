/// A fault in a configuration file: where it is, and one sentence that says what is wrong and
/// what would be right.
public struct ConfigurationProblem: Sendable, Hashable, CustomStringConvertible {
  /// The file, as it was named.
  public let path: String
  /// From 1.
  public let line: Int
  /// From 1, in Unicode scalars.
  public let column: Int
  public let message: String

  public init(path: String, line: Int, column: Int, message: String) {
    self.path = path
    self.line = line
    self.column = column
    self.message = message
  }

  /// `vedette.toml:12:3: unknown key 'watch.foldr'; did you mean 'watch.folder'?`
  public var description: String { "\(path):\(line):\(column): \(message)" }
}

/// Why there is no configuration.
public enum ConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file cannot be read; the reason is the system's.
  case unreadable(path: String, reason: String)
  /// The file has faults: all of them, in the file's order, or the one that keeps it from being
  /// TOML. At least one.
  case invalid([ConfigurationProblem])

  /// A line for each fault, in the form that editors and compilers share.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "\(path): \(reason)"
    case .invalid(let problems): problems.map(\.description).joined(separator: "\n")
    }
  }
}
