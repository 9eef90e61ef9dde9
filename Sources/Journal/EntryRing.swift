/// The entries that wait for the journal, first in, first out, in a fixed number of places.
///
/// A pure value: what is refused, what is counted as lost, and when that is reported is decided
/// here, without a thread or a clock.
struct EntryRing {
  struct Item {
    let entry: JournalEntry
    /// What its sender wants to hear back once the entry is written.
    let token: UInt64?
  }

  private let limits: JournalWriter.Limits
  private var slots: [Item?]
  private var head = 0
  private(set) var count = 0
  private var bytes = 0
  /// Tokens taken in and not handed back yet, wherever they are.
  private var tokensOutstanding = 0
  /// Entries lost since the last report, and since the start.
  private(set) var unreportedLosses: UInt64 = 0
  private(set) var totalLosses: UInt64 = 0
  private var writtenSinceReport = 0

  init(limits: JournalWriter.Limits) {
    self.limits = limits
    slots = Array(repeating: nil, count: limits.entryCount)
  }

  var isEmpty: Bool { count == 0 }

  /// Takes the entry, or leaves it: an entry with a token stays its sender's, one without is lost.
  mutating func push(_ item: Item) -> Bool {
    let isRoom = count < slots.count && bytes + item.entry.byteCount <= limits.byteCount
    if item.token != nil {
      guard isRoom, tokensOutstanding < limits.tokenCount else { return false }
      tokensOutstanding += 1
    } else if !isRoom {
      recordLoss()
      return false
    }
    slots[(head + count) % slots.count] = item
    count += 1
    bytes += item.entry.byteCount
    return true
  }

  mutating func pop() -> Item? {
    guard let item = slots[head] else { return nil }
    slots[head] = nil
    head = (head + 1) % slots.count
    count -= 1
    bytes -= item.entry.byteCount
    return item
  }

  mutating func recordWritten() { writtenSinceReport += 1 }

  mutating func recordLoss() {
    unreportedLosses += 1
    totalLosses += 1
  }

  mutating func releaseTokens(_ count: Int) { tokensOutstanding -= count }

  /// The number of lost entries to report now, if it is time; they count as reported from then on.
  ///
  /// It is time when the ring is half empty again, or, where it stays full, once a ring's worth
  /// of entries has been written since the last report: a loss is never kept quiet for long, and
  /// the reports themselves are never the flood.
  mutating func takeLossReport() -> UInt64? {
    guard unreportedLosses > 0, count <= slots.count / 2 || writtenSinceReport >= slots.count
    else { return nil }
    defer {
      unreportedLosses = 0
      writtenSinceReport = 0
    }
    return unreportedLosses
  }

  /// Takes back a report that could not be written.
  mutating func returnLossReport(_ count: UInt64) { unreportedLosses += count }

  /// Empties the ring; what was in it is lost.
  mutating func discardAll() {
    while pop() != nil { recordLoss() }
  }
}
