/// Numbers with units, as systemd writes them: `500ms`, `1min 30s`, `1.5GiB`, `64M`.
///
/// Sums are exact in the base unit, as long as they fit into 64 bits.
struct ConfigurationUnits {
  /// Names of units and their sizes in the base unit. The empty name is a number without one.
  private let sizes: [String: Int]
  /// The names that are printed, from the largest down.
  private let printed: [(name: String, size: Int)]

  private init(_ printed: [(String, Int)], others: [String: Int]) {
    self.printed = printed.map { (name: $0.0, size: $0.1) }
    sizes = others.merging(printed) { _, size in size }
  }

  /// Times in nanoseconds, with the unit names of systemd.time(7). A bare number is refused: it
  /// would be seconds to one reader and milliseconds to the next.
  static let nanoseconds = ConfigurationUnits(
    [
      ("h", 3_600_000_000_000), ("min", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000),
      ("us", 1000), ("ns", 1),
    ],
    others: [
      "hours": 3_600_000_000_000, "hour": 3_600_000_000_000, "hr": 3_600_000_000_000,
      "minutes": 60_000_000_000, "minute": 60_000_000_000, "m": 60_000_000_000,
      "seconds": 1_000_000_000, "second": 1_000_000_000, "sec": 1_000_000_000,
      "msec": 1_000_000, "usec": 1000,
    ])

  /// Bytes. `M` is `MiB`, as everywhere in systemd; `MB`, which has two meanings, is refused.
  static let bytes = ConfigurationUnits(
    [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)],
    others: ["G": 1 << 30, "M": 1 << 20, "K": 1 << 10, "": 1])

  /// Things that are counted: `M` is a million.
  static let count = ConfigurationUnits(
    [("G", 1_000_000_000), ("M", 1_000_000), ("", 1)], others: ["K": 1000, "k": 1000])

  /// `value`, which is not negative, in the largest unit that leaves no fraction.
  func text(_ value: Int) -> String {
    let unit =
      printed.first { value % $0.size == 0 && value >= $0.size } ?? printed[printed.count - 1]
    return "\(value / unit.size)\(unit.name)"
  }

  /// The sum of the terms of `text`, rounded down a term; nil if it is not such a sum.
  func value(of text: String) -> Int? {
    var rest = Array(text.utf8)[...]
    func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") }
    var sum: Int?
    while true {
      rest = rest.drop(while: isBlank)
      if rest.isEmpty { return sum }
      guard let term = takeTerm(&rest) else { return nil }
      let (total, overflows) = (sum ?? 0).addingReportingOverflow(term)
      guard !overflows else { return nil }
      sum = total
    }
  }

  /// Takes a number, blanks and a unit.
  private func takeTerm(_ rest: inout ArraySlice<UInt8>) -> Int? {
    let whole = rest.prefix(while: TOMLCharacter.isDigit)
    rest = rest.dropFirst(whole.count)
    var fraction: ArraySlice<UInt8> = []
    if rest.first == UInt8(ascii: ".") {
      fraction = rest.dropFirst().prefix(while: TOMLCharacter.isDigit)
      rest = rest.dropFirst(1 + fraction.count)
      guard (1...6).contains(fraction.count) else { return nil }
    }
    rest = rest.drop { $0 == UInt8(ascii: " ") }
    let name = rest.prefix { !TOMLCharacter.isDigit($0) && $0 != UInt8(ascii: " ") }
    rest = rest.dropFirst(name.count)
    guard let size = sizes[String(decoding: name, as: UTF8.self)],
      let value = Int(String(decoding: whole, as: UTF8.self))
    else { return nil }
    let (product, overflows) = value.multipliedReportingOverflow(by: size)
    // Six digits times an hour in nanoseconds stay below 2^62: no overflow.
    let part = Int(String(decoding: fraction, as: UTF8.self)).map {
      scaled($0, fraction.count, size)
    }
    let (total, overflowsToo) = product.addingReportingOverflow(part ?? 0)
    return overflows || overflowsToo ? nil : total
  }

  /// `digits` behind the point, in the base unit.
  private func scaled(_ value: Int, _ digits: Int, _ size: Int) -> Int {
    (0..<digits).reduce(value * size) { scaled, _ in scaled / 10 }
  }
}

extension Duration {
  /// Rounded down. The settings' limits keep it far from overflow.
  var wholeNanoseconds: Int {
    Int(components.seconds) * 1_000_000_000 + Int(components.attoseconds / 1_000_000_000)
  }
}
