import Frames
import Testing

@Suite("The extent of a JPEG file")
struct JPEGFramingTests {
  static let images: [[UInt8]] = [
    FakeJPEG.image(seed: 1),
    FakeJPEG.image(seed: 2, scans: 5),
    FakeJPEG.image(seed: 3, filledMarkers: true),
    FakeJPEG.image(seed: 4, thumbnail: FakeJPEG.image(seed: 5)),
  ]

  @Test("A whole image is complete, to its last byte", arguments: images.indices)
  func complete(index: Int) {
    let image = Self.images[index]
    #expect(JPEGFraming.extent(of: image) == .complete(length: image.count))
  }

  @Test("What follows the end of the image is not looked at", arguments: images.indices)
  func trailing(index: Int) {
    let image = Self.images[index]
    let padded = image + [0, 0xFF, 0xD8, 1, 2, 3]
    #expect(JPEGFraming.extent(of: padded) == .complete(length: image.count))
  }

  @Test("An image cut at any byte is incomplete", arguments: images.indices)
  func cut(index: Int) {
    let image = Self.images[index]
    for length in 0..<image.count {
      guard case .incomplete = JPEGFraming.extent(of: Array(image[..<length])) else {
        Issue.record("cut to \(length) of \(image.count) bytes: not seen")
        return
      }
    }
  }

  @Test("The end of a thumbnail is not the end of the image")
  func thumbnail() {
    let thumbnail = FakeJPEG.image(seed: 7)
    let image = FakeJPEG.image(seed: 6, thumbnail: thumbnail)
    let end = 2 + 18 + 4 + 6 + thumbnail.count
    #expect(image[(end - 2)..<end] == [0xFF, 0xD9])
    let extent = JPEGFraming.extent(of: Array(image[..<end]))
    #expect(extent == .incomplete("ends between its header's segments, after \(end) bytes"))
  }

  @Test("The message says where the file ends")
  func position() {
    let image = FakeJPEG.image(seed: 8)
    let inScan = JPEGFraming.extent(of: Array(image.dropLast(20)))
    #expect(inScan == .incomplete("ends inside a scan's data, after \(image.count - 20) bytes"))
    let inSegment = JPEGFraming.extent(of: Array(image[..<30]))
    #expect(inSegment == .incomplete("ends inside segment DQT, after 30 bytes"))
  }

  @Test("Padding between segments is passed over, as libjpeg does")
  func padding() {
    let image = FakeJPEG.image(seed: 9)
    let padded = Array(image[..<20]) + [0, 0, 0xFF, 0, 0] + Array(image[20...])
    #expect(JPEGFraming.extent(of: padded) == .complete(length: padded.count))
  }

  @Test("A broken structure is malformed at its place")
  func malformed() {
    let image = FakeJPEG.image(seed: 10)
    func extent(inserting bytes: [UInt8]) -> JPEGFraming.Extent {
      JPEGFraming.extent(of: Array(image[..<20]) + bytes + Array(image[20...]))
    }
    #expect(extent(inserting: [0xFF, 0xD8]) == .malformed(offset: 20, "a second start of image"))
    #expect(extent(inserting: [0xFF, 0x33]) == .malformed(offset: 21, "invalid marker FF33"))
    #expect(
      extent(inserting: [0xFF, 0xD9]) == .malformed(offset: 21, "end of image before any scan"))
    #expect(
      extent(inserting: [0xFF, 0xFE, 0, 1]) == .malformed(offset: 23, "segment COM of length 1"))
    #expect(
      extent(inserting: [0xFF, 0xDA, 0, 2])
        == .malformed(offset: 21, "a scan before the frame's header"))
  }

  @Test(
    "Other files are told apart by their first bytes",
    arguments: [
      ("\u{89}PNG\r\n\u{1A}\n", "a PNG image"), ("GIF89a....", "a GIF image"),
      ("RIFF1234WEBPVP8 ", "a WebP image"), ("BM123456", "a BMP image"),
      ("II*\0....", "a TIFF image"), ("....ftypheic", "a HEIF image"),
      ("....ftypavif", "an AVIF image"), ("....ftypisom", "an MP4 or QuickTime film"),
      ("%PDF-1.7", "a PDF document"), ("hello, world\n", "text"),
      ("\0\0\0\0\0\0\0\0", "a file that starts with zero bytes"),
      ("\u{1}\u{2}\u{3}", "a file of an unknown kind"),
    ])
  func kinds(start: String, kind: String) {
    // Latin-1, so that one scalar is one byte.
    let bytes = start.unicodeScalars.map { UInt8($0.value) }
    #expect(JPEGFraming.extent(of: bytes) == .notJPEG(kind))
  }

  @Test("Random changes never crash, and never find an end outside the file")
  func mutations() {
    var random = SeededGenerator(seed: 0xF00D)
    for round in 0..<1500 {
      var bytes = Self.images[round % Self.images.count]
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        bytes[index] = [0xFF, 0xD8, 0xD9, 0xDA, 0, .random(in: 0...255, using: &random)]
          .randomElement(using: &random)!
      }
      bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random) / 4)
      switch JPEGFraming.extent(of: bytes) {
      case .complete(let length):
        #expect(length >= 4 && length <= bytes.count)
        #expect(bytes[length - 1] == 0xD9)
      case .malformed(let offset, _): #expect((0..<bytes.count).contains(offset))
      case .incomplete, .notJPEG: break
      }
    }
  }

  @Test("Photographs are complete", .enabled(if: SharedFrames.isThere))
  func photographs() {
    let photographs = SharedFrames.load(limit: 200)
    #expect(photographs.count >= 20)
    for photograph in photographs {
      guard case .complete(let length) = JPEGFraming.extent(of: photograph) else {
        Issue.record("a photograph of \(photograph.count) bytes is not complete")
        continue
      }
      #expect(length > photograph.count - 64)
      let cut = JPEGFraming.extent(of: Array(photograph[..<(length - 1)]))
      guard case .incomplete = cut else {
        Issue.record("a photograph without its last byte is \(cut)")
        continue
      }
    }
  }
}
