import Journal
import Synchronization

/// A journal in memory, with a gate that stops it in the middle of an entry and errors to order.
final class FakeSink: JournalSink {
  private struct State {
    var entries: [JournalEntry] = []
    var attempts = 0
    var errors: [JournalError] = []
    var isGateShut = false
  }

  private let state = Mutex(State())
  private let gate: EventDescriptor
  private let entered: EventDescriptor

  /// - Parameter errors: what the first attempts end in; later ones succeed.
  init(errors: [JournalError] = [], isGateShut: Bool = false) throws {
    gate = try EventDescriptor()
    entered = try EventDescriptor()
    state.withLock { state in
      state.errors = errors
      state.isGateShut = isGateShut
    }
  }

  func write(_ entry: JournalEntry) throws(JournalError) {
    let isGateShut = state.withLock { state in
      state.attempts += 1
      return state.isGateShut
    }
    if isGateShut {
      entered.signal()
      gate.wait()
    }
    let error: JournalError? = state.withLock { state in
      if !state.errors.isEmpty { return state.errors.removeFirst() }
      state.entries.append(entry)
      return nil
    }
    if let error { throw error }
  }

  var entries: [JournalEntry] { state.withLock { $0.entries } }
  var messages: [String] { entries.map(\.message) }
  var attempts: Int { state.withLock { $0.attempts } }

  /// Waits until the writer's thread stands at the gate.
  func waitUntilEntered() -> Bool { entered.wait(timeout: .seconds(20)) }

  func openGate() {
    state.withLock { $0.isGateShut = false }
    gate.signal()
  }
}

/// What the body throws; nil if it does not.
func journalError(_ body: () throws(JournalError) -> Void) -> JournalError? {
  do throws(JournalError) {
    try body()
    return nil
  } catch {
    return error
  }
}

extension JournalEntry {
  static func numbered(_ number: Int) -> JournalEntry { JournalEntry(nil, .info, "\(number)") }
}
