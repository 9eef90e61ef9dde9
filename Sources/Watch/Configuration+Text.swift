extension Configuration {
  /// The configuration as a TOML file: every key with its comment and its value. Reading it gives
  /// the same configuration again.
  public func renderedTOML() -> String { text(keyPrefix: "") }

  /// The text of the installed configuration file: every key with its comment and its default,
  /// commented out, so that the file says what can be set and sets nothing. The tables' headers
  /// stand: a key whose `#` is taken away is in its table at once.
  public static func referenceFile() -> String {
    """
    # Configuration of vedetted. What stands behind a '#' without a blank is the default.
    # Relative paths stand in this file's directory. 'vedette check-config' checks the file.


    """ + Configuration().text(keyPrefix: "#")
  }

  private func text(keyPrefix: String) -> String {
    Configuration.sections.map { section in
      let keys = section.keys.map { key in
        comment("\(key.comment)\nTakes \(key.allowed).")
          + "\(keyPrefix)\(key.name) = \(key.print(self))\n"
      }
      return comment(section.comment) + "[\(section.name)]\n" + keys.joined(separator: "\n")
    }.joined(separator: "\n")
  }

  private func comment(_ text: String) -> String {
    text.split(separator: "\n").map { "# \($0)\n" }.joined()
  }
}
