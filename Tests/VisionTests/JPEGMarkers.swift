/// Just enough of JPEG's structure to make hostile files out of good ones.
enum JPEGMarkers {
  struct Segment {
    var marker: UInt8
    /// From the marker's 0xFF to the end; for a scan, to the end of its entropy-coded data.
    var range: Range<Int>
  }

  /// The segments between the start and the end of the image.
  static func segments(of jpeg: [UInt8]) -> [Segment] {
    var result: [Segment] = []
    var at = 2
    while at + 4 <= jpeg.count, jpeg[at] == 0xFF, jpeg[at + 1] != 0xD9 {
      var end = at + 2 + Int(jpeg[at + 2]) << 8 + Int(jpeg[at + 3])
      if jpeg[at + 1] == 0xDA {
        while end + 1 < jpeg.count, !isMarker(jpeg[end], jpeg[end + 1]) { end += 1 }
      }
      result.append(Segment(marker: jpeg[at + 1], range: at..<end))
      at = end
    }
    return result
  }

  /// Whether two bytes of entropy-coded data end it: a marker that is no restart and no stuffing.
  private static func isMarker(_ first: UInt8, _ second: UInt8) -> Bool {
    first == 0xFF && second != 0 && !(0xD0...0xD7).contains(second)
  }

  /// The frame header (SOF0 or SOF2).
  static func frameHeader(of jpeg: [UInt8]) -> Segment? {
    segments(of: jpeg).first { $0.marker == 0xC0 || $0.marker == 0xC2 }
  }

  /// The same file with other extents in its frame header.
  static func resized(_ jpeg: [UInt8], width: Int, height: Int) -> [UInt8] {
    guard let header = frameHeader(of: jpeg) else { return [] }
    var result = jpeg
    let at = header.range.lowerBound
    (result[at + 5], result[at + 6]) = (UInt8(height >> 8), UInt8(height & 255))
    (result[at + 7], result[at + 8]) = (UInt8(width >> 8), UInt8(width & 255))
    return result
  }

  /// The same file with `bytes` put in right after the start-of-image marker.
  static func inserting(_ bytes: [UInt8], into jpeg: [UInt8]) -> [UInt8] {
    jpeg[..<2] + bytes + jpeg[2...]
  }

  /// A segment with its marker and length.
  static func segment(_ marker: UInt8, _ payload: [UInt8]) -> [UInt8] {
    let length = payload.count + 2
    return [0xFF, marker, UInt8(length >> 8), UInt8(length & 255)] + payload
  }

  /// The payload of an APP1 segment that gives an orientation.
  static func exif(_ orientation: Int, bigEndian: Bool, type: Int = 3) -> [UInt8] {
    func number(_ value: Int, _ bytes: Int) -> [UInt8] {
      let little = (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
      return bigEndian ? little.reversed() : little
    }
    return Array("Exif".utf8) + [0, 0] + Array((bigEndian ? "MM" : "II").utf8) + number(42, 2)
      + number(8, 4) + number(2, 2)
      + number(0x010F, 2) + number(2, 2) + number(4, 4) + Array("cam\0".utf8)
      + number(0x0112, 2) + number(type, 2) + number(1, 4) + number(orientation, 2) + [0, 0]
      + number(0, 4)
  }
}
