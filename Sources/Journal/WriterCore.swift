import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// What a `JournalWriter` and its thread share. A class because both hold it: the thread may
/// outlive the handle, and then is the last to let go.
final class WriterCore: Sendable {
  enum Phase { case idle, finished }

  private struct State {
    var ring: EntryRing
    var thread: pthread_t?
    var completions: [UInt64] = []
    var waiters: [(phase: Phase, descriptor: Int32)] = []
    /// The thread is in, or on its way to, a wait and needs a signal.
    var isSleeping = false
    /// An entry is out of the ring and not written yet.
    var isWriting = false
    var isStopping = false
    /// Nobody waits for the rest any more: it is given up.
    var isAbandoned = false
    var isFinished = false
    var failure: JournalError?

    func isReached(_ phase: Phase) -> Bool {
      switch phase {
      case .idle:
        isFinished || failure != nil
          || (ring.isEmpty && !isWriting && ring.unreportedLosses == 0)
      case .finished: isFinished
      }
    }

    mutating func signalWaiters() {
      guard !waiters.isEmpty else { return }
      var left: [(phase: Phase, descriptor: Int32)] = []
      for waiter in waiters {
        if isReached(waiter.phase) {
          EventDescriptor.signal(waiter.descriptor)
        } else {
          left.append(waiter)
        }
      }
      waiters = left
    }
  }

  private enum Work {
    case write(EntryRing.Item)
    case reportLosses(UInt64)
    case wait, end
  }

  let completion: EventDescriptor
  private let wake: EventDescriptor
  private let sink: any JournalSink
  private let retryPause: Duration
  private let state: Mutex<State>

  init(sink: any JournalSink, limits: JournalWriter.Limits) throws(JournalError) {
    completion = try EventDescriptor()
    wake = try EventDescriptor()
    self.sink = sink
    retryPause = limits.retryPause
    var first = State(ring: EntryRing(limits: limits))
    first.completions.reserveCapacity(limits.tokenCount)
    state = Mutex(first)
  }
}

// The sender's side. Nothing here waits for the sink.
extension WriterCore {
  var failure: JournalError? { state.withLock { $0.failure } }
  var lossCount: UInt64 { state.withLock { $0.ring.totalLosses } }

  func enqueue(_ item: EntryRing.Item) -> Bool {
    let (isTaken, needsSignal) = state.withLock { state in
      guard !state.isStopping, state.failure == nil else {
        if item.token == nil { state.ring.recordLoss() }
        return (false, false)
      }
      let isTaken = state.ring.push(item)
      defer { state.isSleeping = false }
      return (isTaken, state.isSleeping)
    }
    if needsSignal { wake.signal() }
    return isTaken
  }

  func drainCompletions() -> [UInt64] {
    completion.consume()
    return state.withLock { state in
      let tokens = state.completions
      state.completions.removeAll(keepingCapacity: true)
      state.ring.releaseTokens(tokens.count)
      return tokens
    }
  }

  func stop() {
    state.withLock { $0.isStopping = true }
    wake.signal()
  }

  /// The handle is gone without a `close`: the thread writes the rest and ends by itself.
  func letGo() {
    stop()
    let thread = state.withLock { state in
      defer { state.thread = nil }
      return state.thread
    }
    if let thread { pthread_detach(thread) }
  }

  func close(timeout: Duration) -> Bool {
    stop()
    let isFinished = waitUntil(.finished, timeout: timeout)
    let (thread, isComplete) = state.withLock { state in
      if !isFinished { state.isAbandoned = true }
      defer { state.thread = nil }
      return (state.thread, isFinished && !state.isAbandoned && state.failure == nil)
    }
    wake.signal()
    if let thread {
      if isFinished { pthread_join(thread, nil) } else { pthread_detach(thread) }
    }
    return isComplete
  }

  func waitUntil(_ phase: Phase, timeout: Duration) -> Bool {
    if state.withLock({ $0.isReached(phase) }) { return true }
    // Without a descriptor to wait on, the answer is the same as after the timeout.
    guard let waiter = try? EventDescriptor() else { return false }
    let descriptor = waiter.descriptor
    let isReached = state.withLock { state in
      if !state.isReached(phase) { state.waiters.append((phase, descriptor)) }
      return state.isReached(phase)
    }
    if isReached || waiter.wait(timeout: timeout) { return true }
    // Under the lock, so that the thread never signals a descriptor that is closed.
    return state.withLock { state in
      state.waiters.removeAll { $0.descriptor == descriptor }
      return state.isReached(phase)
    }
  }
}

// The thread's side.
extension WriterCore {
  /// An entry without a token is given up after so many tries; one with a token never is.
  private static let attempts = 8
  private static let longestPause = Duration.seconds(1)

  func start() throws(JournalError) {
    let own = Unmanaged.passRetained(self)
    // Signals are the process's; its event loop takes them, never this thread.
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    var thread = pthread_t()
    let number = pthread_create(&thread, nil, writerThread, own.toOpaque())
    guard number == 0 else {
      own.release()
      throw .system(call: "pthread_create", errno: number)
    }
    state.withLock { $0.thread = thread }
  }

  fileprivate func run() {
    while true {
      switch nextWork() {
      case .write(let item): deliver(item)
      case .reportLosses(let count): reportLosses(count)
      case .wait: wake.wait()
      case .end: return
      }
    }
  }

  private func nextWork() -> Work {
    state.withLock { state in
      state.isWriting = false
      let isHopeless = state.isAbandoned || state.failure != nil
      if isHopeless { state.ring.discardAll() }
      if !isHopeless, let losses = state.ring.takeLossReport() {
        state.isWriting = true
        return .reportLosses(losses)
      }
      if let item = state.ring.pop() {
        state.isWriting = true
        return .write(item)
      }
      state.isFinished = state.isStopping
      state.isSleeping = !state.isStopping
      state.signalWaiters()
      return state.isStopping ? .end : .wait
    }
  }

  private func deliver(_ item: EntryRing.Item) {
    let isWritten = write(item.entry, isPatient: item.token != nil)
    state.withLock { state in
      if !isWritten {
        state.ring.recordLoss()
      } else {
        state.ring.recordWritten()
        if let token = item.token { state.completions.append(token) }
      }
    }
    if isWritten, item.token != nil { completion.signal() }
  }

  private func reportLosses(_ count: UInt64) {
    var entry = JournalEntry(
      .entriesLost, .warning,
      "\(count) \(count == 1 ? "entry was" : "entries were") not written to the journal")
    entry.append(.count, count)
    if !write(entry, isPatient: false) {
      state.withLock { $0.ring.returnLossReport(count) }
    }
  }

  /// Writes the entry, again and again where the sink is only busy.
  ///
  /// - Parameter isPatient: go on for as long as somebody wants the entry.
  private func write(_ entry: JournalEntry, isPatient: Bool) -> Bool {
    var pause = retryPause
    var attempt = 1
    while true {
      do throws(JournalError) {
        try sink.write(entry)
        return true
      } catch  where error.isTemporary {
        if state.withLock({ $0.isAbandoned }) || (!isPatient && attempt == Self.attempts) {
          return false
        }
        // A stop's signal ends one pause early, never all of them.
        wake.wait(timeout: pause)
        pause = min(pause * 2, Self.longestPause)
        attempt += 1
      } catch {
        state.withLock { $0.failure = error }
        completion.signal()
        return false
      }
    }
  }
}

/// The thread's first function: pthread_create takes a C one.
private func writerThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let argument else { return nil }
  Unmanaged<WriterCore>.fromOpaque(argument).takeRetainedValue().run()
  return nil
}
