import CSystemd
import Journal

#if canImport(Glibc)
import Glibc
#endif

/// The main thread's event loop: descriptors, timers and signals, by sd-event(3).
///
/// A class because it is one kernel object with one identity. Not Sendable: it belongs to the thread
/// that runs it. Nothing is allocated for an event.
///
/// A handler lives as long as its source; `remove()`, or the end of the source, lets go of it and
/// what it captured. A source may be removed in its own handler.
public final class EventLoop {
  public struct Failure: Error, Equatable, Sendable, CustomStringConvertible {
    public let call: String
    public let errno: Int32

    public init(call: String, errno: Int32) {
      self.call = call
      self.errno = errno
    }

    public var description: String { "\(call): \(String(cString: strerror(errno)))" }
  }

  /// What a descriptor is ready for, as epoll(7) has it.
  public struct IOEvents: OptionSet, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let readable = IOEvents(rawValue: EPOLLIN.rawValue)
    public static let writable = IOEvents(rawValue: EPOLLOUT.rawValue)
    /// The other side is gone; reported whether it is asked for or not.
    public static let hangUp = IOEvents(rawValue: EPOLLHUP.rawValue)
    public static let error = IOEvents(rawValue: EPOLLERR.rawValue)
  }

  fileprivate let loop: OpaquePointer

  public init() throws(Failure) {
    var loop: OpaquePointer?
    try check("sd_event_new", sd_event_new(&loop))
    guard let loop else { throw Failure(call: "sd_event_new", errno: ENOMEM) }
    self.loop = loop
  }

  deinit { sd_event_unref(loop) }

  /// Runs handlers until one of them calls `exit`; returns its code. At once, if it was called.
  public func run() throws(Failure) -> Int32 {
    let result = sd_event_loop(loop)
    try check("sd_event_loop", result)
    return result
  }

  /// Ends `run()` after the handler that calls it.
  public func exit(code: Int32 = 0) { sd_event_exit(loop, code) }

  /// The monotonic time of the events that are being handled; the clock of `EventTimer`.
  public var now: Duration {
    var microseconds: UInt64 = 0
    guard sd_event_now(loop, CLOCK_MONOTONIC, &microseconds) >= 0 else { return monotonicNow() }
    return .microseconds(Int64(clamping: microseconds))
  }

  /// Blocks the signals for this thread and all that it starts from now on, so that only
  /// `addSignal` gets them. Call it before the first thread starts.
  public static func blockSignals(_ signals: Int32...) {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in signals { sigaddset(&set, signal) }
    pthread_sigmask(SIG_BLOCK, &set, nil)
  }
}

// What a loop waits for. Each of these returns a source, which its caller keeps.
extension EventLoop {
  /// Calls the handler for as long as the descriptor is ready (level-triggered).
  ///
  /// The descriptor stays the caller's; remove the source before closing it.
  /// - Throws: `EPERM` for a regular file, which is always ready.
  public func addIO(
    _ descriptor: Int32, _ events: IOEvents, handler: @escaping (IOEvents) -> Void
  ) throws(Failure) -> EventSource {
    try EventSource(.io(handler), "sd_event_add_io") { source, context in
      sd_event_add_io(
        loop, source, descriptor, events.rawValue,
        { _, _, events, context in
          if case .io(let handler) = EventHandler.of(context) {
            handler(IOEvents(rawValue: events))
          }
          return 0
        }, context)
    }
  }

  /// Makes a timer, not armed yet.
  ///
  /// - Parameter accuracy: how much later it may fire, so that wake-ups can be joined.
  public func addTimer(
    accuracy: Duration = .milliseconds(1), handler: @escaping () -> Void
  ) throws(Failure) -> EventTimer {
    // Zero would mean sd-event's own default, 250 ms.
    let microseconds = max(1, accuracy.wholeMicroseconds)
    let source = try EventSource(.plain(handler), "sd_event_add_time") { source, context in
      sd_event_add_time(
        loop, source, CLOCK_MONOTONIC, UInt64.max, microseconds,
        { _, _, context in EventHandler.callPlain(context) }, context)
    }
    source.isEnabled = false
    return EventTimer(source: source)
  }

  /// Calls the handler for each time that the signal comes in; `blockSignals` comes first.
  ///
  /// - Throws: `EBUSY` if the signal is not blocked, or has a handler in this loop already.
  public func addSignal(
    _ signal: Int32, handler: @escaping () -> Void
  ) throws(Failure) -> EventSource {
    try EventSource(.plain(handler), "sd_event_add_signal") { source, context in
      sd_event_add_signal(
        loop, source, signal, { _, _, context in EventHandler.callPlain(context) }, context)
    }
  }

  /// Calls the handler once in the loop's next round, and again after each `isEnabled = true`.
  public func addDeferred(handler: @escaping () -> Void) throws(Failure) -> EventSource {
    let source = try EventSource(.plain(handler), "sd_event_add_defer") { source, context in
      sd_event_add_defer(loop, source, { _, context in EventHandler.callPlain(context) }, context)
    }
    source.firesOnce = true
    source.isEnabled = true
    return source
  }
}

/// Something that the loop waits for; ends with this object or with `remove()`.
///
/// A class because its owner and its own handler may both hold it.
public final class EventSource {
  private var source: OpaquePointer?
  fileprivate var firesOnce = false

  fileprivate init(
    _ handler: EventHandler.Kind, _ call: String,
    add: (UnsafeMutablePointer<OpaquePointer?>, UnsafeMutableRawPointer) -> Int32
  ) throws(EventLoop.Failure) {
    let context = Unmanaged.passRetained(EventHandler(handler))
    var added: OpaquePointer?
    let result = add(&added, context.toOpaque())
    guard result >= 0, let added else {
      context.release()
      throw EventLoop.Failure(call: call, errno: -result)
    }
    // sd-event frees a source that is removed in its own handler only after the handler, and
    // calls this at that time: the handler never loses what it is running on.
    sd_event_source_set_destroy_callback(added) { context in
      if let context { Unmanaged<EventHandler>.fromOpaque(context).release() }
    }
    source = added
  }

  deinit { remove() }

  /// Stops waiting, for good, and lets go of the handler. A second call does nothing.
  public func remove() {
    source = sd_event_source_disable_unref(source)
  }

  /// Whether the loop waits for it now. A removed source never is.
  public var isEnabled: Bool {
    get {
      var mode: Int32 = 0
      guard let source, sd_event_source_get_enabled(source, &mode) >= 0 else { return false }
      return mode != Int32(SD_EVENT_OFF)
    }
    set {
      guard let source else { return }
      let mode = newValue ? (firesOnce ? SD_EVENT_ONESHOT : SD_EVENT_ON) : SD_EVENT_OFF
      sd_event_source_set_enabled(source, Int32(mode))
    }
  }

  /// Which of several ready sources goes first: the lower number. 0 unless set.
  public func setPriority(_ priority: Int64) {
    if let source { sd_event_source_set_priority(source, priority) }
  }

  fileprivate func setTime(microseconds: UInt64) {
    if let source { sd_event_source_set_time(source, microseconds) }
  }
}

/// A timer that fires once each time that it is armed.
public struct EventTimer {
  private let source: EventSource

  fileprivate init(source: EventSource) {
    source.firesOnce = true
    self.source = source
  }

  /// Fires at this time of the monotonic clock; replaces an earlier time.
  public func arm(at time: Duration) {
    source.setTime(microseconds: time.wholeMicroseconds)
    source.isEnabled = true
  }

  /// Fires so long from now; replaces an earlier time.
  public func arm(after delay: Duration) { arm(at: monotonicNow() + delay) }

  public func disarm() { source.isEnabled = false }

  public var isArmed: Bool { source.isEnabled }

  /// Ends the timer and lets go of its handler.
  public func remove() { source.remove() }
}

/// What sd-event hands back to a source's C function. A class so that C can hold it.
private final class EventHandler {
  enum Kind {
    case io((EventLoop.IOEvents) -> Void)
    case plain(() -> Void)
  }

  let kind: Kind

  init(_ kind: Kind) { self.kind = kind }

  static func of(_ context: UnsafeMutableRawPointer?) -> Kind? {
    context.map { Unmanaged<EventHandler>.fromOpaque($0).takeUnretainedValue().kind }
  }

  static func callPlain(_ context: UnsafeMutableRawPointer?) -> Int32 {
    if case .plain(let handler) = of(context) { handler() }
    return 0
  }
}

private func check(_ call: String, _ result: Int32) throws(EventLoop.Failure) {
  if result < 0 { throw EventLoop.Failure(call: call, errno: -result) }
}
