public import Journal

extension WatchError {
  /// Entries of kind `configurationRefused`: one for each fault of the configuration `file`, or one
  /// for what else makes it unusable.
  ///
  /// - Parameter consequence: what becomes of the service, after "configuration refused".
  public func refusals(of file: String, _ consequence: String = "") -> [JournalEntry] {
    let start = "configuration refused\(consequence): "
    func entry(_ message: String, file: String, detail: String) -> JournalEntry {
      var entry = JournalEntry(.configurationRefused, .error, start + message)
      entry.append(.configurationFile, file)
      entry.append(.detail, detail)
      return entry
    }
    switch self {
    case .configuration(.invalid(let problems)):
      // A file that is no configuration at all has a fault in each line.
      return problems.prefix(20).map { problem in
        var entry = entry(problem.description, file: problem.path, detail: problem.message)
        entry.append(.configurationLine, problem.line)
        entry.append(.configurationColumn, problem.column)
        return entry
      }
    case .configuration(.unreadable(let path, let reason)):
      return [entry(description, file: path, detail: reason)]
    case .model, .source, .system:
      return [entry(description, file: file, detail: description)]
    }
  }
}
