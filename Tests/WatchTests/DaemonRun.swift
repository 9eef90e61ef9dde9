import Frames
import Journal
import Synchronization
import Watch

#if canImport(Glibc)
import Glibc
#endif

/// A journal in memory that can stand still, fail, and call back.
final class CollectingSink: JournalSink {
  private struct State {
    var entries: [JournalEntry] = []
    var attempts = 0
  }

  private let state = Mutex(State())
  private let written: EventDescriptor
  private let gate: EventDescriptor
  private let isGateShut: Bool
  private let failure: JournalError?
  /// Called with each detection, on the writer's thread.
  private let onDetection: (@Sendable () -> Void)?

  init(
    isGateShut: Bool = false, failure: JournalError? = nil,
    onDetection: (@Sendable () -> Void)? = nil
  ) throws {
    written = try EventDescriptor()
    gate = try EventDescriptor()
    self.isGateShut = isGateShut
    self.failure = failure
    self.onDetection = onDetection
  }

  func write(_ entry: JournalEntry) throws(JournalError) {
    let isFirst = state.withLock { state in
      state.attempts += 1
      return state.attempts == 1
    }
    if isGateShut && isFirst { gate.wait() }
    // The model's own entry goes through, so that a run gets as far as its frames.
    if let failure, entry.messageID == .detection { throw failure }
    state.withLock { $0.entries.append(entry) }
    written.signal()
    if entry.messageID == .detection { onDetection?() }
  }

  func openGate() { gate.signal() }

  var entries: [JournalEntry] { state.withLock { $0.entries } }

  func entries(_ kind: MessageID) -> [JournalEntry] { entries.filter { $0.messageID == kind } }

  /// The labels of all detections, in their order.
  var labels: [String] { entries(.detection).map { $0.first(.label) ?? "" } }

  /// Entries that lack a field which their kind promises.
  var incomplete: [String] {
    entries.filter { !($0.messageID?.isComplete($0) ?? true) }.map(\.message)
  }

  /// Waits until there are so many entries of a kind; the limit only ends a test that has failed.
  func wait(for kind: MessageID, count: Int = 1) -> Bool {
    while entries(kind).count < count {
      guard written.wait(timeout: .seconds(60)) else { return false }
    }
    return true
  }
}

/// A daemon on a thread of its own, because its event loop blocks the thread, and signals are sent
/// to that thread alone.
final class DaemonRun: Sendable {
  typealias Reload = @Sendable () throws(WatchError) -> WatchSettings

  enum Ending: Equatable, Sendable {
    case exit(Int32)
    case refused(WatchError)
    case timeout
  }

  private struct State {
    var states: [String] = []
    var thread: pthread_t?
    var ending: Ending?
  }

  private let state = Mutex(State())
  private let ready: EventDescriptor
  private let ended: EventDescriptor

  init(
    _ settings: WatchSettings, _ sink: CollectingSink,
    presentation: Daemon.Presentation = .journal, reload: Reload? = nil
  ) throws {
    ready = try EventDescriptor()
    ended = try EventDescriptor()
    // The thread keeps this object until it ends.
    _ = try WorkerThread { [self] in
      let ending = run(settings, sink, presentation, reload)
      state.withLock {
        $0.ending = ending
        $0.thread = nil
      }
      ended.signal()
      ready.signal()
    }
  }

  private func run(
    _ settings: WatchSettings, _ sink: CollectingSink, _ presentation: Daemon.Presentation,
    _ reload: Reload?
  ) -> Ending {
    state.withLock { $0.thread = pthread_self() }
    let notifier = ServiceNotifier { [self] text in
      state.withLock { $0.states.append(text) }
      if text.hasPrefix("READY=1") { ready.signal() }
      return 0
    }
    do throws(WatchError) {
      let daemon = try Daemon(
        settings, sink: sink, presentation: presentation, notifier: notifier, reload: reload)
      return .exit(try daemon.run())
    } catch {
      return .refused(error)
    }
  }

  /// What the service manager was told.
  var states: [String] { state.withLock { $0.states } }

  /// Waits for READY=1, the start's or a reload's.
  func waitUntilReady() -> Bool {
    ready.wait(timeout: .seconds(60)) && state.withLock { $0.ending } == nil
  }

  /// Sends a signal that only the daemon's thread can take.
  func send(_ signal: Int32) {
    state.withLock { if let thread = $0.thread { pthread_kill(thread, signal) } }
  }

  /// Waits for the end.
  func wait() -> Ending {
    guard ended.wait(timeout: .seconds(120)) else { return .timeout }
    return state.withLock { $0.ending } ?? .timeout
  }
}

/// The folders of a watched spool, and the colour model.
struct Spool {
  let folder = TemporaryFolder()
  let incoming: String
  var settings: WatchSettings

  init(after: SpoolConfiguration.Disposal = .delete) {
    incoming = folder.folder("incoming")
    var configuration = SpoolConfiguration(incoming: incoming)
    configuration.after = after
    // Nobody writes any more when a test's daemon starts.
    configuration.settleTime = .milliseconds(10)
    configuration.giveUpTime = .milliseconds(20)
    settings = WatchSettings(
      classifier: Classifier.Settings(modelPath: ColourModel.write(in: folder), kernels: .scalar),
      folder: configuration)
    settings.endsWhenDrained = true
  }

  /// Writes a file in the folder itself.
  func put(_ name: String, _ bytes: [UInt8]) { Files.write(bytes, to: incoming + "/" + name) }

  /// Renames a file in.
  func renameIn(_ name: String, _ bytes: [UInt8]) {
    Files.write(bytes, to: folder.path + "/outside")
    precondition(rename(folder.path + "/outside", incoming + "/" + name) == 0, "rename failed")
  }

  func list(_ name: String) -> [String] { Files.list(folder.path + "/" + name) }
}
