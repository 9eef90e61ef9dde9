/// Keeps a repeating notice from filling the journal, and says afterwards how often it came.
///
/// A token bucket for each kind of message. A pure value: the time is passed in, counted from any
/// fixed point that does not jump. What was held back is closed by one summary a window, so
/// nothing is ever dropped without a word.
public struct RateLimiter: Sendable {
  /// The summary of one kind's window.
  public struct Summary: Equatable, Sendable {
    public let messageID: MessageID
    public let count: UInt64
    public let window: Duration

    /// The entry for the journal: "12 more in 30 s: …".
    public func entry(about what: String) -> JournalEntry {
      var entry = JournalEntry(
        .noticesSuppressed, .warning, "\(count) more in \(window.components.seconds) s: \(what)")
      entry.append(.count, count)
      entry.append(.intervalSeconds, window.components.seconds)
      entry.append(.suppressedMessageID, messageID.rawValue)
      return entry
    }
  }

  private struct Bucket {
    /// Notices that may still pass, as time: each one costs `refill`.
    var credit: Duration
    var lastSeen: Duration
    var suppressed: UInt64 = 0
    var windowStart: Duration = .zero
  }

  public let burst: Int
  public let refill: Duration
  public let window: Duration
  private var buckets: [MessageID: Bucket] = [:]

  /// - Parameters:
  ///   - burst: how many of a kind pass at once.
  ///   - refill: after how long one more may pass.
  ///   - window: how long notices are held back before a summary tells of them.
  public init(
    burst: Int = 20, refill: Duration = .seconds(3), window: Duration = .seconds(30)
  ) {
    precondition(burst >= 1 && refill > .zero && window > .zero, "a limit needs positive figures")
    self.burst = burst
    self.refill = refill
    self.window = window
  }

  /// True if this notice may go out now; else it is counted for the next summary.
  public mutating func admit(_ messageID: MessageID, at now: Duration) -> Bool {
    let full = refill * burst
    var bucket = buckets[messageID] ?? Bucket(credit: full, lastSeen: now)
    bucket.credit = min(full, bucket.credit + max(.zero, now - bucket.lastSeen))
    bucket.lastSeen = max(now, bucket.lastSeen)
    defer { buckets[messageID] = bucket }
    if bucket.credit >= refill {
      bucket.credit -= refill
      return true
    }
    if bucket.suppressed == 0 { bucket.windowStart = now }
    bucket.suppressed += 1
    return false
  }

  /// When the next summary is due, for a timer; nil if nothing was held back.
  public var nextSummary: Duration? {
    buckets.values.filter { $0.suppressed > 0 }.map { $0.windowStart + window }.min()
  }

  /// The summaries that are due, each kind once, in a fixed order.
  /// - Parameter isClosing: all that there are, because the service ends.
  public mutating func takeSummaries(at now: Duration, isClosing: Bool = false) -> [Summary] {
    var summaries: [Summary] = []
    for messageID in MessageID.allCases {
      guard let bucket = buckets[messageID], bucket.suppressed > 0 else { continue }
      guard isClosing || bucket.windowStart + window <= now else { continue }
      summaries.append(
        Summary(
          messageID: messageID, count: bucket.suppressed,
          window: min(window, max(.seconds(1), now - bucket.windowStart))))
      buckets[messageID]?.suppressed = 0
    }
    return summaries
  }
}
