import Frames
import Journal
import Synchronization
import Testing
import Watch

#if canImport(Glibc)
import Glibc
#endif

/// A daemon that reads a pipe, and one that is told to reload or to stop.
@Suite("The daemon, its pipe and its manager", .serialized, .timeLimit(.minutes(3)))
struct DaemonServiceTests {
  let folder = TemporaryFolder()

  private func settings(reading descriptor: Int32) -> WatchSettings {
    WatchSettings(
      classifier: Classifier.Settings(modelPath: ColourModel.write(in: folder), kernels: .scalar),
      stream: .descriptor(descriptor, name: "camera"))
  }

  private func pipeEnds() -> (reader: Int32, writer: Int32) {
    var ends: [Int32] = [-1, -1]
    precondition(pipe(&ends) == 0, "no pipe")
    return (ends[0], ends[1])
  }

  /// Two pictures with garbage around them, and the beginning of a third.
  private static let bytes: [UInt8] =
    SolidJPEG.image(.red) + [UInt8](repeating: 0x2A, count: 5000) + SolidJPEG.image(.blue)
    + Array(SolidJPEG.image(.green).prefix(150))

  @Test("classifies a pipe's pictures in their order, tells of the rest, and ends at its end")
  func stream() throws {
    let (reader, writer) = pipeEnds()
    let sink = try CollectingSink()
    let run = try DaemonRun(settings(reading: reader), sink)
    Files.put(DaemonServiceTests.bytes, writer)
    close(writer)
    #expect(run.wait() == .exit(0))
    #expect(sink.labels == ["red", "blue"])
    let detections = sink.entries(.detection)
    #expect(detections.allSatisfy { $0.first(.source) == "camera" })
    #expect(detections.first?.message.contains("(camera #0, ") == true)
    #expect(detections.last?.message.contains("(camera #1, ") == true)
    let refused = sink.entries(.frameRefused)
    #expect(refused.map { $0.first(.reason) } == ["truncated"])
    let dropped = sink.entries(.frameDropped)
    #expect(dropped.count == 1 && dropped.first?.first(.reason) == "garbage")
    #expect(dropped.first?.first(.detail)?.contains("5000 bytes") == true)
    #expect(sink.incomplete == [])
  }

  @Test("reads a plain file like a pipe")
  func plainFile() throws {
    let path = folder.path + "/recorded.mjpeg"
    Files.write(SolidJPEG.image(.green) + SolidJPEG.image(.red), to: path)
    let sink = try CollectingSink()
    let run = try DaemonRun(settings(reading: open(path, O_RDONLY)), sink)
    #expect(run.wait() == .exit(0))
    #expect(sink.labels == ["green", "red"])
  }

  @Test("presents frames as JSON lines when asked")
  func json() throws {
    let (reader, writer) = pipeEnds()
    let sink = try CollectingSink()
    let run = try DaemonRun(settings(reading: reader), sink, presentation: .json)
    Files.put(DaemonServiceTests.bytes, writer)
    close(writer)
    #expect(run.wait() == .exit(0))
    let lines = sink.entries.filter { $0.messageID == .detection || $0.messageID == .frameRefused }
      .map(\.message)
    #expect(lines.count == 3)
    // The refusal is known when the pipe is read, the detections when they are made.
    let detections = lines.filter { $0.contains("\"top\"") }
    #expect(detections.count == 2)
    #expect(detections.first?.hasPrefix(#"{"path":"camera#0","model_id":""#) == true)
    #expect(
      detections.first?.contains(#""top":[{"index":0,"label":"red","score":1.000000}"#) == true)
    let refusals = lines.filter { $0.contains("\"error\"") }
    #expect(refusals.first?.contains(#""error":{"code":"truncated","message":""#) == true)
  }

  @Test("ends where nobody takes a pipe's detections, although the pipe goes on")
  func failingSink() throws {
    let (reader, writer) = pipeEnds()
    defer { close(writer) }
    let sink = try CollectingSink(failure: .system(call: "write", errno: EPIPE))
    let run = try DaemonRun(settings(reading: reader), sink)
    Files.put(SolidJPEG.image(.red), writer)
    #expect(run.wait() == .exit(1))
  }

  @Test("stops in the middle of a pipe's frames, and counts those that it gives up")
  func stopping() throws {
    let (reader, writer) = pipeEnds()
    defer { close(writer) }
    let picture = SolidJPEG.image(.red, width: 8, height: 8)
    // All of them fit into the pipe, so one read brings them all.
    let count = 60_000 / picture.count
    let hand = try Handover()
    let sink = try CollectingSink(onDetection: { hand.stopOnce() })
    for _ in 0..<count { Files.put(picture, writer) }
    let run = try DaemonRun(settings(reading: reader), sink)
    hand.give(run)
    #expect(run.wait() == .exit(0))
    let entry = try #require(sink.entries(.frameDropped).first)
    let dropped = Int(entry.first(.count) ?? "") ?? 0
    #expect(dropped > 0 && sink.labels.count + dropped == count)
    #expect(entry.first(.reason) == "stopping")
    let stopped = sink.entries(.serviceStopped).first
    #expect(stopped?.first(.framesDropped) == "\(dropped)")
    #expect(sink.incomplete == [])
  }

  @Test("ends with status 78 where the model is refused at the start, and takes no file")
  func refusedModel() throws {
    var spool = Spool()
    spool.settings.classifier.modelPath = spool.folder.path + "/none.tflite"
    spool.put("a.jpg", SolidJPEG.image(.red))
    let sink = try CollectingSink()
    let run = try DaemonRun(spool.settings, sink)
    #expect(run.wait() == .exit(78))
    #expect(!run.states.contains { $0.hasPrefix("READY=1") })
    let entry = try #require(sink.entries(.modelRefused).first)
    #expect(entry.first(.modelPath) == spool.settings.classifier.modelPath)
    #expect(entry.message.contains("No such file or directory"))
    #expect(sink.entries.count == 1 && sink.incomplete == [])
    #expect(spool.list("incoming") == ["a.jpg"])
  }

  @Test("changes to new settings on SIGHUP, and keeps the old ones where the new are wrong")
  func reloading() throws {
    var spool = Spool()
    spool.settings.endsWhenDrained = false
    let box = SettingsBox()
    let sink = try CollectingSink()
    let run = try DaemonRun(
      spool.settings, sink,
      reload: { () throws(WatchError) in
        try box.take()
      })
    #expect(run.waitUntilReady())
    spool.renameIn("1.jpg", SolidJPEG.image(.red))
    #expect(sink.wait(for: .detection, count: 1))

    // Settings that cannot be read.
    box.add(.failure(.system(reason: "vedette.toml:3:1: no such key")))
    run.send(SIGHUP)
    #expect(sink.wait(for: .configurationRefused, count: 1) && run.waitUntilReady())
    spool.renameIn("2.jpg", SolidJPEG.image(.red))
    #expect(sink.wait(for: .detection, count: 2))

    // Settings with a model that is none.
    var wrong = spool.settings
    wrong.classifier.modelPath = spool.folder.path + "/none.tflite"
    box.add(.success(wrong))
    run.send(SIGHUP)
    #expect(sink.wait(for: .configurationRefused, count: 2) && run.waitUntilReady())
    spool.renameIn("3.jpg", SolidJPEG.image(.red))
    #expect(sink.wait(for: .detection, count: 3))

    // Another model, other labels, another folder.
    var right = spool.settings
    right.classifier.modelPath = ColourModel.write(
      in: spool.folder, name: "farben", labels: ["rot", "grün", "blau"], gain: 60)
    let other = spool.folder.folder("other")
    right.folder?.incoming = other
    Files.write(SolidJPEG.image(.blue), to: other + "/4.jpg")
    box.add(.success(right))
    run.send(SIGHUP)
    #expect(sink.wait(for: .configurationReloaded) && run.waitUntilReady())
    #expect(sink.wait(for: .detection, count: 4))
    run.send(SIGTERM)
    #expect(run.wait() == .exit(0))

    #expect(sink.labels == ["red", "red", "red", "blau"])
    let models = sink.entries(.detection).map { $0.first(.modelID) }
    #expect(models[0] == models[2] && models[2] != models[3])
    #expect(sink.entries(.modelRefused).count == 1)
    #expect(sink.entries(.configurationRefused).first?.message.contains("no such key") == true)
    #expect(run.states.count { $0.hasPrefix("RELOADING=1") } == 3)
    #expect(sink.incomplete == [])
    #expect(Files.list(other).isEmpty)
  }
}

/// Gives the sink's callback the run that it belongs to, which is made after it.
private final class Handover: Sendable {
  private let run = Mutex<DaemonRun?>(nil)
  private let wasSent = Mutex(false)
  private let given: EventDescriptor

  init() throws { given = try EventDescriptor() }

  func give(_ run: DaemonRun) {
    self.run.withLock { $0 = run }
    given.signal()
  }

  func stopOnce() {
    let isFirst = wasSent.withLock { wasSent in
      defer { wasSent = true }
      return !wasSent
    }
    guard isFirst, given.wait(timeout: .seconds(60)) else { return }
    run.withLock { $0 }?.send(SIGTERM)
  }
}

/// The settings that the next reloads find.
private final class SettingsBox: Sendable {
  private let next = Mutex<[Result<WatchSettings, WatchError>]>([])

  func add(_ result: Result<WatchSettings, WatchError>) { next.withLock { $0.append(result) } }

  func take() throws(WatchError) -> WatchSettings {
    try next.withLock { $0.isEmpty ? .failure(.system(reason: "none")) : $0.removeFirst() }.get()
  }
}
