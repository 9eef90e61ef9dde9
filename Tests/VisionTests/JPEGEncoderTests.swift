import CJPEG
import Testing

@Suite("The JPEG encoder's wall")
struct JPEGEncoderTests {
  private func encode(
    width: UInt32, height: UInt32, quality: UInt32 = 75, capacity: Int
  ) -> (status: vd_jpeg_status, count: Int, bytes: [UInt8]) {
    let pixels = (0..<max(1, Int(min(width, 4096) * min(height, 4096))) * 3).map {
      UInt8(truncatingIfNeeded: $0 &* 31)
    }
    var bytes = [UInt8](repeating: 0xEE, count: max(capacity, 1) + 8)
    var count = -1
    let status = vd_jpeg_encode(pixels, width, height, quality, &bytes, capacity, &count)
    return (status, count, bytes)
  }

  @Test("a picture becomes a JPEG from start to end marker", arguments: [1, 3, 16, 61] as [UInt32])
  func encodes(width: UInt32) {
    let (status, count, bytes) = encode(width: width, height: 9, capacity: 20_000)
    #expect(status == VD_JPEG_OK)
    #expect(bytes.prefix(2) == [0xFF, 0xD8])
    #expect(bytes[..<count].suffix(2) == [0xFF, 0xD9])
    #expect(throws: Never.self) { try decode(Array(bytes.prefix(count))) }
  }

  @Test("a buffer that is too small is said to be, and not overrun")
  func full() {
    let whole = encode(width: 61, height: 40, capacity: 20_000).count
    for capacity in [0, 1, 2, 20, 300, whole - 1, whole] {
      let (status, count, bytes) = encode(width: 61, height: 40, capacity: capacity)
      #expect(status == VD_JPEG_TOO_LARGE && count == 0)
      #expect(bytes.suffix(8).allSatisfy { $0 == 0xEE })
    }
    #expect(encode(width: 61, height: 40, capacity: whole + 1).status == VD_JPEG_OK)
  }

  @Test("extents and qualities out of range are refused")
  func range() {
    for (width, height, quality) in [
      (0, 1, 75), (1, 0, 75), (4097, 1, 75), (1, .max, 75), (1, 1, 0), (1, 1, 101),
    ] as [(UInt32, UInt32, UInt32)] {
      let result = encode(width: width, height: height, quality: quality, capacity: 1000)
      #expect(result.status == VD_JPEG_TOO_LARGE && result.count == 0)
    }
  }
}
