/// The name of a claimed file in `work`: `<id>.<attempt>-<name>`.
///
/// It carries over a crash all that is needed for another attempt. A name too long for that is
/// shortened in its stem.
struct WorkName: Hashable {
  let id: String
  /// How often the frame was handed out, 1 for the first time; 0 once it was given back.
  let attempt: Int
  let original: FileName

  init(id: String, attempt: Int, original: FileName) {
    self.id = id
    self.attempt = attempt
    self.original = original
  }

  /// Returns nil where the name is none that we gave.
  init?(parsing name: FileName) {
    let bytes = name.bytes
    guard bytes.count > 35, FrameIdentifier.isWellFormed(bytes[..<32]),
      bytes[32] == UInt8(ascii: "."),
      let dash = bytes[33...].firstIndex(of: UInt8(ascii: "-")),
      let attempt = Int(String(decoding: bytes[33..<dash], as: UTF8.self)),
      (0...99).contains(attempt),
      let original = FileName(Array(bytes[(dash + 1)...]))
    else { return nil }
    id = String(decoding: bytes[..<32], as: UTF8.self)
    self.attempt = attempt
    self.original = original
  }

  var fileName: FileName { original.wrapped(prefix: "\(id).\(attempt)-") }
}
