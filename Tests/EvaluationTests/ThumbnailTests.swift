import Evaluation
import Testing

@Suite("Thumbnails")
struct ThumbnailTests {
  private func picture(_ bytes: [UInt8], side: Int = 112) throws -> SmallPicture? {
    var maker = try ThumbnailMaker(side: side)
    return bytes.withUnsafeBytes { maker.picture(of: $0) }
  }

  /// The mean distance of two pictures' values.
  private func distance(_ a: [UInt8], _ b: [UInt8]) -> Double {
    zip(a, b).reduce(0.0) { $0 + Double(abs(Int($1.0) - Int($1.1))) } / Double(a.count)
  }

  @Test("a picture stands upright, whatever its orientation", arguments: 1...8)
  func orientation(number: Int) throws {
    let upright = try #require(try picture(reportFixture("orientation-1"), side: 24))
    let turned = try #require(try picture(reportFixture("orientation-\(number)"), side: 24))
    #expect(turned.width == upright.width && turned.height == upright.height)
    #expect(max(upright.width, upright.height) == 24 && upright.width != upright.height)
    // Where the boxes do not fit, their borders differ with the side from which one counts.
    #expect(distance(turned.rgb, upright.rgb) < 12)
    if number > 1 {
      #expect(distance(Array(turned.rgb.reversed()), upright.rgb) > 24)
    }
  }

  @Test("the longer side is as asked, a smaller picture keeps its size")
  func size() throws {
    let large = try #require(try picture(reportFixture("color-420"), side: 20))
    #expect(max(large.width, large.height) == 20)
    let small = try #require(try picture(reportFixture("odd-17x13"), side: 112))
    #expect(small.width == 17 && small.height == 13)
    let pixel = try #require(try picture(reportFixture("pixel-1x1")))
    #expect(pixel.rgb.count == 3)
  }

  @Test("it is a JPEG of nearly the same pixels")
  func encoding() throws {
    let bytes = reportFixture("color-420")
    var maker = try ThumbnailMaker(side: 64, quality: 90)
    let thumbnail = try #require(bytes.withUnsafeBytes { maker.thumbnail(of: $0) })
    let before = try #require(try picture(bytes, side: 64))
    let after = try #require(try picture(thumbnail.jpeg, side: 64))
    #expect(after.width == thumbnail.width && after.height == thumbnail.height)
    #expect(distance(after.rgb, before.rgb) < 12)
  }

  @Test("the same picture gives the same bytes")
  func deterministic() throws {
    var maker = try ThumbnailMaker()
    let bytes = reportFixture("color-444")
    let first = bytes.withUnsafeBytes { maker.thumbnail(of: $0) }
    #expect(first != nil)
    #expect(bytes.withUnsafeBytes { maker.thumbnail(of: $0) } == first)
  }

  @Test("what is no whole JPEG has none", arguments: [0, 1, 100, -20])
  func broken(count: Int) throws {
    var maker = try ThumbnailMaker()
    let all = reportFixture("color-420")
    let part = count >= 0 ? all.prefix(count) : all.dropLast(-count)
    #expect(Array(part).withUnsafeBytes { maker.thumbnail(of: $0) } == nil)
    // The maker goes on.
    #expect(all.withUnsafeBytes { maker.thumbnail(of: $0) } != nil)
  }
}
