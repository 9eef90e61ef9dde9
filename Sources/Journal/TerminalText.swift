/// The text with everything that could steer a terminal, or forge a line, made visible.
///
/// Control characters become `\n`, `\t` or `\x1B`; line separators and the characters that turn
/// the reading direction become `\u{202E}`. A backslash stays as it is, so that text may pass
/// through here twice. journald, too, shows a message with control characters only as "blob
/// data", so messages go through here once for both.
public func escapedForTerminal(_ text: String) -> String {
  guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\n": result += "\\n"
    case "\r": result += "\\r"
    case "\t": result += "\\t"
    case _ where !isUnsafe(scalar): result.unicodeScalars.append(scalar)
    case _ where scalar.value < 0x100:
      let digits = String(scalar.value, radix: 16, uppercase: true)
      result += digits.utf8.count == 1 ? "\\x0" + digits : "\\x" + digits
    default: result += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
    }
  }
  return result
}

/// The same for bytes that should be UTF-8 and may be anything, such as a file's name.
public func escapedForTerminal(_ bytes: [UInt8]) -> String {
  escapedForTerminal(String(decoding: bytes, as: UTF8.self))
}

/// C0, DEL and C1 controls; line and paragraph separators; bidirectional marks, embeddings,
/// overrides and isolates (Unicode Standard Annex 9).
private func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0x00...0x1F, 0x7F...0x9F, 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
  default: false
  }
}

/// `value` in decimal with so many digits after the point, rounded half away from zero.
///
/// What `printf("%.2f")` would be for; Swift's own description of a Double has no such form
/// without Foundation. Exact for the scores, milliseconds and seconds that entries carry.
public func decimalText(_ value: Double, places: Int) -> String {
  precondition((0...9).contains(places), "a decimal has 0 to 9 places, not \(places)")
  var unit = 1
  for _ in 0..<places { unit *= 10 }
  let scaled = (value * Double(unit)).rounded(.toNearestOrAwayFromZero)
  guard let units = Int(exactly: scaled) else { return value.isNaN ? "nan" : "\(value)" }
  let (whole, part) = units.magnitude.quotientAndRemainder(dividingBy: UInt(unit))
  let sign = units < 0 ? "-" : ""
  guard places > 0 else { return "\(sign)\(whole)" }
  let digits = String(part)
  return "\(sign)\(whole)." + String(repeating: "0", count: places - digits.utf8.count) + digits
}
