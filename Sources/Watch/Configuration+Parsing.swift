extension Configuration {
  /// Reads the text of a configuration file.
  ///
  /// - Parameters:
  ///   - bytes: TOML; see `TOMLParser` for the subset.
  ///   - path: the file's name, for messages; relative paths in it stand in its directory.
  /// - Throws: ``ConfigurationError/invalid(_:)`` with every fault of the file.
  public init(parsing bytes: [UInt8], path: String) throws(ConfigurationError) {
    let file: TOMLTable
    do {
      file = try TOMLTable(parsing: bytes)
    } catch {
      throw .invalid([
        ConfigurationProblem(
          path: path, line: error.line, column: error.column, message: error.message)
      ])
    }
    var reader = ConfigurationReader(path: path)
    reader.read(file)
    guard reader.problems.isEmpty else { throw .invalid(reader.problems) }
    self = reader.configuration
  }
}

/// Walks over a parsed file, sets what is right and collects what is wrong.
private struct ConfigurationReader {
  var configuration = Configuration()
  var problems: [ConfigurationProblem] = []

  private let path: String
  /// What a relative path begins with: empty, or with a slash at its end.
  private let directory: String
  private let sections = Configuration.sections
  /// Where the file sets a key, by full name.
  private var places: [String: TOMLPosition] = [:]

  /// A file that is no configuration at all need not fill the screen.
  private static let mostProblems = 50

  init(path: String) {
    self.path = path
    directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
  }

  mutating func read(_ file: TOMLTable) {
    for entry in file.entries {
      guard let section = sections.first(where: { $0.name == entry.key.name }) else {
        reportUnknown(entry)
        continue
      }
      guard case .table(let table) = entry.value.kind else {
        report(entry.key.position, "'\(section.name)' is a table: write [\(section.name)]")
        continue
      }
      for entry in table.entries { read(entry, of: section) }
    }
    if problems.isEmpty { checkRules() }
    problems.sort { ($0.line, $0.column) < ($1.line, $1.column) }
  }

  private mutating func read(_ entry: TOMLTable.Entry, of section: ConfigurationSection) {
    guard let key = section.keys.first(where: { $0.name == entry.key.name }) else {
      reportUnknown(entry, in: section)
      return
    }
    let name = section.path(of: key)
    places[name] = entry.key.position
    if !key.read(entry.value, directory, &configuration) {
      report(
        entry.value.position, "'\(name)' takes \(key.allowed), not \(describe(entry.value))")
    }
  }

  private mutating func checkRules() {
    for rule in Configuration.rules where !rule.holds(configuration) {
      let place = rule.keys.compactMap { places[$0] }.first
      report(place ?? TOMLPosition(line: 1, column: 1), rule.message)
    }
  }

  // MARK: - Messages

  private mutating func reportUnknown(
    _ entry: TOMLTable.Entry, in section: ConfigurationSection? = nil
  ) {
    let name = (section.map { $0.name + "." } ?? "") + entry.key.name
    let keys = sections.flatMap { section in section.keys.map { section.path(of: $0) } }
    let isTable = if case .table = entry.value.kind { section == nil } else { false }
    let hint: String? =
      if isTable {
        nearest(to: name, among: sections.map(\.name)).map { "[\($0)]" }
      } else {
        nearest(to: name, among: keys).map { "'\($0)'" }
      }
    let what = isTable ? "table" : "key"
    report(
      entry.key.position,
      "unknown \(what) '\(TOMLError.shown(name))'" + (hint.map { "; did you mean \($0)?" } ?? ""))
  }

  private func describe(_ value: TOMLValue) -> String {
    switch value.kind {
    case .string(let text): "\"\(TOMLError.shown(text))\""
    case .integer(let number): "\(number)"
    case .float(let number): "\(number)"
    case .boolean(let truth): "\(truth)"
    case .array: "an array"
    case .table: "a table"
    }
  }

  private mutating func report(_ position: TOMLPosition, _ message: String) {
    guard problems.count < ConfigurationReader.mostProblems else { return }
    problems.append(
      ConfigurationProblem(
        path: path, line: position.line, column: position.column, message: message))
  }
}
