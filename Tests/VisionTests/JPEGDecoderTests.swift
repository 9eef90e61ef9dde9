import Model
import Testing
import Vision

@Suite("JPEG decoder")
struct JPEGDecoderTests {
  @Test("Every kind of JPEG decodes to its full size", arguments: Fixture.names)
  func decodes(name: String) throws {
    let picture = try decode(Fixture.jpeg(name))
    let info = picture.info
    #expect(picture.rgb.count == info.decodedWidth * info.decodedHeight * 3)
    #expect(info.scaleEighths == 8)
    let stored =
      info.orientation.swapsAxes
      ? (info.height, info.width) : (info.width, info.height)
    #expect(stored == (info.decodedWidth, info.decodedHeight))
  }

  @Test("What the header says is reported")
  func info() throws {
    let progressive = try decode(Fixture.jpeg("progressive")).info
    #expect((progressive.width, progressive.height) == (96, 64))
    #expect(progressive.isProgressive && progressive.components == 3)
    let gray = try decode(Fixture.jpeg("gray")).info
    #expect(!gray.isProgressive && gray.components == 1)
    #expect(try decode(Fixture.jpeg("cmyk")).info.components == 4)
    #expect(try decode(Fixture.jpeg("pixel-1x1")).info.width == 1)
    let turned = try decode(Fixture.jpeg("orientation-6")).info
    #expect(turned.orientation == .turned90)
    #expect((turned.width, turned.height) == (48, 32))
    #expect((turned.decodedWidth, turned.decodedHeight) == (32, 48))
  }

  @Test("Grayscale becomes equal red, green and blue")
  func gray() throws {
    let picture = try decode(Fixture.jpeg("gray"))
    let colours = stride(from: 0, to: picture.rgb.count, by: 3).map { picture.rgb[$0..<$0 + 3] }
    #expect(colours.allSatisfy { Set($0).count == 1 })
    #expect(Set(picture.rgb).count > 20)
  }

  @Test(
    "The same scene gives the same colours however it is coded",
    arguments: ["color-420", "progressive", "restart", "cmyk"])
  func sameScene(name: String) throws {
    let reference = try decode(Fixture.jpeg("color-444")).rgb
    let mean = difference(reference, try decode(Fixture.jpeg(name)).rgb).mean
    // Chroma at half resolution smears the scene's hard edges; a wrong conversion is off by 60.
    #expect(mean < 4)
  }

  @Test("A row of restart markers changes no bit")
  func restart() throws {
    let plain = try decode(Fixture.jpeg("color-420")).rgb
    #expect(try decode(Fixture.jpeg("restart")).rgb == plain)
  }

  @Test("Black darkens the colours of a YCCK picture by the ink that it has")
  func ycck() throws {
    // The file's K is 200 of 255 for every pixel: the scene, at 200/255 of its brightness.
    let reference = try decode(Fixture.jpeg("color-444")).rgb.map { UInt8(Int($0) * 200 / 255) }
    #expect(difference(reference, try decode(Fixture.jpeg("ycck")).rgb).mean < 4)
  }

  @Test(
    "The smallest of 1/8, 2/8, 4/8 and 8/8 that covers the input is decoded",
    arguments: [
      (12, 12, 2), (14, 14, 2), (15, 15, 4), (28, 28, 4), (29, 29, 8), (7, 7, 1), (200, 200, 8),
      (7, 8, 2),
    ])
  func scale(width: Int, height: Int, eighths: Int) throws {
    // The crop of 96 x 64 pixels is 56 x 56.
    let crop = Preprocessing.Crop.centralSquare(numerator: 7, denominator: 8)
    let target = DecodeTarget.input(crop: crop, width: width, height: height)
    let picture = try decode(Fixture.jpeg("color-420"), for: target)
    #expect(picture.info.scaleEighths == eighths)
    #expect(picture.info.decodedWidth == 12 * eighths)
    #expect(picture.info.decodedHeight == 8 * eighths)
    #expect((picture.info.width, picture.info.height) == (96, 64))
  }

  @Test("Extents that are no multiple of 8 are rounded up when scaled")
  func scaledOdd() throws {
    let target = DecodeTarget.input(crop: .whole, width: 3, height: 2)
    let info = try decode(Fixture.jpeg("odd-17x13"), for: target).info
    #expect(info.scaleEighths == 2)
    #expect((info.decodedWidth, info.decodedHeight) == (5, 4))
  }

  @Test("A decoder gives the same pixels after any other picture or error")
  func reuse() throws {
    var decoder = try JPEGDecoder()
    for name in Fixture.names {
      let alone = try decode(Fixture.jpeg(name))
      _ = try? decode(Array(Fixture.jpeg("progressive").prefix(900)), with: &decoder)
      _ = try? decode(Fixture.jpeg("png"), with: &decoder)
      #expect(try decode(Fixture.jpeg(name), with: &decoder) == alone)
    }
  }

  @Test("A file without quantization tables does not get those of the file before it")
  func tablesAreNotInherited() throws {
    let whole = Fixture.jpeg("color-420")
    var bare = Array(whole[..<2])
    for segment in JPEGMarkers.segments(of: whole) where segment.marker != 0xDB {
      bare += whole[segment.range]
    }
    bare += [0xFF, 0xD9]
    var decoder = try JPEGDecoder()
    _ = try decode(whole, with: &decoder)
    #expect(throws: VisionError.self) { _ = try decode(bare, with: &decoder) }
  }

  @Test("A buffer keeps its memory for the next picture")
  func bufferIsReused() throws {
    var decoder = try JPEGDecoder()
    var pixels = PixelBuffer()
    for name in ["color-444", "odd-17x13", "gray"] {
      _ = try Fixture.jpeg(name).withUnsafeBytes {
        try decoder.decode($0, for: .fullSize, into: &pixels)
      }
    }
    let (capacity, width, count) = (pixels.capacity, pixels.width, pixels.byteCount)
    #expect(capacity == 96 * 64 * 3)
    #expect(width == 96)
    #expect(count == pixels.withUnsafeBytes { $0.count })
  }

  @Test("Bytes after the end of the image, and a little padding before it, are no fault")
  func harmless() throws {
    let plain = Fixture.jpeg("color-420")
    let reference = try decode(plain).rgb
    #expect(try decode(plain + Array("trailing".utf8)).rgb == reference)
    func padded(_ count: Int) -> [UInt8] {
      var result = plain
      result.insert(contentsOf: [UInt8](repeating: 0, count: count), at: plain.count - 2)
      return result
    }
    #expect(try decode(padded(3)).rgb == reference)
    #expect(refusal(padded(500)) == "corrupt")
  }
}
