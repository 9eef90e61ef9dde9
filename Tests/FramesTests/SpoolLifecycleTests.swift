import Frames
import Testing

#if canImport(Glibc)
import Glibc
#endif

@Suite("The watch folder: after the claim, after a crash, without a folder")
struct SpoolLifecycleTests {
  static let image = SpoolFixture.image

  @Test("With keep, finished files go to done, and none overwrites another")
  func keep() throws {
    let fixture = SpoolFixture(after: .keep)
    var spool = try fixture.start()
    var ids: [String] = []
    for seed in 0..<3 {
      fixture.renameIn("x.jpg", FakeJPEG.image(seed: UInt64(60 + seed)))
      #expect(takeEvents(&spool, .start))
      let frame = try #require(try spool.nextFrame(now: .start))
      try spool.finish(frame.id, .done, now: .start)
      ids.append(frame.id)
    }
    let expected = ["x.jpg"] + ids.dropFirst().map { "x.\($0.prefix(8)).jpg" }
    #expect(fixture.done == expected.sorted())
    #expect(fixture.work.isEmpty)
    let contents = Set(fixture.done.map { Files.read(fixture.configuration.done + "/" + $0) })
    #expect(contents.count == 3)
  }

  @Test("With leave, nothing is moved or written, and each state of a file is taken once")
  func leave() throws {
    let fixture = SpoolFixture(after: .leave)
    fixture.copyIn("x.jpg")
    fixture.copyIn("broken.jpg", Array(Self.image.dropLast()))
    chmod(fixture.configuration.incoming, 0o555)
    defer { chmod(fixture.configuration.incoming, 0o755) }
    var spool = try fixture.start()
    let first = try claimAll(&spool, .start)
    #expect(first.map(\.name) == ["x.jpg"])
    for frame in first { try spool.finish(frame.id, .done, now: .start) }
    for step in 1...70 {
      let now = MonotonicTime.start + .seconds(step)
      spool.expire(now: now)
      spool.scan(now: now)
      let more = try claimAll(&spool, now)
      #expect(more.isEmpty)
    }
    let notices = spool.drainNotices()
    #expect(SpoolRefusalTests.refusals(notices) == ["broken.jpg truncated"])
    #expect(Files.list(fixture.folder.path) == ["incoming", "outside"])
    #expect(fixture.incoming == ["broken.jpg", "x.jpg"])
    // Rewritten, it is another frame.
    fixture.copyIn("x.jpg", FakeJPEG.image(seed: 70))
    #expect(takeEvents(&spool, .start + .seconds(80)))
    let second = try claimAll(&spool, .start + .seconds(80))
    #expect(second.count == 1 && second.first?.id != first.first?.id)
  }

  @Test("With leave, a folder larger than the memory gives each file once, and says that it is")
  func leaveMany() throws {
    var fixture = SpoolFixture(after: .leave)
    fixture.configuration.maximumTrackedFiles = 4
    for index in 0..<100 {
      fixture.copyIn("\(index).jpg", FakeJPEG.image(seed: 71, entropyCount: 10))
      fixture.setModificationTime("\(index).jpg", seconds: 1000 + index)
    }
    var spool = try fixture.start()
    var frames = try claimAll(&spool, .start)
    #expect(frames.map(\.name) == (0..<100).map { "\($0).jpg" })
    spool.scan(now: .start)
    frames = try claimAll(&spool, .start)
    #expect(frames.isEmpty)
    let notices = spool.drainNotices()
    #expect(notices == [.memoryFull(files: 32)])
    fixture.renameIn("new.jpg")
    #expect(takeEvents(&spool, .start))
    frames = try claimAll(&spool, .start)
    #expect(frames.map(\.name) == ["new.jpg"])
  }

  @Test("A frame refused later goes to quarantine with the decoder's reason")
  func refusedLater() throws {
    let fixture = SpoolFixture()
    fixture.copyIn("x.jpg")
    var spool = try fixture.start()
    let frame = try #require(try spool.nextFrame(now: .start))
    let refusal = FrameRefusal(code: "too-many-pixels", detail: "65500 x 65500")
    try spool.finish(frame.id, .refused(refusal), now: .start)
    #expect(fixture.quarantine == ["x.jpg", "x.jpg.reason"])
    let reason = fixture.reason("x.jpg")
    #expect(reason["reason"] == "too-many-pixels" && reason["detail"] == "65500 x 65500")
    #expect(reason["frame"] == frame.id)
    #expect(throws: FramesError.unknownFrame(id: frame.id)) {
      try spool.finish(frame.id, .done, now: .start)
    }
  }

  @Test("A crash costs one attempt, the second one the file; its id stays the same")
  func crash() throws {
    let fixture = SpoolFixture()
    fixture.copyIn("bad.jpg")
    fixture.copyIn("good.jpg")
    fixture.setModificationTime("bad.jpg", seconds: 100)
    var ids: [String] = []
    for attempt in 1...2 {
      // The value goes without a word, as after a kill.
      var spool = try fixture.start()
      let frame = try #require(try spool.nextFrame(now: .start))
      #expect(frame.name == "bad.jpg")
      #expect(frame.bytes == Self.image)
      ids.append(frame.id)
      #expect(fixture.work == ["\(frame.id).\(attempt)-bad.jpg"])
      let recovered = spool.counters.recovered
      #expect(recovered == UInt64(attempt - 1))
    }
    #expect(ids[0] == ids[1])
    var spool = try fixture.start()
    let frames = try claimAll(&spool, .start)
    #expect(frames.map(\.name) == ["good.jpg"])
    #expect(fixture.quarantine == ["bad.jpg", "bad.jpg.reason"])
    #expect(fixture.reason("bad.jpg")["reason"] == "crashed-twice")
    #expect(fixture.reason("bad.jpg")["frame"] == ids[0])
    try spool.finish(frames[0].id, .done, now: .start)
    #expect(fixture.work.isEmpty && fixture.incoming.isEmpty)
  }

  @Test("A recovered file that the power cut truncated is refused, not classified")
  func recoveredTruncated() throws {
    let fixture = SpoolFixture()
    fixture.copyIn("x.jpg")
    do {
      var spool = try fixture.start()
      _ = try spool.nextFrame(now: .start)
    }
    let claimed = try #require(fixture.work.first)
    truncate(fixture.configuration.work + "/" + claimed, 100)
    var spool = try fixture.start()
    let frames = try claimAll(&spool, .start)
    #expect(frames.isEmpty)
    #expect(fixture.reason("x.jpg")["reason"] == "truncated")
    #expect(fixture.work.isEmpty)
  }

  @Test("Names in work that we never gave are left alone")
  func strangersInWork() throws {
    let fixture = SpoolFixture()
    mkdir(fixture.configuration.work, 0o755)
    for name in ["x.jpg", "\(String(repeating: "g", count: 32)).1-x.jpg", ".jpg.new"] {
      Files.write(Self.image, to: fixture.configuration.work + "/" + name)
    }
    var spool = try fixture.start()
    let frames = try claimAll(&spool, .start)
    #expect(frames.isEmpty)
    #expect(fixture.work.count == 3)
    let ignored = spool.counters.ignored
    #expect(ignored == 3)
  }

  @Test("Frames given back at the end count no attempt")
  func release() throws {
    let fixture = SpoolFixture()
    fixture.copyIn("a.jpg")
    fixture.copyIn("b.jpg")
    for _ in 0..<4 {
      var spool = try fixture.start()
      let frames = try claimAll(&spool, .start)
      #expect(frames.map(\.name).sorted() == ["a.jpg", "b.jpg"])
      // Its place is taken: it waits in work.
      if !fixture.incoming.contains("a.jpg") { fixture.copyIn("a.jpg") }
      spool.releaseAll()
      let notices = spool.drainNotices()
      #expect(!notices.contains { if case .refused = $0 { true } else { false } })
      #expect(fixture.incoming == ["a.jpg", "b.jpg"])
      #expect(fixture.work.count == 1)
      Files.removeTree(Array(fixture.path("a.jpg").utf8))
      unlink(fixture.path("a.jpg"))
    }
    #expect(fixture.quarantine.isEmpty)
  }

  @Test("One spool is served by one process at a time")
  func locked() throws {
    let fixture = SpoolFixture()
    let spool = try fixture.start()
    #expect(throws: FramesError.spoolInUse(path: fixture.configuration.work)) {
      _ = try FolderSpool(fixture.configuration, now: .start)
    }
    #expect(spool.inHandCount == 0)
  }

  @Test("A folder that goes is looked for until it is back", arguments: ["deleted", "renamed"])
  func folderGone(how: String) throws {
    let fixture = SpoolFixture()
    var spool = try fixture.start()
    let incoming = fixture.configuration.incoming
    if how == "deleted" { rmdir(incoming) } else { Files.move(incoming, incoming + ".old") }
    #expect(takeEvents(&spool, .start))
    var notices = spool.drainNotices()
    #expect(notices == [.folderGone(why: "it was \(how)")])
    var frame = try spool.nextFrame(now: .start)
    #expect(frame == nil)
    let deadline = spool.nextDeadline
    #expect(deadline == .start + .seconds(1))
    spool.expire(now: .start + .seconds(1))
    notices = spool.drainNotices()
    #expect(notices.isEmpty)
    mkdir(incoming, 0o755)
    fixture.copyIn("x.jpg")
    spool.expire(now: .start + .seconds(2))
    notices = spool.drainNotices()
    #expect(notices == [.folderBack])
    frame = try spool.nextFrame(now: .start + .seconds(2))
    #expect(frame?.name == "x.jpg")
    fixture.renameIn("y.jpg")
    #expect(takeEvents(&spool, .start + .seconds(2)))
    frame = try spool.nextFrame(now: .start + .seconds(2))
    #expect(frame?.name == "y.jpg")
  }

  @Test("Where it polls, a file must look the same twice")
  func polling() throws {
    var fixture = SpoolFixture()
    fixture.configuration.alwaysPolls = true
    var spool = try fixture.start()
    let notices = spool.drainNotices()
    #expect(notices == [.polling(why: "the configuration says so")])
    fixture.renameIn("x.jpg")
    var taken: [EncodedFrame] = []
    for step in 1...3 {
      let now = MonotonicTime.start + .seconds(step)
      let deadline = spool.nextDeadline
      #expect(deadline == now)
      spool.expire(now: now)
      taken += try claimAll(&spool, now)
      #expect(taken.count == (step == 1 ? 0 : 1))
    }
    let said = spool.drainNotices()
    #expect(said.isEmpty)
  }

  @Test("A file replaced between reading and claiming is not lost, and not taken for the old one")
  func replaced() throws {
    let fixture = SpoolFixture()
    let second = FakeJPEG.image(seed: 61)
    var spool = try fixture.start()
    fixture.renameIn("x.jpg")
    #expect(takeEvents(&spool, .start))
    let once = Once()
    spool.willClaim = { _ in if once.isFirst() { fixture.renameIn("x.jpg", second) } }
    var frames = try claimAll(&spool, .start)
    #expect(frames.isEmpty)
    #expect(fixture.incoming == ["x.jpg"])
    #expect(takeEvents(&spool, .start))
    frames = try claimAll(&spool, .start)
    spool.expire(now: .start + .seconds(2))
    frames += try claimAll(&spool, .start + .seconds(2))
    #expect(frames.map(\.bytes) == [second])
  }

  @Test("A file written to between reading and claiming gets its time to settle")
  func appended() throws {
    let fixture = SpoolFixture()
    var spool = try fixture.start()
    fixture.renameIn("x.jpg")
    #expect(takeEvents(&spool, .start))
    let once = Once()
    let path = Array(fixture.path("x.jpg").utf8)
    spool.willClaim = { _ in
      // What follows the image is cut off together with its end.
      if once.isFirst() { _ = Files.withPath(path) { truncate($0, 200) } }
    }
    spool.drainEvents(now: .start)
    var frames = try claimAll(&spool, .start)
    spool.drainEvents(now: .start)
    frames += try claimAll(&spool, .start)
    #expect(frames.isEmpty)
    // Our own move back must not count as the producer's word that it is whole.
    #expect(fixture.incoming == ["x.jpg"])
    #expect(fixture.quarantine.isEmpty)
  }

  @Test("A file that cannot be finished is in hand until it can")
  func unsettled() throws {
    let fixture = SpoolFixture()
    fixture.copyIn("x.jpg")
    var spool = try fixture.start()
    let frame = try #require(try spool.nextFrame(now: .start))
    // A folder in the place of the quarantine cannot be entered: a file stands there.
    rmdir(fixture.configuration.quarantine)
    Files.write([], to: fixture.configuration.quarantine)
    let refusal = FrameRefusal(code: "test", detail: "")
    #expect(throws: FramesError.self) {
      try spool.finish(frame.id, .refused(refusal), now: .start)
    }
    #expect(spool.inHandCount == 1)
    #expect(fixture.work.count == 1)
    unlink(fixture.configuration.quarantine)
    let deadline = spool.nextDeadline
    #expect(deadline == .start + .seconds(1))
    spool.expire(now: .start + .seconds(1))
    #expect(spool.inHandCount == 0)
    #expect(fixture.quarantine == ["x.jpg", "x.jpg.reason"])
  }

  @Test("A claim that fails is told once, tried again, and loses nothing")
  func failingClaims() throws {
    let fixture = SpoolFixture()
    for name in ["a.jpg", "b.jpg", "c.jpg"] { fixture.copyIn(name) }
    var spool = try fixture.start()
    rmdir(fixture.configuration.work)
    Files.write([], to: fixture.configuration.work)
    let path = fixture.configuration.work
    #expect(throws: FramesError.system(operation: .open, path: path, errno: ENOTDIR)) {
      _ = try spool.nextFrame(now: .start)
    }
    var now = MonotonicTime.start
    for _ in 0..<10 {
      now = now + .seconds(1)
      spool.expire(now: now)
      let frames = try claimAll(&spool, now)
      #expect(frames.isEmpty)
    }
    #expect(fixture.incoming.count == 3)
    unlink(path)
    var frames: [EncodedFrame] = []
    for _ in 0..<70 {
      now = now + .seconds(1)
      spool.expire(now: now)
      frames += try claimAll(&spool, now)
    }
    #expect(frames.count == 3)
    let retried = spool.counters.retried
    #expect(retried >= 3)
  }

  @Test("Folders on different file systems are refused at the start", .enabled(if: hasOtherDevice))
  func differentFileSystems() throws {
    var fixture = SpoolFixture()
    fixture.configuration.work = "/dev/shm/vedette-frames-test-work"
    defer { rmdir(fixture.configuration.work) }
    let expected = FramesError.differentFileSystems(
      incoming: fixture.configuration.incoming, other: fixture.configuration.work)
    #expect(throws: expected) {
      _ = try FolderSpool(fixture.configuration, now: .start)
    }
  }

  /// True the first time it is asked.
  final class Once {
    private var asked = false

    func isFirst() -> Bool {
      defer { asked = true }
      return !asked
    }
  }

  static var hasOtherDevice: Bool {
    var shared = stat()
    var temporary = stat()
    return stat("/dev/shm", &shared) == 0 && stat("/tmp", &temporary) == 0
      && shared.st_dev != temporary.st_dev && access("/dev/shm", W_OK) == 0
  }

  @Test("A missing watch folder is an error that says what to do")
  func missing() {
    let configuration = SpoolConfiguration(incoming: "/nonexistent/incoming")
    #expect(configuration.work == "/nonexistent/work")
    var message = ""
    do {
      _ = try FolderSpool(configuration, now: .start)
    } catch {
      message = error.description
    }
    #expect(
      message == "cannot open /nonexistent/incoming: No such file or directory; "
        + "create it, or correct the path")
  }
}
