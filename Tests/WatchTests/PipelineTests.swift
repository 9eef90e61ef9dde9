import Frames
import Journal
import Testing
import Watch

@Suite("A mailbox", .timeLimit(.minutes(1)))
struct MailboxTests {
  @Test("keeps the order, and takes no more than it has room for")
  func bounded() throws {
    let mailbox = try Mailbox<Int>(capacity: 3)
    #expect((1...5).map { mailbox.post($0) } == [true, true, true, false, false])
    #expect(mailbox.take() == 1)
    #expect(mailbox.post(6))
    #expect(mailbox.takeAll() == [2, 3, 6])
    #expect(mailbox.takeAll().isEmpty)
    #expect(mailbox.post(7) && mailbox.take() == 7)
  }

  @Test("is readable while something lies in it that nobody has looked at")
  func descriptor() throws {
    let mailbox = try Mailbox<Int>(capacity: 3)
    mailbox.post(1)
    mailbox.post(2)
    #expect(Files.waitUntilReadable(mailbox.fileDescriptor))
    #expect(mailbox.takeAll() == [1, 2])
    mailbox.post(3)
    #expect(Files.waitUntilReadable(mailbox.fileDescriptor))
  }

  @Test("passes everything from one thread to another, in order")
  func threads() throws {
    let there = try Mailbox<Int>(capacity: 4)
    let back = try Mailbox<Int>(capacity: 4)
    let count = 2000
    let thread = try WorkerThread {
      for _ in 0..<count { back.post(there.take() * 2) }
    }
    var received: [Int] = []
    var sent = 0
    while received.count < count {
      // Never more under way than either side has room for.
      while sent < count, sent - received.count < 4 {
        #expect(there.post(sent))
        sent += 1
      }
      received.append(back.take())
    }
    thread.join()
    #expect(received == (0..<count).map { 2 * $0 })
  }
}

@Suite("The pipeline", .timeLimit(.minutes(1)))
struct PipelineTests {
  let folder = TemporaryFolder()

  private func frame(_ number: UInt64, _ bytes: [UInt8]) -> EncodedFrame {
    EncodedFrame(
      id: "frame-\(number)", origin: .stream(name: "test", sequence: number), arrival: .now(),
      bytes: bytes)
  }

  private func settings(_ path: String) -> Classifier.Settings {
    Classifier.Settings(modelPath: path, kernels: .scalar)
  }

  /// The next events, as text: "loaded <name>", "failed", "frame-1 red".
  private func next(_ pipeline: inout Pipeline) -> [String] {
    guard Files.waitUntilReadable(pipeline.eventFileDescriptor) else { return ["nothing came"] }
    return pipeline.takeEvents().map { event in
      switch event {
      case .loaded(let model): "loaded \(model.level)"
      case .loadFailed(let error): "failed \(error)"
      case .finished(let report):
        switch report.outcome {
        case .decided(let detection): "\(report.frameID) \(detection.best.label)"
        case .failed(let refusal): "\(report.frameID) \(refusal.code)"
        }
      }
    }
  }

  @Test("gives outcomes in the order of the frames, and counts those under way")
  func order() throws {
    var pipeline = try Pipeline(settings(ColourModel.write(in: folder)))
    #expect(next(&pipeline) == ["loaded colours@8x1"])
    var (isIdle, vacancies) = (pipeline.isIdle, pipeline.vacancies)
    #expect(isIdle && vacancies == Pipeline.frameCapacity)

    let pictures = [
      SolidJPEG.image(.red), Array(SolidJPEG.image(.red).prefix(90)), SolidJPEG.image(.blue),
      SolidJPEG.image(.green),
    ]
    var outcomes: [String] = []
    var sent: UInt64 = 0
    while outcomes.count < pictures.count {
      while pipeline.vacancies > 0, sent < pictures.count {
        pipeline.submit(frame(sent, pictures[Int(sent)]))
        sent += 1
      }
      vacancies = pipeline.vacancies
      let oldest = pipeline.oldestInFlight
      #expect(vacancies < Pipeline.frameCapacity && oldest != nil)
      outcomes += next(&pipeline)
      vacancies = pipeline.vacancies
      #expect(Int(sent) - outcomes.count == Pipeline.frameCapacity - vacancies)
    }
    #expect(outcomes == ["frame-0 red", "frame-1 truncated", "frame-2 blue", "frame-3 green"])
    isIdle = pipeline.isIdle
    let oldest = pipeline.oldestInFlight
    #expect(isIdle && oldest == nil)
    pipeline.stop()
  }

  @Test("tells that a model cannot be loaded")
  func loadFailure() throws {
    let path = folder.path + "/missing.tflite"
    var pipeline = try Pipeline(settings(path))
    #expect(next(&pipeline) == ["failed \(path): open: No such file or directory"])
    pipeline.stop()
  }

  @Test("replaces a model behind the frames that are in; one that is wrong leaves the old one")
  func replacing() throws {
    let first = ColourModel.write(in: folder)
    let second = ColourModel.write(in: folder, name: "farben", labels: ["rot", "grün", "blau"])
    var pipeline = try Pipeline(settings(first))
    var events = next(&pipeline)
    pipeline.submit(frame(0, SolidJPEG.image(.red)))
    pipeline.load(settings(second))
    pipeline.submit(frame(1, SolidJPEG.image(.red)))
    while events.count < 4 { events += next(&pipeline) }
    #expect(events == ["loaded colours@8x1", "frame-0 red", "loaded farben@8x1", "frame-1 rot"])

    pipeline.load(settings(folder.path + "/none"))
    pipeline.submit(frame(2, SolidJPEG.image(.blue)))
    events = []
    while events.count < 2 { events += next(&pipeline) }
    #expect(events[0].hasPrefix("failed ") && events[1] == "frame-2 blau")
    pipeline.stop()
  }

  @Test("finishes what is in before it stops")
  func stopping() throws {
    var pipeline = try Pipeline(settings(ColourModel.write(in: folder)))
    let events = next(&pipeline)
    #expect(events.count == 1)
    pipeline.submit(frame(0, SolidJPEG.image(.red)))
    pipeline.submit(frame(1, SolidJPEG.image(.red)))
    // The watchdog goes by the oldest frame that is still there.
    let first = pipeline.oldestInFlight
    let outcomes = next(&pipeline)
    let oldest = pipeline.oldestInFlight
    #expect(outcomes.count == 2 ? oldest == nil : oldest != first)
    // Returns once the thread has ended; a hang is what the time limit is for.
    pipeline.stop()
  }
}
