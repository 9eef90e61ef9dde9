#if canImport(Glibc)
import Glibc
#endif

/// Writes entries on a thread of its own, so that a slow or stopped journal never holds up the
/// thread that classifies.
///
/// A class because it is a thread's handle: one identity, ended once. Its producers never block:
/// - An entry without a token is dropped when the ring is full; the loss is counted, and an entry
///   of its own (`MessageID.entriesLost`) says how many as soon as there is room.
/// - An entry with a token is never dropped: `enqueue` refuses it and its sender keeps it. Once
///   it is written the token comes back through `drainCompletions()`, and
///   `completionFileDescriptor` becomes readable.
public final class JournalWriter: Sendable {
  /// How much may wait at once.
  public struct Limits: Equatable, Sendable {
    public let entryCount: Int
    public let byteCount: Int
    /// Tokens that may be under way at once. Fewer than entries, so that a warning still finds
    /// room behind detections that the journal does not take.
    public let tokenCount: Int
    /// The first pause before a busy journal is tried again; doubled each time, up to a second.
    public let retryPause: Duration

    /// 512 entries are 5 s of detections at 100 a second, and about 0.5 MB.
    public init(
      entryCount: Int = 512, byteCount: Int = 2 << 20, retryPause: Duration = .milliseconds(5)
    ) {
      precondition(entryCount >= 4, "a ring of fewer than 4 entries loses them for no reason")
      precondition(byteCount >= 1024, "a ring of less than 1 KiB holds no entry")
      self.entryCount = entryCount
      self.byteCount = byteCount
      tokenCount = entryCount - entryCount / 4
      self.retryPause = retryPause
    }
  }

  private let core: WriterCore

  /// Starts the thread.
  ///
  /// - Throws: `JournalError.system` where there is no descriptor or no thread left.
  public init(sink: any JournalSink, limits: Limits = Limits()) throws(JournalError) {
    core = try WriterCore(sink: sink, limits: limits)
    try core.start()
  }

  /// Lets the thread write what it has and end by itself.
  deinit { core.letGo() }

  /// Queues the entry; never blocks.
  ///
  /// - Parameter token: a number of the sender's own; it comes back when the entry is written.
  /// - Returns: false if the entry was not taken: without a token it is lost and counted, with
  ///   one the sender tries again after completions have come.
  @discardableResult
  public func enqueue(_ entry: JournalEntry, token: UInt64? = nil) -> Bool {
    core.enqueue(EntryRing.Item(entry: entry, token: token))
  }

  /// Readable when `drainCompletions()` has something, or the writer has failed. Stays the
  /// writer's: watch it, do not read or close it.
  public var completionFileDescriptor: Int32 { core.completion.descriptor }

  /// The tokens of entries written since the last call, in their order.
  public func drainCompletions() -> [UInt64] { core.drainCompletions() }

  /// Why nothing can be written any more, such as a closed pipe; nil as long as the writer works.
  /// From then on entries without a token are lost, and those with one are refused.
  public var failure: JournalError? { core.failure }

  /// Entries lost since the start.
  public var lossCount: UInt64 { core.lossCount }

  /// Waits until everything queued so far is written, loss report included.
  ///
  /// - Returns: false if that took longer than the timeout, or the writer has failed.
  public func flush(timeout: Duration) -> Bool {
    core.waitUntil(.idle, timeout: timeout) && failure == nil
  }

  /// Writes what is queued and ends the thread; no entry is taken from now on.
  ///
  /// If the journal does not take the rest in time, the thread is left behind in its call and
  /// the rest is given up, so that a blocked journal cannot keep the process from ending.
  /// - Returns: true if everything was written.
  @discardableResult
  public func close(timeout: Duration = .seconds(5)) -> Bool { core.close(timeout: timeout) }
}
