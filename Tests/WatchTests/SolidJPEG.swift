/// Baseline JPEGs of one colour a block of 8 x 8 pixels: enough for a decoder and for a network that
/// tells colours apart, and no files beside the tests.
enum SolidJPEG {
  struct Colour: Sendable, Hashable {
    var red: Double
    var green: Double
    var blue: Double

    static let red = Colour(red: 254, green: 0, blue: 0)
    static let green = Colour(red: 0, green: 254, blue: 0)
    static let blue = Colour(red: 0, green: 0, blue: 254)

    /// Y, Cb, Cr as JFIF defines them, 128 taken off.
    fileprivate var components: [Int] {
      let luma = 0.299 * red + 0.587 * green + 0.114 * blue
      let parts = [luma - 128, (blue - luma) / 1.772, (red - luma) / 1.402]
      return parts.map { Int($0.rounded()) }
    }
  }

  /// A picture of one colour.
  static func image(_ colour: Colour, width: Int = 16, height: Int = 16) -> [UInt8] {
    image(width: width, height: height) { _, _ in colour }
  }

  /// - Parameter colour: of the block in this column and row.
  static func image(
    width: Int, height: Int, colour: (_ column: Int, _ row: Int) -> Colour
  ) -> [UInt8] {
    var bits = Bits()
    var last = [0, 0, 0]
    for row in 0..<(height + 7) / 8 {
      for column in 0..<(width + 7) / 8 {
        for (index, value) in colour(column, row).components.enumerated() {
          bits.append(difference: value - last[index])
          last[index] = value
        }
      }
    }
    return header(width: width, height: height) + bits.finish() + [0xFF, 0xD9]
  }

  /// Everything up to the entropy-coded bytes. Quantised DC is the value itself: an 8 x 8 DCT has
  /// 8 times the mean there, and the table's first entry is 8.
  static func header(width: Int, height: Int) -> [UInt8] {
    var bytes: [UInt8] = [0xFF, 0xD8]
    bytes += segment(0xDB, [0, 8] + [UInt8](repeating: 1, count: 63))
    var frame: [UInt8] = [8, UInt8(height >> 8), UInt8(height & 255)]
    frame += [UInt8(width >> 8), UInt8(width & 255), 3]
    frame += [1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]
    bytes += segment(0xC0, frame)
    // DC: the categories 0 to 8 with 4 bits each. AC: the end of block, one bit.
    bytes += segment(0xC4, codeTable(0x00, length: 4, symbols: Array(0...8)))
    bytes += segment(0xC4, codeTable(0x10, length: 1, symbols: [0]))
    return bytes + segment(0xDA, [3, 1, 0, 2, 0, 3, 0, 0, 63, 0])
  }

  private static func segment(_ marker: UInt8, _ body: [UInt8]) -> [UInt8] {
    let length = body.count + 2
    return [0xFF, marker, UInt8(length >> 8), UInt8(length & 255)] + body
  }

  private static func codeTable(_ id: UInt8, length: Int, symbols: [UInt8]) -> [UInt8] {
    var counts = [UInt8](repeating: 0, count: 16)
    counts[length - 1] = UInt8(symbols.count)
    return [id] + counts + symbols
  }

  /// Entropy-coded blocks that have nothing but a DC coefficient.
  private struct Bits {
    private var bytes: [UInt8] = []
    private var pending = 0
    private var count = 0

    mutating func append(difference: Int) {
      let category = Int.bitWidth - abs(difference).leadingZeroBitCount
      append(category, width: 4)
      let coded = difference < 0 ? difference + (1 << category) - 1 : difference
      append(coded, width: category)
      append(0, width: 1)
    }

    private mutating func append(_ value: Int, width: Int) {
      pending = pending << width | value
      count += width
      while count >= 8 {
        count -= 8
        let byte = UInt8(truncatingIfNeeded: pending >> count)
        bytes.append(byte)
        if byte == 0xFF { bytes.append(0) }
        pending &= (1 << count) - 1
      }
    }

    mutating func finish() -> [UInt8] {
      if count > 0 { append((1 << (8 - count)) - 1, width: 8 - count) }
      return bytes
    }
  }
}
