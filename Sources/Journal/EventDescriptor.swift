import CSystemd

#if canImport(Glibc)
import Glibc
#endif

/// An eventfd(2): one thread signals, another waits, and an event loop can watch it.
///
/// It remembers a signal until it is consumed, so one that comes before the wait is not lost.
package struct EventDescriptor: ~Copyable, Sendable {
  package let descriptor: Int32

  package init() throws(JournalError) {
    descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    guard descriptor >= 0 else { throw .system(call: "eventfd", errno: errno) }
  }

  deinit { _ = close(descriptor) }

  /// Wakes whoever waits, or will wait. Never blocks: the counter holds 2^64 - 2 signals.
  package func signal() { Self.signal(descriptor) }

  /// The same by number, for one who only borrows the descriptor.
  package static func signal(_ descriptor: Int32) {
    var one: UInt64 = 1
    while write(descriptor, &one, MemoryLayout<UInt64>.size) < 0, errno == EINTR {}
  }

  /// Takes all signals so far; true if there was one. Never blocks.
  @discardableResult package func consume() -> Bool {
    var count: UInt64 = 0
    while true {
      if read(descriptor, &count, MemoryLayout<UInt64>.size) > 0 { return true }
      if errno != EINTR { return false }
    }
  }

  /// Sleeps until a signal comes and takes it, or until the time is over; true for a signal.
  /// - Parameter timeout: nil waits for ever.
  @discardableResult package func wait(timeout: Duration? = nil) -> Bool {
    let deadline = timeout.map { monotonicNow() + $0 }
    while true {
      let left = deadline.map { max(.zero, $0 - monotonicNow()) }
      var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = poll(&poller, 1, left.map(pollMilliseconds) ?? -1)
      if ready > 0 { return consume() }
      if let deadline, monotonicNow() >= deadline { return false }
    }
  }
}

/// A duration for poll(2), rounded up so that a wait never ends early and spins.
private func pollMilliseconds(_ duration: Duration) -> Int32 {
  let (seconds, attoseconds) = duration.components
  let milliseconds = seconds.multipliedReportingOverflow(by: 1000)
  guard !milliseconds.overflow else { return .max }
  let rounded =
    milliseconds.partialValue + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
  return Int32(clamping: rounded)
}

/// CLOCK_MONOTONIC since its epoch: the clock of sd-event's timers and of `RELOADING=1`.
///
/// Swift's own ContinuousClock counts suspended time too and hides its epoch.
package func monotonicNow() -> Duration {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}

extension Duration {
  /// Whole microseconds, the unit of systemd's interfaces; less than none is none.
  package var wholeMicroseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    return UInt64(seconds) * 1_000_000 + UInt64(attoseconds / 1_000_000_000_000)
  }
}
