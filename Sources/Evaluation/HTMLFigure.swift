/// Numbers as a page shows them: the same text on every machine, a real minus sign, a dash for what
/// is not known.
package enum Figure {
  package static let unknown = "–"

  /// `places` digits after the point, halves away from zero; at most 6 places.
  package static func decimal(_ value: Double, _ places: Int) -> String {
    guard !value.isNaN else { return unknown }
    guard value.isFinite else { return value < 0 ? "−∞" : "∞" }
    let text = plain(value, places)
    return text.hasPrefix("-") ? "−" + text.dropFirst() : text
  }

  package static func decimal(_ value: Double?, _ places: Int) -> String {
    value.map { decimal($0, places) } ?? unknown
  }

  /// The same with a plus before what is above zero: for changes.
  package static func signed(_ value: Double, _ places: Int) -> String {
    let text = decimal(value, places)
    let isZero = text.allSatisfy { !("1"..."9").contains($0) } && value.isFinite
    if isZero { return String(text.drop { $0 == "−" }) }
    return value > 0 ? "+" + text : text
  }

  package static func signed(_ value: Double?, _ places: Int) -> String {
    value.map { signed($0, places) } ?? unknown
  }

  package static func signed(_ value: Int) -> String { signed(Double(value), 0) }

  /// A share of 0...1 in percent, without the sign of it.
  package static func percent(_ share: Double?, _ places: Int = 2) -> String {
    share.map { decimal($0 * 100, places) } ?? unknown
  }

  /// Three significant digits, for ranges of which nobody knows the size beforehand.
  package static func short(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return decimal(value, 0) }
    let size = value.magnitude
    guard size < 1e6 else { return "\(value < 0 ? "−" : "")\(power(size))" }
    let places =
      size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : size >= 0.09995 ? 3 : 4
    return decimal(value, places)
  }

  /// Mantissa and exponent of a large positive number.
  private static func power(_ size: Double) -> String {
    var mantissa = size
    var exponent = 0
    while mantissa >= 9.995 {
      mantissa /= 10
      exponent += 1
    }
    return plain(mantissa, 2) + "e" + String(exponent)
  }

  /// Megabytes of 10^6 bytes.
  package static func megabytes(_ bytes: Int, _ places: Int = 2) -> String {
    decimal(Double(bytes) / 1e6, places)
  }

  /// Thousands apart by a narrow space.
  package static func count(_ value: Int) -> String {
    let digits = Array(String(value.magnitude))
    var out = value < 0 ? "−" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { out.append("\u{202F}") }
      out.append(digit)
    }
    return out
  }

  /// A probability of an error: "< 0.001" where it is.
  package static func significance(_ p: Double?) -> String {
    guard let p, !p.isNaN else { return unknown }
    return p < 0.001 ? "< 0.001" : decimal(p, 3)
  }

  /// ASCII, for coordinates and sort keys: never an exponent, within ±10^12, "0" for what is
  /// no number.
  package static func plain(_ value: Double, _ places: Int) -> String {
    let bounded = value.isNaN ? 0 : min(max(value, -1e12), 1e12)
    var scale = 1.0
    for _ in 0..<min(places, 6) { scale *= 10 }
    let scaled = Int((bounded.magnitude * scale).rounded(.toNearestOrAwayFromZero))
    let unit = Int(scale)
    var text = bounded < 0 && scaled != 0 ? "-" : ""
    text += String(scaled / unit)
    if places > 0 {
      let fraction = String(scaled % unit)
      text += "." + String(repeating: "0", count: min(places, 6) - fraction.count) + fraction
    }
    return text
  }
}
