#if canImport(Glibc)
import Glibc
#endif

/// An instant on the monotonic clock, in nanoseconds since an arbitrary start.
///
/// The module reads no clock by itself: whoever drives it passes `now` in, so that tests run in
/// virtual time. The same clock as sd-event's CLOCK_MONOTONIC timers.
public struct MonotonicTime: Sendable, Hashable, Comparable {
  /// Nanoseconds; 63 bits last for 292 years.
  public let nanoseconds: Int64

  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// The present instant.
  public static func now() -> MonotonicTime {
    var value = timespec()
    // Cannot fail: the clock exists on every Linux and the address is ours.
    clock_gettime(CLOCK_MONOTONIC, &value)
    return MonotonicTime(nanoseconds: Int64(value.tv_sec) * 1_000_000_000 + Int64(value.tv_nsec))
  }

  /// The instant in microseconds, rounded up: a timer set to it never fires too early.
  public var microsecondsRoundedUp: UInt64 {
    UInt64(max(0, nanoseconds)) / 1000 + (nanoseconds % 1000 > 0 ? 1 : 0)
  }

  public static func < (a: MonotonicTime, b: MonotonicTime) -> Bool {
    a.nanoseconds < b.nanoseconds
  }

  /// The instant `duration` later; saturates instead of overflowing.
  public static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime {
    let (sum, overflow) = time.nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
    guard overflow else { return MonotonicTime(nanoseconds: sum) }
    return MonotonicTime(nanoseconds: duration < .zero ? .min : .max)
  }

  /// The time that passed from `b` to `a`.
  public static func - (a: MonotonicTime, b: MonotonicTime) -> Duration {
    .nanoseconds(a.nanoseconds.subtractingReportingOverflow(b.nanoseconds).partialValue)
  }
}

extension Duration {
  /// Whole nanoseconds, saturated to 63 bits.
  var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, overflow2) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
    guard overflow || overflow2 else { return sum }
    return seconds < 0 ? .min : .max
  }
}
