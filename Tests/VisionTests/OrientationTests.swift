import CJPEG
import Testing
import Vision

@Suite("EXIF orientation")
struct OrientationTests {
  @Test("A picture stored in any of the 8 ways gives the same input", arguments: 1...8)
  func upright(orientation: Int) throws {
    let jpeg = Fixture.jpeg("orientation-\(orientation)")
    #expect(try decode(jpeg).info.orientation.rawValue == orientation)
    for recipe in [
      Recipe(width: 24, height: 24), Recipe(crop: .whole, width: 30, height: 20),
    ] {
      let upright = try recipe.pixels(Fixture.jpeg("orientation-1"))
      let turned = try recipe.pixels(jpeg)
      let mean = difference(upright, turned).mean
      // JPEG is not symmetric, so not 0. Not turning the picture gives 20 or more.
      #expect(mean < 1.5)
      if orientation != 1 {
        let ignored = try recipe.pixels(withoutEXIF(jpeg))
        let meanIgnored = difference(upright, ignored).mean
        #expect(meanIgnored > 15)
      }
    }
  }

  @Test("A crop that cannot be centred to the pixel is the upright picture's", arguments: 1...8)
  func oddCrop(orientation: Int) throws {
    // 3/4 of 32 is 24, of 48 x 32: left 12, top 4. 19/32 of 32 is 19: left 14, top 6, floored.
    let recipe = Recipe(
      crop: .centralSquare(numerator: 19, denominator: 32), filter: .bilinear, width: 19, height: 19
    )
    let upright = try recipe.pixels(Fixture.jpeg("orientation-1"), fullSize: true)
    let turned = try recipe.pixels(Fixture.jpeg("orientation-\(orientation)"), fullSize: true)
    #expect(difference(upright, turned).mean < 1)
  }

  @Test("Both byte orders are read", arguments: 1...8)
  func byteOrders(orientation: Int) {
    #expect(parse(JPEGMarkers.exif(orientation, bigEndian: true)) == orientation)
    #expect(parse(JPEGMarkers.exif(orientation, bigEndian: false)) == orientation)
  }

  @Test("What is no orientation is ignored")
  func nonsense() {
    #expect(parse(JPEGMarkers.exif(0, bigEndian: true)) == 0)
    #expect(parse(JPEGMarkers.exif(9, bigEndian: true)) == 0)
    #expect(parse(JPEGMarkers.exif(6, bigEndian: true, type: 4)) == 0)
    #expect(parse(Array("http://ns.adobe.com/xap/1.0/".utf8)) == 0)
    #expect(parse([]) == 0)
  }

  @Test("An EXIF payload cut anywhere, or with any byte changed, is read within its bounds")
  func hostileEXIF() {
    let whole = JPEGMarkers.exif(6, bigEndian: false)
    var seen: Set<Int> = []
    for count in 0..<whole.count { seen.insert(parse(Array(whole[..<count]))) }
    for index in whole.indices {
      for value in [0, 1, 0x7F, 0x80, 0xFF] as [UInt8] {
        var changed = whole
        changed[index] = value
        seen.insert(parse(changed))
      }
    }
    #expect(seen.isSubset(of: Set(0...8)))
    #expect(seen.isSuperset(of: [0, 1, 6]))
  }

  @Test("The first segment with an orientation counts, and a nested JPEG is not looked into")
  func segments() throws {
    let plain = Fixture.jpeg("color-420")
    let thumbnail = JPEGMarkers.exif(3, bigEndian: true) + Fixture.jpeg("pixel-1x1")
    let jpeg = JPEGMarkers.inserting(
      JPEGMarkers.segment(0xE1, Array("http://ns.adobe.com/xap/1.0/".utf8))
        + JPEGMarkers.segment(0xE1, thumbnail)
        + JPEGMarkers.segment(0xE1, JPEGMarkers.exif(8, bigEndian: true)), into: plain)
    let picture = try decode(jpeg)
    #expect(picture.info.orientation == .turned180)
    let reference = try decode(plain)
    #expect(picture.rgb == reference.rgb)
  }

  /// In a block of exactly its size, so that a sanitizer sees a read beyond it.
  private func parse(_ payload: [UInt8]) -> Int {
    let block = UnsafeMutablePointer<UInt8>.allocate(capacity: payload.count)
    defer { block.deallocate() }
    block.initialize(from: payload, count: payload.count)
    return Int(vd_exif_orientation(block, payload.count))
  }

  private func withoutEXIF(_ jpeg: [UInt8]) -> [UInt8] {
    var result = Array(jpeg[..<2])
    for segment in JPEGMarkers.segments(of: jpeg) where segment.marker != 0xE1 {
      result += jpeg[segment.range]
    }
    return result + [0xFF, 0xD9]
  }
}
