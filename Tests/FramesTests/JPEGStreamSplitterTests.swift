import Frames
import Testing

@Suite("Splitting a stream into JPEGs")
struct JPEGStreamSplitterTests {
  /// What a stream gave, with the discarded bytes added up.
  struct Result: Equatable {
    var frames: [[UInt8]] = []
    var refused: [FrameRefusal] = []
    var refusedBytes = 0
    var discarded = 0
    var pending = 0

    var total: Int { frames.reduce(0) { $0 + $1.count } + refusedBytes + discarded + pending }
    var codes: [String] { refused.map(\.code) }

    mutating func add(_ events: [JPEGStreamSplitter.Event]) {
      for event in events {
        switch event {
        case .frame(let bytes): frames.append(bytes)
        case .refused(let refusal, let bytes):
          refused.append(refusal)
          refusedBytes += bytes
        case .discarded(let bytes): discarded += bytes
        }
      }
    }
  }

  static func split(
    _ stream: [UInt8], limit: Int = 1 << 20, finishing: Bool = false,
    portion: () -> Int = { .max }
  ) -> Result {
    var splitter = JPEGStreamSplitter(maximumFrameLength: limit)
    var result = Result()
    var rest = stream[...]
    while !rest.isEmpty {
      let part = rest.prefix(max(1, portion()))
      rest = rest.dropFirst(part.count)
      result.add(splitter.push(Array(part)))
    }
    if finishing { result.add(splitter.finish()) }
    result.pending = splitter.pendingByteCount
    return result
  }

  static let a = FakeJPEG.image(seed: 21)
  static let b = FakeJPEG.image(seed: 22, scans: 4)
  static let c = FakeJPEG.image(seed: 23, thumbnail: FakeJPEG.image(seed: 24))

  @Test("Images that touch each other come out one by one")
  func concatenated() {
    let result = Self.split(Self.a + Self.b + Self.c)
    #expect(result == Result(frames: [Self.a, Self.b, Self.c]))
  }

  @Test("Garbage, part headers and padding between images are counted")
  func garbage() {
    let boundary = Array("\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n".utf8)
    let noise: [UInt8] = [0xFF, 0xFF, 0xD8, 0, 0xFF, 0xD8, 0x12, 0xFF, 0, 0, 0]
    let result = Self.split(boundary + Self.a + noise + Self.b + [0, 0])
    #expect(result.frames == [Self.a, Self.b])
    #expect(result.refused.isEmpty)
    #expect(result.discarded == boundary.count + noise.count + 2)
  }

  @Test("A writer that dies in a scan's data costs its own image only")
  func deathInScan() {
    let result = Self.split(Self.a + Self.b.dropLast(100) + Self.c)
    #expect(result.frames == [Self.a, Self.c])
    #expect(result.codes == ["truncated"])
    #expect(result.refusedBytes == Self.b.count - 100)
  }

  @Test("A writer that dies between segments costs its own image only")
  func deathBetweenSegments() {
    let result = Self.split(Self.a[..<20] + Self.b)
    #expect(result.frames == [Self.b])
    #expect(result.codes == ["truncated"])
  }

  /// Longer than the longest segment, so that no length reaches over it.
  static let big = FakeJPEG.image(seed: 25, entropyCount: 70_000)

  @Test("A writer that dies inside a segment costs no image beyond its reach", arguments: 3..<600)
  func deathInSegment(cut: Int) {
    // The rest of the segment's length reaches into the next images.
    let stream = Self.c[..<cut] + Self.a + Self.big + Self.b
    let result = Self.split(Array(stream))
    #expect(result.frames.last == Self.b)
    #expect(result.total == stream.count)
    #expect(result.refused.count <= 2)
    // Where the length ends exactly at a marker of the next image, the two cannot be told apart;
    // the pixels are then the next image's. What must never come out is the dead image's thumbnail.
    let mixed = result.frames.filter { $0 != Self.a && $0 != Self.b && $0 != Self.big }
    #expect(mixed.count <= 1)
    #expect(
      mixed.allSatisfy { frame in
        [Self.a, Self.big].contains { frame.suffix(200) == $0.suffix(200) }
      })
  }

  @Test("An image found in a dead writer's segment survives when it goes on behind it")
  func salvage() {
    let header: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE1, 0x02, 0x00]
    let result = Self.split(header + [1, 2, 3] + Self.b + Self.a)
    #expect(result.frames == [Self.b, Self.a])
    #expect(result.refusedBytes == header.count + 3)
    #expect(result.codes == ["malformed"])
  }

  @Test("The end of the stream inside an image refuses it")
  func end() {
    let result = Self.split(Self.a + Self.b.dropLast(), finishing: true)
    #expect(result.frames == [Self.a])
    #expect(result.codes == ["truncated"])
    #expect(result.pending == 0)
    let silent = Self.split(Self.a + [0xFF, 0xD8], finishing: true)
    #expect(silent == Result(frames: [Self.a], discarded: 2))
  }

  @Test("An image over the limit is refused once, and what follows comes through")
  func tooLarge() {
    let large = FakeJPEG.image(seed: 30, entropyCount: 5000, thumbnail: Self.a)
    let result = Self.split(large + Self.a + large.dropLast(2) + Self.b, limit: 2000)
    #expect(result.frames == [Self.a, Self.b])
    #expect(result.codes == ["too-large", "too-large"])
    #expect(result.refusedBytes == 4000)
    #expect(result.discarded == 2 * large.count - 2 - 4000)
    let exact = Self.split(Self.a + Self.a, limit: Self.a.count)
    #expect(exact.frames.count == 2)
    let oneLess = Self.split(Self.a + Self.a, limit: Self.a.count - 1)
    #expect(oneLess.codes == ["too-large", "too-large"])
  }

  @Test("An image is begun by SOI and a marker, and ended by EOI")
  func midFrame() {
    var splitter = JPEGStreamSplitter()
    #expect(splitter.push([0, 1, 0xFF, 0xD8]) == [.discarded(bytes: 2)])
    #expect(!splitter.isMidFrame)
    #expect(splitter.push([0xFF]) == [])
    #expect(splitter.isMidFrame)
    #expect(splitter.pendingByteCount == 3)
    let refusal = FrameRefusal(code: "stalled", detail: "a test")
    #expect(splitter.abandonPartial(refusal) == [.refused(refusal, bytes: 3)])
    #expect(!splitter.isMidFrame)
    #expect(splitter.push(Self.a) == [.frame(Self.a)])
    #expect(splitter.abandonPartial(refusal) == [])
  }

  @Test("Any portions give the same frames and refusals", arguments: 0..<150)
  func portions(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    let stream = Self.hostileStream(&random)
    let limit = [600, 1 << 20].randomElement(using: &random)!
    let whole = Self.split(stream, limit: limit)
    #expect(whole.total == stream.count)
    let bytewise = Self.split(stream, limit: limit) { 1 }
    #expect(bytewise == whole)
    let mixed = Self.split(stream, limit: limit) {
      Int.random(in: 1...Int.random(in: 1...900, using: &random), using: &random)
    }
    #expect(mixed == whole)
    let finished = Self.split(stream, limit: limit, finishing: true)
    #expect(finished.pending == 0)
    #expect(finished.total == stream.count)
    #expect(finished.frames.allSatisfy { $0.count <= limit })
    // What comes out is what a strict reader of files calls whole.
    #expect(
      finished.frames.allSatisfy { JPEGFraming.extent(of: $0) == .complete(length: $0.count) })
  }

  /// Images whole, cut, changed, and garbage, in a random order.
  static func hostileStream(_ random: inout SeededGenerator) -> [UInt8] {
    var stream: [UInt8] = []
    let pool = [a, b, c, FakeJPEG.image(seed: 31, entropyCount: 10, filledMarkers: true)]
    for _ in 0..<Int.random(in: 1...8, using: &random) {
      var piece = pool.randomElement(using: &random)!
      switch Int.random(in: 0..<5, using: &random) {
      case 0: piece.removeLast(Int.random(in: 1..<piece.count, using: &random))
      case 1:
        for _ in 0..<3 {
          piece[Int.random(in: 0..<piece.count, using: &random)] = .random(
            in: 0...255, using: &random)
        }
      case 2:
        piece = (0..<Int.random(in: 1...40, using: &random)).map { _ in
          [0xFF, 0xD8, 0xD9, 0xE1, 0, 3, 0xFF].randomElement(using: &random)!
        }
      default: break
      }
      stream += piece
    }
    return stream
  }

  @Test("Nested images that break cost linear time", .timeLimit(.minutes(1)))
  func linear() {
    // Each SOI opens a segment that swallows the following ones and ends where no marker is.
    let one: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE1, 0x7F, 0xF0]
    var stream: [UInt8] = []
    while stream.count < 400_000 { stream += one }
    let result = Self.split(stream) { 1000 }
    #expect(result.frames.isEmpty)
    #expect(result.total == stream.count)
  }

  @Test(
    "Photographs one after the other come out as they went in",
    .enabled(if: SharedFrames.isThere))
  func photographs() {
    let photographs = SharedFrames.load(limit: 30).map { bytes in
      guard case .complete(let length) = JPEGFraming.extent(of: bytes) else { return bytes }
      return Array(bytes[..<length])
    }
    #expect(!photographs.isEmpty)
    let stream = photographs.reduce([], +)
    let result = Self.split(stream) { 4096 }
    #expect(result == Result(frames: photographs))
  }
}
