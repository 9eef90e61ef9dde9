/// Formats that files named ".jpg" by mistake are in, told by their first bytes, so that a
/// refusal can say what the file is.
enum FileSignature {
  /// A noun phrase for what `bytes` begin like; nil if that is nothing known.
  static func name(of bytes: UnsafeRawBufferPointer) -> String? {
    known.first { bytes.dropFirst($0.offset).starts(with: $0.signature) }?.name
  }

  private static let known: [(offset: Int, signature: [UInt8], name: String)] = [
    (0, [0x89] + "PNG\r\n".utf8, "a PNG file"),
    (0, Array("GIF8".utf8), "a GIF file"),
    (8, Array("WEBP".utf8), "a WebP file"),
    (4, Array("ftypavif".utf8), "an AVIF file"),
    (4, Array("ftyphei".utf8), "an HEIF file"),
    (4, Array("ftypmif1".utf8), "an HEIF file"),
    (4, Array("ftyp".utf8), "an MP4 file"),
    (0, [0, 0, 0, 12] + "JXL ".utf8, "a JPEG XL file"),
    (0, [0xFF, 0x0A], "a JPEG XL file"),
    (0, [0, 0, 0, 12] + "jP  ".utf8, "a JPEG 2000 file"),
    (0, [0x49, 0x49, 0x2A, 0], "a TIFF file"),
    (0, [0x4D, 0x4D, 0, 0x2A], "a TIFF file"),
    (0, Array("BM".utf8), "a BMP file"),
    (0, Array("%PDF".utf8), "a PDF file"),
    (0, [0x1F, 0x8B], "a gzip file"),
    (0, Array("<!DOCTYPE".utf8), "an HTML file"),
    (0, Array("<html".utf8), "an HTML file"),
  ]
}
