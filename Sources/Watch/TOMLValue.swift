/// A value of a TOML file and the place where it begins.
package struct TOMLValue: Sendable {
  /// The types that we read. TOML's dates and times are refused: no key of ours takes one.
  package enum Kind: Sendable {
    case string(String)
    case integer(Int64)
    case float(Double)
    case boolean(Bool)
    case array([TOMLValue])
    case table(TOMLTable)
  }

  package let kind: Kind
  /// For a table that has a header or comes from a dotted key: where its key stands.
  package let position: TOMLPosition

  package init(_ kind: Kind, at position: TOMLPosition) {
    self.kind = kind
    self.position = position
  }
}

/// One part of a key (`b` in `a.b`), unquoted, and the place where it begins.
package struct TOMLKey: Sendable, Hashable {
  package let name: String
  package let position: TOMLPosition

  package init(_ name: String, at position: TOMLPosition) {
    self.name = name
    self.position = position
  }
}

/// The keys and values of a table, in the order in which the file first names them.
package struct TOMLTable: Sendable {
  package struct Entry: Sendable {
    package let key: TOMLKey
    package let value: TOMLValue
  }

  /// No name stands here twice.
  package let entries: [Entry]

  init(entries: [Entry]) { self.entries = entries }

  /// The value of `name`, or nil. Cost: linear in the number of entries.
  package subscript(name: String) -> TOMLValue? {
    entries.first { $0.key.name == name }?.value
  }
}
