/// The classes of a model, to be found by what people call them.
public struct ClassNames: Sendable {
  public let count: Int
  private let exact: [String: Match]
  private let normalized: [String: Match]
  private let synonyms: [String: Match]

  private enum Match {
    case one(Int), several

    var index: Int? {
      switch self {
      case .one(let index): index
      case .several: nil
      }
    }
  }

  /// Classes without names: they are known by their numbers alone.
  public init(count: Int) {
    self.count = count
    exact = [:]
    normalized = [:]
    synonyms = [:]
  }

  /// One label for each class, in the order of the network's output.
  public init(labels: [String]) {
    count = labels.count
    exact = ClassNames.table(labels.enumerated().map { ($1, $0) })
    normalized = ClassNames.table(labels.enumerated().map { (ClassNames.normalize($1), $0) })
    synonyms = ClassNames.table(
      labels.enumerated().flatMap { index, label in
        label.split(separator: ",").map { (ClassNames.normalize(String($0)), index) }
      })
  }

  /// The class that `name` says; nil if it says none or more than one.
  ///
  /// In this order: a number is an index; the label itself; the label in any case, with blanks,
  /// underscores, hyphens and commas for one another; one of the label's parts between commas. A
  /// WordNet identifier before the name (`n02123045_tabby`) is passed over.
  public func index(of name: String) -> Int? {
    if !name.isEmpty, name.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      return Int(name).flatMap { $0 < count ? $0 : nil }
    }
    if let match = exact[name] { return match.index }
    for text in [name, ClassNames.withoutIdentifier(name)].map(ClassNames.normalize) {
      if let match = normalized[text] ?? synonyms[text] { return match.index }
    }
    return nil
  }

  private static func table(_ entries: [(String, Int)]) -> [String: Match] {
    var table: [String: Match] = [:]
    for (name, index) in entries where !name.isEmpty {
      if let known = table[name]?.index, known == index { continue }
      table[name] = table[name] == nil ? .one(index) : .several
    }
    return table
  }

  private static func normalize(_ name: String) -> String {
    name.lowercased().split { " _-,".contains($0) }.joined(separator: " ")
  }

  /// `name` without `n` and eight digits at its start.
  private static func withoutIdentifier(_ name: String) -> String {
    let head = name.utf8.prefix(10)
    guard head.count == 10, head.first == UInt8(ascii: "n"),
      head.dropFirst().prefix(8).allSatisfy({ (0x30...0x39).contains($0) }),
      let separator = head.last, separator == UInt8(ascii: "_") || separator == UInt8(ascii: "-")
    else { return name }
    return String(name.dropFirst(10))
  }
}
