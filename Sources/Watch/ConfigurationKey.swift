/// A key of the configuration file: its name, its comment, and its way into ``Configuration``.
struct ConfigurationKey {
  let name: String
  let comment: String
  /// What the key takes, for messages and comments.
  let allowed: String
  /// Stores the value; false if it is not allowed.
  let read: (_ value: TOMLValue, _ directory: String, _ into: inout Configuration) -> Bool
  /// The value as it stands behind the equals sign.
  let print: (Configuration) -> String

  init<Value>(
    _ name: String, _ property: WritableKeyPath<Configuration, Value>,
    _ type: ConfigurationValue<Value>, _ comment: String
  ) {
    self.name = name
    self.comment = comment
    allowed = type.allowed
    read = { value, directory, configuration in
      guard let value = type.read(value, directory) else { return false }
      configuration[keyPath: property] = value
      return true
    }
    print = { type.print($0[keyPath: property]) }
  }
}

/// A table of the configuration file.
struct ConfigurationSection {
  let name: String
  let comment: String
  let keys: [ConfigurationKey]

  init(_ name: String, _ comment: String, _ keys: [ConfigurationKey]) {
    self.name = name
    self.comment = comment
    self.keys = keys
  }

  /// `watch.folder`: a key's full name.
  func path(of key: ConfigurationKey) -> String { "\(name).\(key.name)" }
}

/// What must hold between keys that are each right by themselves.
struct ConfigurationRule {
  /// The keys' full names. The first one that the file sets is where a breach is reported.
  let keys: [String]
  let message: String
  let holds: (Configuration) -> Bool

  init(_ keys: [String], _ message: String, _ holds: @escaping (Configuration) -> Bool) {
    self.keys = keys
    self.message = message
    self.holds = holds
  }
}
