import Tensors

/// The name of a file inside one folder, as the bytes that the kernel gave.
///
/// A Linux file name is any bytes but NUL and `/`: a newline, an escape sequence or broken UTF-8
/// included. System calls get the bytes; people get `printable`.
public struct FileName: Sendable, Hashable, Comparable, CustomStringConvertible {
  public let bytes: [UInt8]

  /// Returns nil for what cannot name a file in a folder: empty, `.`, `..`, with NUL or `/`,
  /// longer than 255 bytes.
  public init?(_ bytes: [UInt8]) {
    guard !bytes.isEmpty, bytes.count <= FileName.maximumLength else { return nil }
    guard bytes != [0x2E], bytes != [0x2E, 0x2E] else { return nil }
    guard !bytes.contains(0), !bytes.contains(UInt8(ascii: "/")) else { return nil }
    self.bytes = bytes
  }

  /// The name that `text` spells in UTF-8; nil where it cannot name a file.
  public init?(_ text: String) { self.init(Array(text.utf8)) }

  /// For names that are valid by construction.
  private init(checked bytes: [UInt8]) { self.bytes = bytes }

  /// NAME_MAX of Linux.
  static let maximumLength = 255

  /// The name for messages: control characters, backslashes and bytes that are not UTF-8 stand as
  /// `\xNN`, so that one name is one line and nothing reaches a terminal.
  public var printable: String { escaped(bytes) }

  public var description: String { printable }

  public static func < (a: FileName, b: FileName) -> Bool {
    a.bytes.lexicographicallyPrecedes(b.bytes)
  }

  /// What follows the last dot, in lower case; empty where there is none.
  var lowercasedExtension: String {
    guard let dot = bytes.lastIndex(of: UInt8(ascii: ".")), dot > 0 else { return "" }
    return String(decoding: bytes[(dot + 1)...], as: UTF8.self).lowercased()
  }

  /// This name with `infix` before its extension, shortened in the stem where it gets too long.
  func inserting(_ infix: String) -> FileName {
    var dot = bytes.lastIndex(of: UInt8(ascii: ".")) ?? bytes.count
    if dot == 0 || bytes.count - dot > 16 { dot = bytes.count }
    let tail = Array(infix.utf8) + bytes[dot...]
    let stem = shortened(bytes[..<dot], to: FileName.maximumLength - tail.count)
    return FileName(checked: stem + tail)
  }

  /// This name with `prefix` and `suffix` around it, shortened in the stem where it gets too long.
  func wrapped(prefix: String = "", suffix: String = "") -> FileName {
    let room = FileName.maximumLength - prefix.utf8.count - suffix.utf8.count
    precondition(room >= 32, "a prefix or suffix leaves no room for the name")
    let excess = bytes.count - room
    let middle = excess > 0 ? FileName(checked: bytes).shortenedKeepingExtension(by: excess) : bytes
    return FileName(checked: Array(prefix.utf8) + middle + Array(suffix.utf8))
  }

  private func shortenedKeepingExtension(by excess: Int) -> [UInt8] {
    var dot = bytes.lastIndex(of: UInt8(ascii: ".")) ?? bytes.count
    if bytes.count - dot > 16 || dot <= excess { dot = bytes.count }
    return shortened(bytes[..<dot], to: dot - excess) + bytes[dot...]
  }
}

/// The first `limit` bytes of `stem` at most, not cut inside a UTF-8 sequence.
private func shortened(_ stem: ArraySlice<UInt8>, to limit: Int) -> [UInt8] {
  guard stem.count > limit else { return Array(stem) }
  var end = stem.startIndex + max(0, limit)
  while end > stem.startIndex, stem[end] & 0xC0 == 0x80 { end -= 1 }
  return Array(stem[..<end])
}

/// `bytes` as text on one line: see `FileName.printable`.
func escaped(_ bytes: [UInt8]) -> String {
  var out = ""
  var rest = bytes[...]
  while let byte = rest.first {
    if byte >= 0x20, byte < 0x7F, byte != UInt8(ascii: "\\") {
      out.unicodeScalars.append(Unicode.Scalar(byte))
      rest.removeFirst()
      continue
    }
    if let (scalar, width) = scalarAtStart(of: rest), isPrintable(scalar) {
      out.unicodeScalars.append(scalar)
      rest.removeFirst(width)
      continue
    }
    out += "\\x" + hexadecimal([byte])
    rest.removeFirst()
  }
  return out
}

private func scalarAtStart(of bytes: ArraySlice<UInt8>) -> (Unicode.Scalar, width: Int)? {
  guard let first = bytes.first, first >= 0xC2 else { return nil }
  let width = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
  guard bytes.count >= width else { return nil }
  var decoder = UTF8()
  var iterator = bytes.prefix(width).makeIterator()
  guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return nil }
  return (scalar, width)
}

private func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.properties.generalCategory {
  // Format includes the bidirectional overrides, which can make a line read backwards.
  case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
    .paragraphSeparator:
    false
  default: true
  }
}
