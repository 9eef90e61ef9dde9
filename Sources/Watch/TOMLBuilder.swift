/// The tables of a file while it is read, and TOML's rules on who may add to which.
///
/// Tables stand in one array and name each other by index, because headers come back to a table
/// again and again: nested values would be copied each time, which a hostile file turns into
/// quadratic cost. ``finish(_:)`` makes the nested values at the end.
struct TOMLBuilder {
  /// How a table came to be, which decides who may add to it later.
  private enum Origin: Equatable {
    /// On the way to another header's table; a header of its own may still come.
    case implicit
    /// By a `[header]`, as an element of `[[header]]`, or the file itself.
    case header
    /// By a dotted key of that section; only keys of the same section add to it.
    case dotted(section: Int)
  }

  private enum Slot {
    /// A value on a line, complete: an inline table too.
    case value(TOMLValue)
    case table(Int)
    /// The index of an array of tables in `arrays`.
    case tables(Int)
  }

  private struct Table {
    var origin: Origin
    /// Tables and arrays around it; 0 for the file itself.
    var depth: Int
    var keys: [TOMLKey] = []
    var slots: [Slot] = []
    var indices: [String: Int] = [:]
  }

  private var tables = [Table(origin: .header, depth: 0)]
  private var arrays: [[Int]] = []

  /// The file itself.
  static let root = 0

  /// Tables and arrays around `table`.
  func depth(of table: Int) -> Int { tables[table].depth }

  /// The table of `[path]`, new or so far only implied.
  mutating func openTable(_ path: [TOMLKey]) throws(TOMLError) -> Int {
    let (parent, key) = try reachParent(path)
    switch slot(key, in: parent) {
    case nil:
      return try addTable(key, to: parent, .header)
    case .table(let table) where tables[table].origin == .implicit:
      tables[table].origin = .header
      return table
    case .table, .tables, .value:
      throw alreadyDefined(path, in: parent)
    }
  }

  /// A new element of the array of tables `[[path]]`.
  mutating func openElement(_ path: [TOMLKey]) throws(TOMLError) -> Int {
    let (parent, key) = try reachParent(path)
    let array: Int
    switch slot(key, in: parent) {
    case nil:
      array = arrays.count
      arrays.append([])
      add(key, .tables(array), to: parent)
    case .tables(let known):
      array = known
    case .table, .value:
      throw alreadyDefined(path, in: parent)
    }
    let element = try newTable(.header, inside: parent, extraDepth: 2, for: key)
    arrays[array].append(element)
    return element
  }

  /// The table that the last part of the dotted key `path` goes into, where it is still free.
  mutating func reachTable(
    of path: [TOMLKey], from start: Int, section: Int
  ) throws(TOMLError) -> Int {
    var table = start
    for (index, key) in path.dropLast().enumerated() {
      switch slot(key, in: table) {
      case nil:
        table = try addTable(key, to: table, .dotted(section: section))
      case .table(let next)
      where tables[next].origin == .implicit || tables[next].origin == .dotted(section: section):
        tables[next].origin = .dotted(section: section)
        table = next
      case .table, .tables, .value:
        throw alreadyDefined(Array(path[...index]), in: table)
      }
    }
    guard let key = path.last, slot(key, in: table) == nil else {
      throw alreadyDefined(path, in: table)
    }
    return table
  }

  /// Adds a value whose place ``reachTable(of:from:section:)`` has found.
  mutating func add(_ key: TOMLKey, _ value: TOMLValue, to table: Int) {
    add(key, .value(value), to: table)
  }

  /// A new table that nothing names yet, for the keys of an inline table.
  mutating func openInline(depth: Int) -> Int {
    tables.append(Table(origin: .header, depth: depth))
    return tables.count - 1
  }

  /// The inline table as a value. It and what was added below it leave the builder.
  mutating func closeInline(_ table: Int) -> TOMLTable {
    let finished = finish(table)
    tables.removeSubrange(table...)
    return finished
  }

  /// The table and all below it as values. The depth is bounded, so the recursion is.
  func finish(_ table: Int = TOMLBuilder.root) -> TOMLTable {
    let keys = tables[table].keys
    let slots = tables[table].slots
    return TOMLTable(
      entries: zip(keys, slots).map { key, slot in
        let value =
          switch slot {
          case .value(let value): value
          case .table(let next): TOMLValue(.table(finish(next)), at: key.position)
          case .tables(let array):
            TOMLValue(
              .array(arrays[array].map { TOMLValue(.table(finish($0)), at: key.position) }),
              at: key.position)
          }
        return TOMLTable.Entry(key: key, value: value)
      })
  }

  // MARK: - Steps

  /// The table around the last part of a header's `path`, made where it is missing.
  private mutating func reachParent(
    _ path: [TOMLKey]
  ) throws(TOMLError) -> (table: Int, key: TOMLKey) {
    guard let last = path.last else { preconditionFailure("a header names at least one key") }
    var table = TOMLBuilder.root
    for (index, key) in path.dropLast().enumerated() {
      switch slot(key, in: table) {
      case nil:
        table = try addTable(key, to: table, .implicit)
      case .table(let next):
        table = next
      case .tables(let array):
        guard let element = arrays[array].last else {
          preconditionFailure("an array of tables begins with an element")
        }
        table = element
      case .value:
        throw alreadyDefined(Array(path[...index]), in: table)
      }
    }
    return (table, last)
  }

  private func slot(_ key: TOMLKey, in table: Int) -> Slot? {
    tables[table].indices[key.name].map { tables[table].slots[$0] }
  }

  private mutating func add(_ key: TOMLKey, _ slot: Slot, to table: Int) {
    tables[table].indices[key.name] = tables[table].keys.count
    tables[table].keys.append(key)
    tables[table].slots.append(slot)
  }

  private mutating func addTable(
    _ key: TOMLKey, to parent: Int, _ origin: Origin
  ) throws(TOMLError) -> Int {
    let table = try newTable(origin, inside: parent, extraDepth: 1, for: key)
    add(key, .table(table), to: parent)
    return table
  }

  private mutating func newTable(
    _ origin: Origin, inside parent: Int, extraDepth: Int, for key: TOMLKey
  ) throws(TOMLError) -> Int {
    let depth = tables[parent].depth + extraDepth
    guard depth <= TOMLTable.maximumDepth else { throw .tooDeep(at: key.position) }
    tables.append(Table(origin: origin, depth: depth))
    return tables.count - 1
  }

  private func alreadyDefined(_ path: [TOMLKey], in table: Int) -> TOMLError {
    guard let key = path.last, let index = tables[table].indices[key.name] else {
      preconditionFailure("only a key that is there can stand in the way")
    }
    let name = TOMLError.shown(path.map(\.name).joined(separator: "."))
    return TOMLError(
      key.position, "'\(name)' is already defined, at \(tables[table].keys[index].position)")
  }
}

extension TOMLError {
  static func tooDeep(at position: TOMLPosition) -> TOMLError {
    TOMLError(position, "nested more than \(TOMLTable.maximumDepth) deep")
  }
}
