import Frames
import Testing

#if canImport(Glibc)
import Glibc
#endif

@Suite("Frames from a pipe")
struct StreamSourceTests {
  static let image = FakeJPEG.image(seed: 41)

  static func makePipe() -> (reader: CInt, writer: CInt) {
    var ends: [CInt] = [0, 0]
    precondition(pipe(&ends) == 0, "no pipe for a test")
    return (ends[0], ends[1])
  }

  static func frames(_ events: [StreamEvent]) -> [EncodedFrame] {
    events.compactMap { event in
      guard case .frame(let frame) = event else { return nil }
      return frame
    }
  }

  static func refusals(_ events: [StreamEvent]) -> [String] {
    events.compactMap { event in
      guard case .refused(let refusal, _) = event else { return nil }
      return refusal.code
    }
  }

  static func ends(_ events: [StreamEvent]) -> Bool {
    events.contains { event in
      guard case .endOfStream = event else { return false }
      return true
    }
  }

  @Test("A shell's pipe gives its frames, then its end", arguments: [false, true])
  func pipeWithEnd(nonBlocking: Bool) throws {
    let (reader, writer) = Self.makePipe()
    if nonBlocking { _ = fcntl(reader, F_SETFL, O_NONBLOCK) }
    var source = try StreamSource(adopting: reader, name: "stdin", nonce: 7)
    let nothing = try source.readAvailable(now: .start)
    #expect(nothing.isEmpty)
    Files.put(Self.image + [1, 2] + Self.image + Self.image.dropLast(), writer)
    let events = try source.readAvailable(now: .start)
    let frames = Self.frames(events)
    #expect(frames.map(\.bytes) == [Self.image, Self.image])
    #expect(frames.map(\.origin) == [0, 1].map { .stream(name: "stdin", sequence: $0) })
    #expect(Set(frames.map(\.id)).count == 2)
    #expect(frames.allSatisfy { $0.id.utf8.count == 32 })
    close(writer)
    let last = try source.readAvailable(now: .start)
    let isAtEnd = source.isAtEnd
    #expect(Self.refusals(last) == ["truncated"])
    #expect(Self.ends(last) && isAtEnd)
    let after = try source.readAvailable(now: .start)
    let counters = source.counters
    #expect(after.isEmpty)
    #expect(counters.frames == 2 && counters.refused == 1 && counters.bytesDiscarded == 2)
    #expect(counters.bytesRead == UInt64(3 * Self.image.count + 1))
  }

  @Test("Another run gives other ids, the same run the same ones")
  func identifiers() throws {
    func firstID(nonce: UInt64) throws -> String? {
      let (reader, writer) = Self.makePipe()
      var source = try StreamSource(adopting: reader, name: "cam", nonce: nonce)
      Files.put(Self.image, writer)
      close(writer)
      return Self.frames(try source.readAvailable(now: .start)).first?.id
    }
    let first = try firstID(nonce: 1)
    #expect(try firstID(nonce: 1) == first)
    #expect(try firstID(nonce: 2) != first)
  }

  @Test("Writers come and go at a FIFO, one dies in the middle of a frame")
  func writersInSequence() throws {
    let folder = TemporaryFolder()
    let path = folder.path + "/frames"
    precondition(mkfifo(path, 0o600) == 0, "no FIFO for a test")
    var source = try StreamSource(openingFIFO: path, nonce: 1)
    var frames = 0
    for turn in 0..<10 {
      let writer = open(path, O_WRONLY)
      Files.put(turn == 4 ? Self.image.dropLast(50) : Self.image, writer)
      close(writer)
      #expect(Files.waitUntilReadable(source.fileDescriptor))
      let events = try source.readAvailable(now: .start)
      #expect(!Self.ends(events))
      frames += Self.frames(events).count
    }
    let counters = source.counters
    #expect(frames == 9)
    #expect(counters.refused == 1)
  }

  @Test("A frame whose writer falls silent is given up at the deadline, not before")
  func stall() throws {
    let (reader, writer) = Self.makePipe()
    defer { close(writer) }
    var source = try StreamSource(adopting: reader, name: "cam", nonce: 1)
    var deadline = source.deadline
    #expect(deadline == nil)
    Files.put(Array(Self.image.prefix(100)), writer)
    _ = try source.readAvailable(now: .start)
    deadline = source.deadline
    #expect(deadline == .start + .seconds(5))
    Files.put(Array(Self.image[100..<101]), writer)
    _ = try source.readAvailable(now: .start + .seconds(3))
    let early = source.expire(now: .start + .seconds(5))
    #expect(early.isEmpty)
    let late = source.expire(now: .start + .seconds(8))
    #expect(Self.refusals(late) == ["stalled"])
    deadline = source.deadline
    #expect(deadline == nil)
    Files.put(Array(Self.image.dropFirst(101)) + Self.image, writer)
    let next = try source.readAvailable(now: .start + .seconds(9))
    #expect(Self.frames(next).map(\.bytes) == [Self.image])
  }

  @Test("One call reads no more than its share")
  func share() throws {
    let folder = TemporaryFolder()
    let path = folder.path + "/film"
    let large = FakeJPEG.image(seed: 42, entropyCount: 40_000)
    Files.write((0..<10).flatMap { _ in large }, to: path)
    var limits = StreamSource.Limits()
    limits.bytesPerCall = 100_000
    var source = try StreamSource(
      adopting: open(path, O_RDONLY), name: "film", nonce: 1, limits: limits)
    let canBeWaitedFor = source.canBeWaitedFor
    #expect(!canBeWaitedFor, "epoll refuses a plain file")
    var calls = 0
    var frames = 0
    while !source.isAtEnd {
      let before = source.counters.bytesRead
      frames += Self.frames(try source.readAvailable(now: .start)).count
      let read = source.counters.bytesRead - before
      #expect(read < 100_000 + 65_536)
      calls += 1
    }
    #expect(frames == 10)
    #expect(calls >= 3)
  }

  @Test("What is no FIFO is named, and not opened")
  func notAFIFO() throws {
    let folder = TemporaryFolder()
    Files.write([1], to: folder.path + "/file")
    for (path, kind) in [
      (folder.path + "/file", "a regular file"), (folder.path, "a folder"),
      ("/dev/null", "a character device"),
    ] {
      #expect(throws: FramesError.notAFIFO(path: path, found: kind)) {
        _ = try StreamSource(openingFIFO: path, nonce: 1)
      }
    }
    let missing = folder.path + "/none"
    #expect(throws: FramesError.system(operation: .open, path: missing, errno: ENOENT)) {
      _ = try StreamSource(openingFIFO: missing, nonce: 1)
    }
  }
}
