import Frames
import Journal
import Testing
import Watch

#if canImport(Glibc)
import Glibc
#endif

/// The whole way of a file, in this process: folder, pipeline, journal, folder.
@Suite("The daemon and its folder", .serialized, .timeLimit(.minutes(3)))
struct DaemonSpoolTests {
  static let pictures: [(String, SolidJPEG.Colour)] = [
    ("a-red.jpg", .red), ("b-green.jpg", .green), ("c-blue.jpeg", .blue),
  ]

  @Test(
    "classifies what is there at the start, once each, and disposes of it as told",
    arguments: SpoolConfiguration.Disposal.allCases)
  func start(after: SpoolConfiguration.Disposal) throws {
    let spool = Spool(after: after)
    for (name, colour) in DaemonSpoolTests.pictures { spool.put(name, SolidJPEG.image(colour)) }
    spool.put(".hidden.jpg", SolidJPEG.image(.red))
    spool.put("notes.txt", Array("not for us".utf8))
    let sink = try CollectingSink()
    let run = try DaemonRun(spool.settings, sink)
    #expect(run.wait() == .exit(0))

    #expect(sink.labels.sorted() == ["blue", "green", "red"])
    #expect(Set(sink.entries(.detection).compactMap { $0.first(.frameID) }).count == 3)
    #expect(sink.entries(.frameRefused).isEmpty)
    #expect(sink.incomplete == [])
    let names = DaemonSpoolTests.pictures.map(\.0)
    let others = [".hidden.jpg", "notes.txt"]
    #expect(spool.list("incoming") == (after == .leave ? others + names : others).sorted())
    #expect(spool.list("done").count == (after == .keep ? 3 : 0))
    #expect(spool.list("work").isEmpty && spool.list("quarantine").isEmpty)
    let told = run.states.filter { !$0.hasPrefix("STATUS=") }
    #expect(told == ["READY=1", "STOPPING=1"])
  }

  @Test("classifies what is renamed in while it runs, and ends with the frame in hand on SIGTERM")
  func renames() throws {
    var spool = Spool()
    spool.settings.endsWhenDrained = false
    let sink = try CollectingSink()
    let run = try DaemonRun(spool.settings, sink)
    #expect(run.waitUntilReady())
    for (index, (name, colour)) in DaemonSpoolTests.pictures.enumerated() {
      spool.renameIn(name, SolidJPEG.image(colour))
      #expect(sink.wait(for: .detection, count: index + 1))
    }
    run.send(SIGTERM)
    #expect(run.wait() == .exit(0))
    #expect(sink.labels == ["red", "green", "blue"])
    #expect(spool.list("incoming").isEmpty && spool.list("work").isEmpty)
    let stopped = try #require(sink.entries(.serviceStopped).first)
    #expect(stopped.first(.framesDecided) == "3" && stopped.first(.framesRefused) == "0")
    #expect(sink.entries.last?.messageID == .serviceStopped)
    #expect(sink.incomplete == [])
  }

  @Test("refuses broken files with a reason, moves them to quarantine, and goes on")
  func refusals() throws {
    let spool = Spool()
    let whole = SolidJPEG.image(.red, width: 64, height: 64)
    spool.put("empty.jpg", [])
    spool.put("png.jpg", [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10, 0, 0])
    spool.put("short.jpg", Array(whole.dropLast(9)))
    // Its structure is whole; only the decoder sees what is wrong.
    spool.put(
      "vast.jpg", SolidJPEG.header(width: 65_500, height: 65_500) + [0x2A, 0xFF, 0xD9])
    mkfifo(spool.incoming + "/fifo.jpg", 0o644)
    spool.put("good.jpg", whole)
    let sink = try CollectingSink()
    let run = try DaemonRun(spool.settings, sink)
    #expect(run.wait() == .exit(0))

    #expect(sink.labels == ["red"])
    var reasons: [String: String] = [:]
    for entry in sink.entries(.frameRefused) {
      reasons[entry.first(.framePath) ?? ""] = entry.first(.reason)
      #expect(entry.priority == .warning)
    }
    #expect(
      reasons == [
        "empty.jpg": "empty", "png.jpg": "not-a-jpeg", "short.jpg": "truncated",
        "vast.jpg": "too-large", "fifo.jpg": "not-a-regular-file",
      ])
    #expect(sink.incomplete == [])
    let quarantine = spool.list("quarantine")
    for name in ["empty.jpg", "png.jpg", "short.jpg", "vast.jpg"] {
      #expect(quarantine.contains { $0.hasSuffix(name) }, "\(name)")
      #expect(quarantine.contains { $0.hasSuffix(name + ".reason") }, "\(name)")
    }
    #expect(!spool.list("incoming").contains { $0 != "fifo.jpg" })
    #expect(spool.list("work").isEmpty)
  }

  @Test("gives frames back and fails where nobody takes its detections")
  func failingSink() throws {
    let spool = Spool()
    for (name, colour) in DaemonSpoolTests.pictures { spool.put(name, SolidJPEG.image(colour)) }
    let sink = try CollectingSink(failure: .system(call: "write", errno: EPIPE))
    let run = try DaemonRun(spool.settings, sink)
    #expect(run.wait() == .exit(1))
    #expect(sink.labels.isEmpty)
    // Not one is lost: those that were claimed are back.
    #expect(spool.list("incoming") == DaemonSpoolTests.pictures.map(\.0))
    #expect(spool.list("work").isEmpty)
  }

  @Test("loses no file behind a journal that stands still until the ring is full")
  func slowSink() throws {
    let spool = Spool()
    let tokens = JournalWriter.Limits().tokenCount
    let count = tokens + 40
    let picture = SolidJPEG.image(.green, width: 8, height: 8)
    for index in 0..<count { spool.put("\(index).jpg", picture) }
    let watch = inotify_init1(0)
    defer { close(watch) }
    mkdir(spool.folder.path + "/work", 0o755)
    #expect(inotify_add_watch(watch, spool.folder.path + "/work", UInt32(IN_MOVED_TO)) >= 0)

    let sink = try CollectingSink(isGateShut: true)
    let run = try DaemonRun(spool.settings, sink)
    // One more claimed than the writer has tokens: its entry is refused and has to wait.
    while spool.list("work").count <= tokens {
      var events = [UInt8](repeating: 0, count: 1 << 16)
      guard Files.waitUntilReadable(watch) else { break }
      _ = read(watch, &events, events.count)
    }
    sink.openGate()
    #expect(run.wait() == .exit(0))
    #expect(sink.labels == [String](repeating: "green", count: count))
    #expect(Set(sink.entries(.detection).compactMap { $0.first(.framePath) }).count == count)
    #expect(sink.entries(.entriesLost).isEmpty)
    #expect(spool.list("incoming").isEmpty && spool.list("work").isEmpty)
  }

  @Test("tells of a file that cannot be moved, and keeps it")
  func trouble() throws {
    var spool = Spool(after: .keep)
    spool.settings.endsWhenDrained = false
    let sink = try CollectingSink()
    let run = try DaemonRun(spool.settings, sink)
    #expect(run.waitUntilReady())
    // What frames are moved to is no folder any more.
    Files.removeTree(spool.folder.path + "/done")
    Files.write("in the way", to: spool.folder.path + "/done")
    spool.renameIn("a.jpg", SolidJPEG.image(.red))
    #expect(sink.wait(for: .spoolTrouble))
    run.send(SIGTERM)
    #expect(run.wait() == .exit(0))
    #expect(sink.labels == ["red"] && sink.incomplete == [])
    #expect(spool.list("work").count == 1 && spool.list("incoming").isEmpty)
  }

  @Test("tells of a folder that is polled, that goes, and that comes back")
  func lostFolder() throws {
    var spool = Spool()
    spool.settings.endsWhenDrained = false
    spool.settings.folder?.alwaysPolls = true
    spool.settings.folder?.pollInterval = .milliseconds(10)
    let sink = try CollectingSink()
    let run = try DaemonRun(spool.settings, sink)
    #expect(sink.wait(for: .sourcePolling))
    rmdir(spool.incoming)
    #expect(sink.wait(for: .sourceLost))
    mkdir(spool.incoming, 0o755)
    #expect(sink.wait(for: .sourceRecovered))
    spool.renameIn("a.jpg", SolidJPEG.image(.blue))
    #expect(sink.wait(for: .detection))
    run.send(SIGTERM)
    #expect(run.wait() == .exit(0))
    #expect(sink.labels == ["blue"] && sink.incomplete == [])
  }

  @Test("cannot start on a folder that is not there")
  func missingFolder() throws {
    let spool = Spool()
    Files.removeTree(spool.incoming)
    let run = try DaemonRun(spool.settings, try CollectingSink())
    guard case .refused(.source(let name, let reason)) = run.wait() else {
      Issue.record("it started")
      return
    }
    #expect(name == spool.incoming && reason.contains("No such file or directory"))
  }
}
