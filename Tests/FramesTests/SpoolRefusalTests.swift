import Frames
import Testing

#if canImport(Glibc)
import Glibc
#endif

@Suite("The watch folder: what is refused and what is ignored")
struct SpoolRefusalTests {
  static let image = SpoolFixture.image

  /// Codes and names of the refusals among the notices.
  static func refusals(_ notices: [SpoolNotice]) -> [String] {
    notices.compactMap { notice in
      guard case .refused(let name, _, let refusal, _) = notice else { return nil }
      return "\(name) \(refusal.code)"
    }
  }

  /// Files that are no whole JPEG, the code, and how the reason starts.
  static let unfit: [(bytes: [UInt8], code: String, detail: String)] = [
    (Array(image.dropLast()), "truncated", "it ends inside a scan's data"),
    ([0x89] + Array("PNG....".utf8), "not-a-jpeg", "it is a PNG"),
    (image[..<20] + [0xFF, 0xD8] + image[20...], "malformed", "a second start of image"),
    ([UInt8](repeating: 0xFF, count: 3000), "too-large", "it has 3000 bytes"),
  ]

  @Test(
    "A file renamed in that is no whole JPEG is refused at once, with the reason beside it",
    arguments: 0..<4)
  func refused(index: Int) throws {
    let (bytes, code, detail) = Self.unfit[index]
    var fixture = SpoolFixture()
    fixture.configuration.maximumFileLength = 2000
    var spool = try fixture.start()
    fixture.renameIn("x.jpg", bytes)
    #expect(takeEvents(&spool, .start))
    let frames = try claimAll(&spool, .start)
    #expect(frames.isEmpty)
    #expect(fixture.quarantine == ["x.jpg", "x.jpg.reason"])
    #expect(Files.read(fixture.configuration.quarantine + "/x.jpg") == bytes)
    let reason = fixture.reason("x.jpg")
    #expect(reason["reason"] == code)
    #expect(reason["detail"]?.hasPrefix(detail) == true)
    #expect(reason["size"] == "\(bytes.count)")
    #expect(reason["frame"]?.utf8.count == 32)
    let notices = spool.drainNotices()
    #expect(Self.refusals(notices) == ["x.jpg \(code)"])
    let counters = spool.counters
    #expect(counters.refused == 1 && counters.claimed == 0)
  }

  @Test("An empty file has the settle time to fill, unless it was renamed in")
  func empty() throws {
    let fixture = SpoolFixture()
    var spool = try fixture.start()
    fixture.renameIn("x.jpg", [])
    fixture.copyIn("y.jpg", [])
    #expect(takeEvents(&spool, .start))
    _ = try claimAll(&spool, .start)
    spool.expire(now: .start + .milliseconds(1900))
    _ = try claimAll(&spool, .start + .milliseconds(1900))
    #expect(fixture.incoming == ["y.jpg"])
    spool.expire(now: .start + .seconds(2))
    _ = try claimAll(&spool, .start + .seconds(2))
    #expect(fixture.incoming.isEmpty)
    #expect(fixture.reason("x.jpg")["reason"] == "empty")
    #expect(fixture.reason("y.jpg")["reason"] == "empty")
  }

  @Test("A file that its writer leaves unfinished is refused when it has not changed for a minute")
  func abandoned() throws {
    let fixture = SpoolFixture()
    fixture.copyIn("old.jpg", Array(Self.image.dropLast(9)))
    var spool = try fixture.start()
    var now = MonotonicTime.start
    while now < .start + .seconds(59) {
      spool.drainEvents(now: now)
      spool.expire(now: now)
      let frames = try claimAll(&spool, now)
      #expect(frames.isEmpty)
      now = now + .milliseconds(500)
    }
    #expect(fixture.incoming == ["old.jpg"])
    spool.expire(now: .start + .seconds(60))
    _ = try claimAll(&spool, .start + .seconds(60))
    #expect(fixture.incoming.isEmpty)
    #expect(fixture.reason("old.jpg")["reason"] == "truncated")
    #expect(fixture.reason("old.jpg")["detail"]?.hasSuffix("unchanged for 60.0 seconds") == true)
  }

  @Test("Links, FIFOs and sockets are refused once, left in place and never opened")
  func notRegular() throws {
    let fixture = SpoolFixture()
    let secret = fixture.folder.path + "/outside/secret.jpg"
    Files.write(Self.image, to: secret)
    precondition(symlink(secret, fixture.path("link.jpg")) == 0, "no link for a test")
    precondition(mkfifo(fixture.path("fifo.jpg"), 0o600) == 0, "no FIFO for a test")
    precondition(mknod(fixture.path("sock.jpg"), S_IFSOCK | 0o600, 0) == 0, "no socket for a test")
    mkdir(fixture.path("folder.jpg"), 0o755)
    var spool = try fixture.start()
    let frames = try claimAll(&spool, .start)
    #expect(frames.isEmpty)
    let all = ["fifo.jpg", "folder.jpg", "link.jpg", "sock.jpg"]
    #expect(fixture.incoming == all)
    let notices = spool.drainNotices()
    #expect(
      Self.refusals(notices).sorted() == [
        "fifo.jpg not-a-regular-file", "link.jpg not-a-regular-file", "sock.jpg not-a-regular-file",
      ])
    #expect(notices.count == 4)
    // Once a name, however often the folder is listed.
    spool.scan(now: .start)
    spool.scan(now: .start)
    let again = spool.drainNotices()
    #expect(again.isEmpty)
    let refused = spool.counters.refused
    #expect(refused == 3)
  }

  @Test("A device is refused too", .enabled(if: getuid() == 0, "making a device needs root"))
  func device() throws {
    let fixture = SpoolFixture()
    // The numbers of /dev/null.
    guard mknod(fixture.path("null.jpg"), S_IFCHR | 0o600, 0x103) == 0 else { return }
    var spool = try fixture.start()
    _ = try claimAll(&spool, .start)
    let notices = spool.drainNotices()
    #expect(Self.refusals(notices) == ["null.jpg not-a-regular-file"])
  }

  @Test("Other files are ignored once each; files under way are ignored silently")
  func otherFiles() throws {
    let fixture = SpoolFixture()
    for name in ["notes.txt", "README", ".hidden.jpg", "x.jpg.part", "y.tmp", "z.jpg~", "w.png"] {
      fixture.copyIn(name)
    }
    var spool = try fixture.start()
    let frames = try claimAll(&spool, .start)
    spool.scan(now: .start)
    let notices = spool.drainNotices()
    let names = notices.map { notice in
      guard case .ignored(let name, _) = notice else { return "?" }
      return name.printable
    }
    #expect(frames.isEmpty)
    #expect(names.sorted() == ["README", "notes.txt", "w.png"])
    #expect(fixture.incoming.count == 7)
    // Under its final name it is taken.
    Files.move(fixture.path("x.jpg.part"), fixture.path("x.jpg"))
    #expect(takeEvents(&spool, .start))
    let renamed = try claimAll(&spool, .start)
    #expect(renamed.map(\.name) == ["x.jpg"])
  }

  @Test(
    "A file without read permission is refused after the settle time",
    .enabled(if: getuid() != 0, "root may read everything"))
  func unreadable() throws {
    let fixture = SpoolFixture()
    fixture.copyIn("x.jpg")
    chmod(fixture.path("x.jpg"), 0)
    var spool = try fixture.start()
    _ = try claimAll(&spool, .start)
    #expect(fixture.incoming == ["x.jpg"])
    spool.expire(now: .start + .seconds(2))
    _ = try claimAll(&spool, .start + .seconds(2))
    #expect(fixture.reason("x.jpg")["reason"] == "unreadable")
  }

  @Test("A folder full of junk is worked through in bounded steps")
  func junk() throws {
    let fixture = SpoolFixture()
    for index in 0..<200 { fixture.copyIn("\(index).jpg", [0xFF, 0xD8, 0xFF]) }
    fixture.copyIn("z.jpg")
    fixture.setModificationTime("z.jpg", seconds: 4_000_000_000)
    var spool = try fixture.start()
    var calls = 0
    var frame: EncodedFrame?
    while frame == nil, spool.isWorthAsking(now: .start) {
      frame = try spool.nextFrame(now: .start)
      calls += 1
    }
    #expect(frame?.name == "z.jpg")
    #expect(calls == 4, "64 looks a call")
  }
}
