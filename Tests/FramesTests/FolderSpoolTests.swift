import Frames
import Testing

#if canImport(Glibc)
import Glibc
#endif

@Suite("The watch folder: from the drop to the claim")
struct FolderSpoolTests {
  static let image = SpoolFixture.image

  @Test("Files that were there before the start are taken, oldest first")
  func present() throws {
    let fixture = SpoolFixture()
    for (name, time) in [("b.jpg", 200), ("a.JPG", 300), ("c.jpeg", 100), ("d.jfif", 300)] {
      fixture.copyIn(name)
      fixture.setModificationTime(name, seconds: time)
    }
    var spool = try fixture.start()
    let frames = try claimAll(&spool, .start)
    #expect(frames.map(\.name) == ["c.jpeg", "b.jpg", "a.JPG", "d.jfif"])
    #expect(frames.allSatisfy { $0.bytes == Self.image && $0.arrival == .start })
    #expect(fixture.incoming.isEmpty)
    #expect(fixture.work.count == 4)
    for frame in frames { try spool.finish(frame.id, .done, now: .start) }
    let counters = spool.counters
    #expect(fixture.work.isEmpty)
    #expect(counters.seen == 4 && counters.claimed == 4 && counters.finished == 4)
  }

  @Test("A file renamed in is taken at once")
  func renamed() throws {
    let fixture = SpoolFixture()
    var spool = try fixture.start()
    fixture.renameIn("x.jpg")
    #expect(takeEvents(&spool, .start + .seconds(3)))
    let frames = try claimAll(&spool, .start + .seconds(3))
    #expect(frames.map(\.name) == ["x.jpg"])
    #expect(frames.first?.arrival == .start + .seconds(3))
    // The claim must not wake us again.
    var request = pollfd(
      fd: spool.eventFileDescriptor ?? -1, events: Int16(POLLIN), revents: 0)
    #expect(poll(&request, 1, 0) == 0)
  }

  @Test("A file copied in is taken when its writer has closed it")
  func copied() throws {
    let fixture = SpoolFixture()
    var spool = try fixture.start()
    fixture.copyIn("x.jpg")
    #expect(takeEvents(&spool, .start))
    let frames = try claimAll(&spool, .start)
    #expect(frames.map(\.bytes) == [Self.image])
  }

  @Test("A slow writer that closes and reopens gives one frame, never an early one")
  func slowWriter() throws {
    let fixture = SpoolFixture()
    var spool = try fixture.start()
    let image = FakeJPEG.image(seed: 52, entropyCount: 9000, scans: 3)
    let part = image.count / 10 + 1
    var now = MonotonicTime.start
    var taken: [EncodedFrame] = []
    var descriptor = open(fixture.path("scan.jpg"), O_WRONLY | O_CREAT, 0o644)
    for turn in 0..<10 {
      let slice = Array(image[(turn * part)..<min(image.count, (turn + 1) * part)])
      Files.put(slice, descriptor)
      if turn == 4 {
        close(descriptor)
        descriptor = open(fixture.path("scan.jpg"), O_WRONLY | O_APPEND)
      }
      // Half a second a part, with every timer in between.
      for _ in 0..<5 {
        now = now + .milliseconds(100)
        spool.drainEvents(now: now)
        spool.expire(now: now)
        taken += try claimAll(&spool, now)
      }
      #expect(taken.isEmpty, "a frame came after part \(turn)")
    }
    close(descriptor)
    #expect(takeEvents(&spool, now))
    taken += try claimAll(&spool, now)
    #expect(taken.map(\.bytes) == [image])
    for _ in 0..<100 {
      now = now + .seconds(1)
      spool.expire(now: now)
      taken += try claimAll(&spool, now)
    }
    #expect(taken.count == 1)
  }

  @Test("A writer slower than the settle time is waited for as long as it writes")
  func verySlowWriter() throws {
    let fixture = SpoolFixture()
    var spool = try fixture.start()
    var now = MonotonicTime.start
    var taken: [EncodedFrame] = []
    let image = FakeJPEG.image(seed: 53)
    for start in stride(from: 0, to: image.count, by: 100) {
      let part = Array(image[start..<min(image.count, start + 100)])
      Files.write(part, to: Array(fixture.path("x.jpg").utf8), append: true)
      spool.drainEvents(now: now)
      for _ in 0..<9 {
        taken += try claimAll(&spool, now)
        now = now + .seconds(1)
        spool.expire(now: now)
      }
    }
    #expect(taken.map(\.bytes) == [image])
    #expect(fixture.quarantine.isEmpty)
  }

  @Test("A file that comes by a hard link has no writer: it must stand still first")
  func hardLink() throws {
    let fixture = SpoolFixture()
    var spool = try fixture.start()
    let outside = fixture.folder.path + "/outside/original"
    Files.write(Self.image, to: outside)
    precondition(link(outside, fixture.path("x.jpg")) == 0, "no link for a test")
    #expect(takeEvents(&spool, .start))
    var frames = try claimAll(&spool, .start)
    #expect(frames.isEmpty)
    let deadline = spool.nextDeadline
    #expect(deadline == .start + .seconds(2))
    spool.expire(now: .start + .seconds(2))
    frames = try claimAll(&spool, .start + .seconds(2))
    #expect(frames.map(\.name) == ["x.jpg"])
  }

  @Test("A thousand files in a burst give a thousand frames")
  func burst() throws {
    let fixture = SpoolFixture()
    var spool = try fixture.start()
    let small = FakeJPEG.image(seed: 54, entropyCount: 20)
    for index in 0..<1000 { fixture.renameIn("\(index).jpg", small) }
    #expect(takeEvents(&spool, .start))
    let frames = try claimAll(&spool, .start)
    #expect(Set(frames.map(\.name)).count == 1000)
    #expect(Set(frames.map(\.id)).count == 1000)
    for frame in frames { try spool.finish(frame.id, .done, now: .start) }
    let notices = spool.drainNotices()
    #expect(notices.isEmpty)
    #expect(fixture.work.isEmpty && fixture.incoming.isEmpty)
  }

  @Test("More files than are tracked come through all the same, oldest first")
  func moreThanTracked() throws {
    var fixture = SpoolFixture()
    fixture.configuration.maximumTrackedFiles = 10
    let small = FakeJPEG.image(seed: 55, entropyCount: 20)
    for index in 0..<230 {
      fixture.copyIn("\(index).jpg", small)
      fixture.setModificationTime("\(index).jpg", seconds: 1000 + (index * 77) % 230)
    }
    var spool = try fixture.start()
    #expect(spool.backlogCount == 10)
    var frames = try claimAll(&spool, .start)
    #expect(frames.count == 230)
    #expect(frames.map(\.name) == (0..<230).map { "\(($0 * 3) % 230).jpg" })
    for index in 0..<30 { fixture.renameIn("new\(index).jpg", small) }
    #expect(takeEvents(&spool, .start))
    frames = try claimAll(&spool, .start)
    #expect(frames.count == 30)
  }

  @Test("A lost event costs nothing: an overflow lists the folder")
  func overflow() throws {
    let fixture = SpoolFixture()
    var spool = try fixture.start()
    for index in 0..<20 { fixture.renameIn("\(index).jpg") }
    // The kernel's queue is thrown away unread, as an overflow does.
    let overflow = InotifyEvent(watch: -1, mask: UInt32(IN_Q_OVERFLOW), name: nil)
    spool.take([overflow], now: .start)
    let frames = try claimAll(&spool, .start)
    #expect(frames.count == 20)
    let overflowed = spool.counters.overflowed
    let notices = spool.drainNotices()
    #expect(overflowed == 1)
    #expect(notices == [.overflowed])
  }

  @Test(
    "Twenty thousand renames overflow the kernel's own queue, and all come through",
    .enabled(if: getenv("VEDETTE_SLOW_TESTS") != nil, "it takes seconds: set VEDETTE_SLOW_TESTS"))
  func realOverflow() throws {
    let fixture = SpoolFixture()
    var spool = try fixture.start()
    let small = FakeJPEG.image(seed: 56, entropyCount: 20)
    for index in 0..<20_000 { fixture.renameIn("\(index).jpg", small) }
    #expect(takeEvents(&spool, .start))
    var count = 0
    while spool.isWorthAsking(now: .start) {
      guard let frame = try spool.nextFrame(now: .start) else { continue }
      try spool.finish(frame.id, .done, now: .start)
      count += 1
    }
    let counters = spool.counters
    #expect(count == 20_000)
    #expect(counters.overflowed == 1 && counters.finished == 20_000)
    #expect(fixture.incoming.isEmpty && fixture.work.isEmpty)
  }

  @Test("The slow reconciliation finds what no event told, and looks only at the time stamp else")
  func reconciliation() throws {
    let fixture = SpoolFixture()
    var spool = try fixture.start()
    var now = MonotonicTime.start
    for _ in 0..<3 {
      now = now + .seconds(60)
      let deadline = spool.nextDeadline
      #expect(deadline == now)
      spool.expire(now: now)
    }
    let idle = spool.counters.scans
    // One at the start, one because a file might have come in the same tick of the clock.
    #expect(idle == 2)
    fixture.renameIn("x.jpg")
    now = now + .seconds(60)
    spool.expire(now: now)
    let frames = try claimAll(&spool, now)
    #expect(frames.count == 1)
  }

  @Test("Names of any bytes are taken, and printed on one line")
  func hostileNames() throws {
    let fixture = SpoolFixture()
    let names: [[UInt8]] = [
      Array("line\nbreak.jpg".utf8), [0xFF, 0xFE, 0x80] + Array(".jpg".utf8),
      [UInt8](repeating: 0x61, count: 251) + Array(".jpg".utf8),
      (0..<125).flatMap { _ in Array("é".utf8) } + Array(".jpg".utf8),
      Array("\u{1B}[31mred \u{202E}gpj.jpg".utf8), Array("a b\\c.jpg".utf8),
    ]
    for name in names { fixture.renameIn(name) }
    var spool = try fixture.start()
    let frames = try claimAll(&spool, .start)
    #expect(frames.count == names.count)
    #expect(fixture.work.allSatisfy { $0.utf8.count <= 255 })
    let printed = Set(frames.map(\.name))
    #expect(printed.contains("line\\x0abreak.jpg"))
    #expect(printed.contains("\\xff\\xfe\\x80.jpg"))
    #expect(printed.contains("\\x1b[31mred \\xe2\\x80\\xaegpj.jpg"))
    #expect(printed.contains("a b\\x5cc.jpg"))
    for (index, frame) in frames.enumerated() {
      let refusal = FrameRefusal(code: "test", detail: "number \(index)\nof all")
      try spool.finish(frame.id, .refused(refusal), now: .start)
    }
    let quarantined = Files.listBytes(Array(fixture.configuration.quarantine.utf8))
    #expect(quarantined.count == 2 * names.count)
    #expect(Set(quarantined).isSuperset(of: names))
    #expect(fixture.reason("line\nbreak.jpg")["name"] == "line\\x0abreak.jpg")
  }

  @Test("The same file has the same id after a restart")
  func stableIdentifier() throws {
    let fixture = SpoolFixture(after: .leave)
    fixture.copyIn("x.jpg")
    func firstID() throws -> String? {
      var spool = try fixture.start()
      return try spool.nextFrame(now: .start)?.id
    }
    let first = try firstID()
    #expect(first != nil)
    #expect(try firstID() == first)
    fixture.setModificationTime("x.jpg", seconds: 5)
    #expect(try firstID() != first)
  }
}
