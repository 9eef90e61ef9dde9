/// A place in a TOML file, as an editor shows it: line and column from 1, the column counted in
/// Unicode scalars (so a tab is one column).
package struct TOMLPosition: Sendable, Hashable, CustomStringConvertible {
  package var line: Int
  package var column: Int

  package init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  /// `12:3`
  package var description: String { "\(line):\(column)" }
}

/// What makes a file no TOML that we read: the place, and one sentence that says why.
package struct TOMLError: Error, Sendable, Hashable, CustomStringConvertible {
  package let line: Int
  package let column: Int
  package let message: String

  package init(line: Int, column: Int, message: String) {
    self.line = line
    self.column = column
    self.message = message
  }

  init(_ position: TOMLPosition, _ message: String) {
    self.init(line: position.line, column: position.column, message: message)
  }

  package var position: TOMLPosition { TOMLPosition(line: line, column: column) }

  /// `12:3: the string is not closed`
  package var description: String { "\(line):\(column): \(message)" }

  /// `text` from a file, fit for a message: at most 60 characters, nothing that moves the cursor of
  /// a terminal.
  static func shown(_ text: String) -> String {
    let scalars = text.unicodeScalars
    var shown = ""
    for scalar in scalars.prefix(60) {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        shown.unicodeScalars.append("\u{FFFD}")
      default:
        shown.unicodeScalars.append(scalar)
      }
    }
    return scalars.dropFirst(60).isEmpty ? shown : shown + "…"
  }
}
