import Testing
import Watch

#if canImport(Glibc)
import Glibc
#endif

@Suite("The event loop", .timeLimit(.minutes(1)))
struct EventLoopTests {
  /// A pipe with one byte in it, or none.
  final class Pipe {
    let reader: Int32
    private(set) var writer: Int32

    init(isFull: Bool = false) {
      var ends: [Int32] = [-1, -1]
      precondition(pipe(&ends) == 0, "no pipe")
      (reader, writer) = (ends[0], ends[1])
      if isFull { put() }
    }

    deinit {
      close(reader)
      hangUp()
    }

    func put() {
      var byte: UInt8 = 0x61
      precondition(write(writer, &byte, 1) == 1, "the pipe is full")
    }

    func take() {
      var byte: UInt8 = 0
      _ = read(reader, &byte, 1)
    }

    func hangUp() {
      if writer >= 0 { close(writer) }
      writer = -1
    }
  }

  @Test("returns the code that a handler ends it with")
  func exitCode() throws {
    let loop = try EventLoop()
    let source = try loop.addDeferred { loop.exit(code: 78) }
    #expect(try loop.run() == 78)
    source.remove()
  }

  @Test("calls a descriptor's handler while it is readable, and tells of its end")
  func io() throws {
    let loop = try EventLoop()
    let pipe = Pipe(isFull: true)
    var seen: [EventLoop.IOEvents] = []
    let source = try loop.addIO(pipe.reader, .readable) { events in
      seen.append(events)
      if events.contains(.readable) { pipe.take() }
      if seen.count == 1 { pipe.put() }
      if seen.count == 2 { pipe.hangUp() }
      if events.contains(.hangUp) { loop.exit() }
    }
    #expect(try loop.run() == 0)
    #expect(seen == [.readable, .readable, .hangUp])
    source.remove()
  }

  @Test("leaves a disabled source alone until it is enabled again")
  func disabling() throws {
    let loop = try EventLoop()
    let pipe = Pipe(isFull: true)
    var calls: [String] = []
    let source = try loop.addIO(pipe.reader, .readable) { _ in
      calls.append("io")
      loop.exit()
    }
    source.isEnabled = false
    let timer = try loop.addTimer {
      calls.append("timer")
      source.isEnabled = true
    }
    timer.arm(after: .milliseconds(1))
    #expect(timer.isArmed)
    #expect(try loop.run() == 0)
    #expect(calls == ["timer", "io"])
    #expect(!timer.isArmed)
    source.remove()
    #expect(!source.isEnabled)
  }

  @Test("lets a handler remove its own source, and frees what the handler held only then")
  func removal() throws {
    final class Owner {
      var source: EventSource?
      var calls = 0
    }
    let loop = try EventLoop()
    let pipe = Pipe(isFull: true)
    weak var freed: Owner?
    let timer = try loop.addTimer { loop.exit() }
    do {
      let owner = Owner()
      freed = owner
      // Holds its owner on purpose: the circle lasts until the source is removed.
      owner.source = try loop.addIO(pipe.reader, .readable) { _ in
        owner.calls += 1
        owner.source?.remove()
        owner.source = nil
        #expect(owner.calls == 1)
        timer.arm(after: .milliseconds(1))
      }
    }
    #expect(freed != nil)
    #expect(try loop.run() == 0)
    #expect(freed == nil)
    timer.remove()
  }

  @Test("stops waiting for a source that nobody holds any more")
  func dropping() throws {
    let loop = try EventLoop()
    let pipe = Pipe(isFull: true)
    var calls = 0
    _ = try loop.addIO(pipe.reader, .readable) { _ in calls += 1 }
    let timer = try loop.addTimer { loop.exit() }
    timer.arm(after: .milliseconds(1))
    #expect(try loop.run() == 0)
    #expect(calls == 0)
    timer.remove()
  }

  @Test("fires a timer once for each time that it is armed; a new time replaces the old one")
  func timers() throws {
    let loop = try EventLoop()
    var fired: [String] = []
    var again: (() -> Void)?
    let start = loop.now
    let last = try loop.addTimer(accuracy: .microseconds(1)) {
      fired.append("last")
      loop.exit()
    }
    let first = try loop.addTimer(accuracy: .microseconds(1)) {
      fired.append("first")
      again?()
    }
    let never = try loop.addTimer { fired.append("never") }
    again = {
      if fired.count < 3 {
        first.arm(after: .microseconds(100))
      } else {
        last.arm(at: start + .milliseconds(3))
      }
    }
    last.arm(after: .seconds(3600))
    first.arm(at: start + .milliseconds(1))
    never.arm(after: .zero)
    never.disarm()
    #expect(try loop.run() == 0)
    #expect(fired == ["first", "first", "first", "last"])
    #expect(loop.now >= start + .milliseconds(3))
    again = nil
    for timer in [last, first, never] { timer.remove() }
  }

  @Test("takes blocked signals as events")
  func signals() throws {
    EventLoop.blockSignals(SIGUSR1, SIGUSR2)
    let loop = try EventLoop()
    var seen: [Int32] = []
    let sources = try [SIGUSR1, SIGUSR2].map { signal in
      try loop.addSignal(signal) {
        seen.append(signal)
        if seen.count == 2 { loop.exit() }
      }
    }
    // For this thread alone: the test runner's other threads have not blocked them.
    pthread_kill(pthread_self(), SIGUSR1)
    pthread_kill(pthread_self(), SIGUSR2)
    #expect(try loop.run() == 0)
    #expect(seen.sorted() == [SIGUSR1, SIGUSR2].sorted())
    for source in sources { source.remove() }
  }

  @Test("runs what is put off once for each time")
  func rounds() throws {
    let loop = try EventLoop()
    var order: [String] = []
    var deferred: EventSource?
    let source = try loop.addDeferred {
      order.append("deferred")
      if order.count < 3 { deferred?.isEnabled = true } else { loop.exit() }
    }
    deferred = source
    #expect(try loop.run() == 0)
    #expect(order == ["deferred", "deferred", "deferred"])
    deferred = nil
    source.remove()
  }

  @Test("takes the more urgent of two ready sources first")
  func priority() throws {
    let loop = try EventLoop()
    var order: [String] = []
    let pipe = Pipe(isFull: true)
    let slow = try loop.addDeferred {
      order.append("slow")
      loop.exit()
    }
    let urgent = try loop.addIO(pipe.reader, .readable) { _ in
      order.append("urgent")
      pipe.take()
    }
    slow.setPriority(10)
    urgent.setPriority(-10)
    #expect(try loop.run() == 0)
    #expect(order == ["urgent", "slow"])
    for source in [slow, urgent] { source.remove() }
  }

  @Test("says which call failed, and why")
  func failure() throws {
    let loop = try EventLoop()
    var failure: EventLoop.Failure?
    do throws(EventLoop.Failure) {
      _ = try loop.addIO(-1, .readable) { _ in }
    } catch {
      failure = error
    }
    #expect(failure == EventLoop.Failure(call: "sd_event_add_io", errno: EBADF))
    #expect(failure?.description == "sd_event_add_io: Bad file descriptor")
  }
}
