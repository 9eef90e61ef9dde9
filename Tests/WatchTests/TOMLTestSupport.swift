import Testing

/// The error of that type that `body` throws; nil, and an issue, if it throws none or another.
///
/// `#expect(throws:)` returns the error only since Swift 6.1.
func thrown<Failure: Error, Result>(
  _ type: Failure.Type, sourceLocation: SourceLocation = #_sourceLocation,
  by body: () throws -> Result
) -> Failure? {
  do {
    _ = try body()
    Issue.record("nothing was thrown", sourceLocation: sourceLocation)
  } catch let error as Failure {
    return error
  } catch {
    Issue.record("another error was thrown: \(error)", sourceLocation: sourceLocation)
  }
  return nil
}
