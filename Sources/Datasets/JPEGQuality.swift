/// How coarsely a JPEG was quantised, on libjpeg's scale.
enum JPEGQuality {
  /// The quality that the table with number 0 is nearest to, 1...100; nil where none stands before
  /// the first scan.
  ///
  /// libjpeg multiplies the example table of ITU-T T.81, K.1, by S / 100 with S = 5000 / quality
  /// below 50 and 200 - 2 * quality from there on (`jpeg_quality_scaling` in its jcparam.c); S is
  /// taken here from the sums of the two tables.
  static func estimate(_ bytes: [UInt8]) -> Int? {
    guard let sum = luminanceTableSum(bytes) else { return nil }
    let scale = 100 * Double(sum) / Double(exampleTableSum)
    let quality = scale <= 100 ? 100 - scale / 2 : 5000 / scale
    return Int(min(max(quality.rounded(), 1), 100))
  }

  /// The sum of the 64 entries of Table K.1 of ITU-T T.81.
  private static let exampleTableSum = 3688

  private static func luminanceTableSum(_ bytes: [UInt8]) -> Int? {
    var position = 2
    while position + 4 <= bytes.count, bytes[position] == 0xFF {
      let marker = bytes[position + 1]
      // A fill byte.
      if marker == 0xFF {
        position += 1
        continue
      }
      // The scan, or the end: no table comes before what they need.
      guard marker != 0xDA, marker != 0xD9 else { return nil }
      let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
      let end = position + 2 + length
      guard length >= 2, end <= bytes.count else { return nil }
      if marker == 0xDB, let sum = tableSum(bytes[position + 4..<end]) { return sum }
      position = end
    }
    return nil
  }

  /// The sum of table 0 in the contents of a DQT segment.
  private static func tableSum(_ segment: ArraySlice<UInt8>) -> Int? {
    var rest = segment
    while let head = rest.popFirst() {
      let width = head >> 4 == 0 ? 1 : 2
      guard rest.count >= 64 * width else { return nil }
      let table = rest.prefix(64 * width)
      rest = rest.dropFirst(64 * width)
      guard head & 0x0F == 0 else { continue }
      return width == 1
        ? table.reduce(0) { $0 + Int($1) }
        : table.enumerated().reduce(0) { $0 + Int($1.element) << ($1.offset % 2 == 0 ? 8 : 0) }
    }
    return nil
  }
}
