/// Where a JPEG starts and ends, found without decoding it.
public enum JPEGFraming {
  /// How far a file is a JPEG.
  public enum Extent: Sendable, Hashable {
    /// The image takes the first `length` bytes; what follows it is not looked at.
    case complete(length: Int)
    /// The bytes end before the image does; the text says where.
    case incomplete(String)
    /// It starts as a JPEG, but the byte at `offset` breaks the structure.
    case malformed(offset: Int, String)
    /// It starts as something else; the text says as what.
    case notJPEG(String)
  }

  /// Walks over the markers of the file `bytes`, from its SOI to its EOI.
  ///
  /// A complete image may still be undecodable: this is no decoder. Cost: one pass, entropy-coded
  /// data at the speed of `memchr`.
  public static func extent(of bytes: UnsafeRawBufferPointer) -> Extent {
    guard bytes.starts(with: signature.prefix(bytes.count)) else {
      return .notJPEG(kind(of: bytes))
    }
    guard bytes.count >= signature.count else {
      return .incomplete(bytes.isEmpty ? "holds no bytes" : "ends inside its first marker")
    }
    var walker = JPEGWalker(isLenient: true)
    let (next, step) = walker.walk(bytes, from: signature.count)
    switch step {
    case .end: return .complete(length: next)
    case .needsMore: return .incomplete("ends \(walker.position), after \(bytes.count) bytes")
    case .restart: return .malformed(offset: next - 2, "a second start of image")
    case .broken(let fault): return .malformed(offset: next, fault)
    }
  }

  /// As `extent(of:)` for a raw buffer.
  public static func extent(of bytes: [UInt8]) -> Extent {
    bytes.withUnsafeBytes { extent(of: $0) }
  }

  /// SOI.
  private static let signature: [UInt8] = [0xFF, 0xD8]

  /// What a file that is no JPEG seems to be, by its first bytes, with its article.
  static func kind(of bytes: UnsafeRawBufferPointer) -> String {
    func has(_ magic: [UInt8], at offset: Int = 0) -> Bool {
      bytes.count >= offset && bytes.dropFirst(offset).starts(with: magic)
    }
    func has(_ text: String, at offset: Int = 0) -> Bool { has(Array(text.utf8), at: offset) }

    if bytes.isEmpty { return "an empty file" }
    if has([0x89] + Array("PNG".utf8)) { return "a PNG image" }
    if has("GIF8") { return "a GIF image" }
    if has("RIFF"), has("WEBP", at: 8) { return "a WebP image" }
    if has("RIFF") { return "a RIFF file (AVI or WAV)" }
    if has("BM") { return "a BMP image" }
    if has([0x49, 0x49, 0x2A, 0]) || has([0x4D, 0x4D, 0, 0x2A]) { return "a TIFF image" }
    if has("ftyphei", at: 4) || has("ftypmif1", at: 4) { return "a HEIF image" }
    if has("ftypavif", at: 4) { return "an AVIF image" }
    if has("ftyp", at: 4) { return "an MP4 or QuickTime film" }
    if has([0xFF, 0x0A]) || has([0, 0, 0, 0x0C] + Array("JXL ".utf8)) { return "a JPEG XL image" }
    if has([0, 0, 0, 0x0C] + Array("jP  ".utf8)) || has([0xFF, 0x4F, 0xFF, 0x51]) {
      return "a JPEG 2000 image"
    }
    if has("%PDF") { return "a PDF document" }
    if has([0x50, 0x4B, 3, 4]) { return "a ZIP archive" }
    if has([0x1F, 0x8B]) { return "a gzip archive" }
    if bytes.prefix(64).allSatisfy({ $0 == 0 }) { return "a file that starts with zero bytes" }
    if bytes.prefix(64).allSatisfy({ (0x20..<0x7F).contains($0) || (9...13).contains($0) }) {
      return "text"
    }
    return "a file of an unknown kind"
  }
}
