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
    var result = jpeg
    result.insert(contentsOf: bytes, at: 2)
    return result
  }

  /// The first `count` bytes of a file and an end-of-image marker.
  static func closed(_ jpeg: [UInt8], at count: Int) -> [UInt8] {
    var result = Array(jpeg[..<count])
    result += [0xFF, 0xD9]
    return result
  }

  /// A segment with its marker and length.
  static func segment(_ marker: UInt8, _ payload: [UInt8]) -> [UInt8] {
    let length = payload.count + 2
    return [0xFF, marker, UInt8(length >> 8), UInt8(length & 255)] + payload
  }

  /// The payload of an APP1 segment that gives an orientation.
  static func exif(_ orientation: Int, bigEndian: Bool, type: Int = 3) -> [UInt8] {
    var payload = Array("Exif".utf8)
    payload += [0, 0]
    payload += Array((bigEndian ? "MM" : "II").utf8)
    func append(_ value: Int, bytes: Int) {
      let little = (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
      payload += bigEndian ? little.reversed() : little
    }
    func appendEntry(tag: Int, type: Int, count: Int) {
      append(tag, bytes: 2)
      append(type, bytes: 2)
      append(count, bytes: 4)
    }
    append(42, bytes: 2)
    append(8, bytes: 4)
    append(2, bytes: 2)
    appendEntry(tag: 0x010F, type: 2, count: 4)
    payload += Array("cam\0".utf8)
    appendEntry(tag: 0x0112, type: type, count: 1)
    append(orientation, bytes: 2)
    payload += [0, 0]
    append(0, bytes: 4)
    return payload
  }
}
