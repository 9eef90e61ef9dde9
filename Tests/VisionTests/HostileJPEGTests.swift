import Testing
import Vision

#if canImport(Glibc)
import Glibc
#endif

@Suite("Hostile JPEGs")
struct HostileJPEGTests {
  @Test(
    "A file cut at any byte is refused as cut, and never a picture",
    arguments: ["color-420", "progressive", "restart", "gray", "cmyk", "orientation-6"])
  func cut(name: String) throws {
    let whole = Fixture.jpeg(name)
    var decoder = try JPEGDecoder()
    for count in 0..<whole.count {
      var code = "none"
      do {
        _ = try decode(Array(whole[..<count]), with: &decoder)
      } catch let error as VisionError {
        code = error.code
      }
      #expect(code == (count == 0 ? "empty" : "truncated"), "cut to \(count) of \(whole.count)")
    }
    #expect(throws: Never.self) { _ = try decode(whole, with: &decoder) }
  }

  @Test(
    "A file cut inside its data, and then ended properly, is refused",
    arguments: ["color-420", "progressive", "restart", "gray", "cmyk"])
  func cutAndClosed(name: String) throws {
    let whole = Fixture.jpeg(name)
    let scans = JPEGMarkers.segments(of: whole).filter { $0.marker == 0xDA }
    let (first, last) = (try #require(scans.first), try #require(scans.last))
    // All of the last scan but its last 10 bytes; and half of the first one, nothing after it.
    for count in [
      last.range.upperBound - 10, (first.range.lowerBound + first.range.upperBound) / 2,
    ] {
      let code = refusal(JPEGMarkers.closed(whole, at: count))
      #expect(code == "truncated" || code == "corrupt")
    }
  }

  @Test("A progressive file that lacks the last bits of its mean values is refused")
  func missingScan() throws {
    let whole = Fixture.jpeg("progressive")
    let scans = JPEGMarkers.segments(of: whole).filter { $0.marker == 0xDA }
    let first = try #require(scans.first)
    #expect(refusal(JPEGMarkers.closed(whole, at: first.range.upperBound)) == "truncated")
  }

  @Test("Bytes that are no JPEG are named for what they are")
  func notJPEG() {
    #expect(refusal([]) == "empty")
    #expect(refusal(Array("hello".utf8)) == "not-a-jpeg")
    #expect(throws: VisionError.notJPEG(found: "a PNG file")) {
      _ = try decode(Fixture.jpeg("png"))
    }
    #expect(throws: VisionError.notJPEG(found: "a WebP file")) {
      _ = try decode(Array("RIFF\u{1}\u{2}\u{3}\u{4}WEBPVP8 ".utf8))
    }
    #expect(throws: VisionError.notJPEG(found: nil)) { _ = try decode([1, 2, 3]) }
  }

  @Test(
    "Seeded damage never crashes, and never makes a picture of another size",
    arguments: ["color-420", "progressive", "gray", "cmyk", "restart"])
  func damage(name: String) throws {
    let whole = Fixture.jpeg(name)
    let size = try decode(whole).rgb.count
    var generator = Seeded(0x5EED)
    var limits = DecodeLimits()
    limits.maximumPixelCount = 1 << 16
    limits.timeLimit = .seconds(60)
    var decoder = try JPEGDecoder(limits: limits)
    let header = JPEGMarkers.frameHeader(of: whole)?.range ?? 0..<0
    var refused = 0
    for _ in 0..<400 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let index = Int.random(in: 2..<whole.count, using: &generator)
        if !header.contains(index) {
          bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        }
      }
      do {
        let count = try decode(bytes, with: &decoder).rgb.count
        #expect(count == size)
      } catch is VisionError {
        refused += 1
      }
    }
    #expect(refused > 20)
  }

  @Test(
    "A header that claims a giant picture is refused before anything is allocated",
    arguments: ["color-420", "progressive"])
  func giant(name: String) throws {
    let bomb = JPEGMarkers.resized(Fixture.jpeg(name), width: 65500, height: 65500)
    var decoder = try JPEGDecoder()
    var pixels = PixelBuffer()
    let before = residentBytes()
    #expect(throws: VisionError.self) {
      _ = try bomb.withUnsafeBytes { try decoder.decode($0, for: .fullSize, into: &pixels) }
    }
    let (grown, capacity) = (residentBytes() - before, pixels.capacity)
    #expect(capacity == 0)
    #expect(grown < 64 << 20)
    #expect(refusal(bomb) == "too-large")
  }

  @Test(
    "A short file that claims a large picture is refused before a buffer is made for it",
    arguments: ["color-420", "progressive", "gray"])
  func hollow(name: String) throws {
    let bomb = JPEGMarkers.resized(Fixture.jpeg(name), width: 2048, height: 2048)
    var decoder = try JPEGDecoder()
    var pixels = PixelBuffer()
    var code = "none"
    do {
      _ = try bomb.withUnsafeBytes { try decoder.decode($0, for: .fullSize, into: &pixels) }
    } catch let error as VisionError {
      code = error.code
    }
    let capacity = pixels.capacity
    #expect(code == "truncated")
    #expect(capacity == 0)
  }

  @Test("Each limit holds, at its value and not below it")
  func limits() {
    let jpeg = Fixture.jpeg("progressive")
    func code(_ change: (inout DecodeLimits) -> Void) -> String? {
      var limits = DecodeLimits()
      change(&limits)
      return refusal(jpeg, limits: limits)
    }
    #expect(code { $0.maximumWidth = 95 } == "too-large")
    #expect(code { $0.maximumWidth = 96 } == nil)
    #expect(code { $0.maximumHeight = 63 } == "too-large")
    #expect(code { $0.maximumHeight = 64 } == nil)
    #expect(code { $0.maximumPixelCount = 96 * 64 - 1 } == "too-large")
    #expect(code { $0.maximumPixelCount = 96 * 64 } == nil)
    #expect(code { $0.maximumByteCount = jpeg.count - 1 } == "too-large")
    #expect(code { $0.maximumByteCount = jpeg.count } == nil)
    #expect(code { $0.maximumDecodedBytes = 96 * 64 * 3 - 1 } == "too-large")
    #expect(code { $0.maximumDecodedBytes = 96 * 64 * 3 } == nil)
    // 12 x 8 blocks of luma, 6 x 4 of each chroma, 64 coefficients of 2 bytes in each.
    #expect(code { $0.maximumCoefficientBytes = (96 + 24 + 24) * 128 - 1 } == "too-large")
    #expect(code { $0.maximumCoefficientBytes = (96 + 24 + 24) * 128 } == nil)
    #expect(code { $0.maximumScans = 9 } == "too-many-scans")
    #expect(code { $0.maximumScans = 10 } == nil)
    #expect(code { $0.timeLimit = .zero } == "timeout")
    #expect(code { $0.timeLimit = .seconds(-1) } == "timeout")
    #expect(code { $0.timeLimit = .seconds(Int64.max) } == nil)
  }

  @Test("Thousands of scans are refused before the first is decoded")
  func scanBomb() throws {
    let whole = Fixture.jpeg("progressive")
    let segments = JPEGMarkers.segments(of: whole)
    let scan = try #require(segments.last { $0.marker == 0xDA })
    var bomb = Array(whole[..<scan.range.lowerBound])
    for _ in 0..<2000 { bomb += whole[scan.range] }
    bomb += [0xFF, 0xD9]
    #expect(refusal(bomb) == "too-many-scans")
    // On a picture of 16 megapixels each scan would be a pass over 48 MB.
    let large = JPEGMarkers.resized(bomb, width: 4096, height: 4096)
    #expect(refusal(large) == "too-many-scans")
  }

  @Test("Kinds of JPEG that are not decoded are refused as unsupported")
  func unsupported() throws {
    let whole = Fixture.jpeg("color-420")
    let header = try #require(JPEGMarkers.frameHeader(of: whole))
    func changed(_ offset: Int, _ value: UInt8) -> [UInt8] {
      var bytes = whole
      bytes[header.range.lowerBound + offset] = value
      return bytes
    }
    #expect(refusal(changed(1, 0xC9)) == "unsupported")  // arithmetic coding
    #expect(refusal(changed(1, 0xC3)) == "unsupported")  // lossless
    #expect(refusal(changed(4, 12)) == "unsupported")  // bits a sample
    #expect(refusal(JPEGMarkers.resized(whole, width: 96, height: 0)) == "unsupported")
  }

  @Test("A thousand errors leave no memory behind")
  func noLeak() throws {
    let cut = Array(Fixture.jpeg("progressive").dropLast(200))
    let broken = JPEGMarkers.resized(Fixture.jpeg("color-420"), width: 640, height: 480)
    var decoder = try JPEGDecoder()
    func fail(_ times: Int) {
      for _ in 0..<times {
        _ = try? decode(cut, with: &decoder)
        _ = try? decode(broken, with: &decoder)
      }
    }
    fail(20)
    let before = residentBytes()
    fail(500)
    // One picture's memory is 60 kB and more: leaked each time that is 60 MB. The tests beside this
    // one allocate a little.
    let grown = residentBytes() - before
    #expect(grown < 24 << 20)
  }

  private func residentBytes() -> Int {
    let text = String(decoding: Fixture.bytes(at: "/proc/self/statm"), as: UTF8.self)
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
  }
}
