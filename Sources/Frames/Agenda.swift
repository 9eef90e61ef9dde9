/// A file of the watch folder that is not finished: what is known of it.
struct Candidate {
  /// How we learnt of the file; decides when it may be looked into.
  enum Cue {
    /// By listing the folder.
    case found
    /// It was made, or its attributes changed: somebody may be writing it.
    case created
    /// A writer closed it.
    case closed
    /// It was renamed into the folder: its producer calls it complete.
    case renamed
  }

  /// What looking into the file showed.
  enum Verdict {
    case incomplete(String)
    case unfit(FrameRefusal)
    case unreadable(FrameRefusal, isPermission: Bool)
  }

  var cue: Cue
  var identity: FileIdentity
  /// When the last cue came: the frame's arrival, once it is whole.
  var arrival: MonotonicTime
  /// When the file was last seen to be another than before.
  var lastChange: MonotonicTime
  /// When its content was last walked over.
  var lastWalk: MonotonicTime?
  /// Holds for this `identity`.
  var verdict: Verdict?
  /// Failed claims, for the back-off.
  var failures = 0

  /// - Parameter stillFor: how long the file is known to have stood still.
  init(cue: Cue, identity: FileIdentity, now: MonotonicTime, stillFor: Duration = .zero) {
    self.cue = cue
    self.identity = identity
    arrival = now
    lastChange = now + (.zero - stillFor)
  }
}

/// The files that want a look: at once, the oldest first, or at a later time.
///
/// Each file stands in it once. Cost: O(log n) an operation. Entries of the heaps that are out of
/// date are passed over when they come up, and swept when they are the majority.
struct Agenda {
  private struct Entry {
    var candidate: Candidate
    /// The heap entry with this number is the valid one.
    var ticket: UInt64
    var isReady: Bool
  }

  private struct Slot<Key: Comparable>: Comparable {
    let key: Key
    let name: FileName
    let ticket: UInt64

    static func < (a: Slot, b: Slot) -> Bool { a.key == b.key ? a.name < b.name : a.key < b.key }
  }

  private var entries: [FileName: Entry] = [:]
  private var ready = Heap<Slot<Int64>>()
  private var waiting = Heap<Slot<MonotonicTime>>()
  private var lastTicket: UInt64 = 0
  private(set) var readyCount = 0

  var count: Int { entries.count }

  subscript(name: FileName) -> Candidate? { entries[name]?.candidate }

  /// The next time at which a file wants a look; nil when none waits.
  var nextTime: MonotonicTime? {
    mutating get {
      while let slot = waiting.first, !isValid(slot.name, slot.ticket) { _ = waiting.removeFirst() }
      return waiting.first?.key
    }
  }

  /// The file wants a look at once, in the order of the files' ages.
  mutating func putReady(_ name: FileName, _ candidate: Candidate) {
    let ticket = put(name, candidate, isReady: true)
    ready.insert(Slot(key: candidate.identity.modifiedNanoseconds, name: name, ticket: ticket))
  }

  /// The file wants a look at `time`.
  mutating func putWaiting(_ name: FileName, _ candidate: Candidate, until time: MonotonicTime) {
    let ticket = put(name, candidate, isReady: false)
    waiting.insert(Slot(key: time, name: name, ticket: ticket))
  }

  mutating func remove(_ name: FileName) {
    guard let removed = entries.removeValue(forKey: name) else { return }
    if removed.isReady { readyCount -= 1 }
  }

  /// Takes the oldest file that wants a look out of the agenda.
  mutating func popReady() -> (FileName, Candidate)? {
    while let slot = ready.removeFirst() {
      guard isValid(slot.name, slot.ticket), let entry = entries[slot.name] else { continue }
      remove(slot.name)
      return (slot.name, entry.candidate)
    }
    return nil
  }

  /// Makes those ready whose time has come.
  mutating func promote(now: MonotonicTime) {
    while let time = nextTime, time <= now, let slot = waiting.removeFirst() {
      guard let entry = entries[slot.name] else { continue }
      putReady(slot.name, entry.candidate)
    }
  }

  mutating func removeAll() { self = Agenda() }

  private func isValid(_ name: FileName, _ ticket: UInt64) -> Bool {
    entries[name]?.ticket == ticket
  }

  private mutating func put(_ name: FileName, _ candidate: Candidate, isReady: Bool) -> UInt64 {
    sweepIfStale()
    remove(name)
    lastTicket += 1
    entries[name] = Entry(candidate: candidate, ticket: lastTicket, isReady: isReady)
    if isReady { readyCount += 1 }
    return lastTicket
  }

  private mutating func sweepIfStale() {
    guard ready.count + waiting.count > 2 * entries.count + 64 else { return }
    ready = ready.filter { isValid($0.name, $0.ticket) }
    waiting = waiting.filter { isValid($0.name, $0.ticket) }
  }
}
