import Dispatch
import Foundation
import Synchronization

/// Works on the indices `0..<count` on several threads and hands the results over in order, on the
/// caller's thread.
///
/// At most `4 * threads` results wait at any time, so memory does not grow with `count`; and because
/// the order is that of the indices, sums over the results do not depend on the threads.
///
/// - Parameters:
///   - isCancelled: asked on the caller's thread, some ten times a second; once true, no further
///     index is begun.
///   - makeWorker: called once on each thread; the closure that it returns stays there, so what it
///     captures (a decoder, a network) need not be safe to share.
///   - consume: gets each index with its result.
/// - Returns: whether all indices were consumed: false where it was cancelled.
/// - Throws: what `makeWorker` or `consume` throws; the threads have ended by then.
public func processInOrder<Output: Sendable, Failure: Error>(
  count: Int, threads: Int, isCancelled: () -> Bool = { false },
  makeWorker: @escaping @Sendable () throws(Failure) -> (Int) -> Output,
  consume: (Int, Output) throws(Failure) -> Void
) throws(Failure) -> Bool {
  precondition(threads >= 1, "at least one thread is needed")
  guard count > 0 else { return true }
  let threadCount = min(threads, count)
  let board = Board<Output, Failure>(count: count)
  for _ in 0..<4 * threadCount { board.room.signal() }
  for _ in 0..<threadCount {
    board.workers.enter()
    let thread = Thread {
      board.work(makeWorker)
      board.workers.leave()
    }
    // What the main thread has by default; a thread's own default may be less.
    thread.stackSize = 8 << 20
    thread.start()
  }
  defer {
    board.stop()
    for _ in 0..<threadCount { board.room.signal() }
    board.workers.wait()
  }
  var index = 0
  while index < count {
    if isCancelled() { return false }
    _ = board.ready.wait(timeout: .now() + .milliseconds(100))
    while let output = try board.take(index) {
      board.room.signal()
      try consume(index, output)
      index += 1
      if isCancelled() { return false }
    }
  }
  return true
}

/// What the threads share: which index is next, and the results that wait for their turn.
private final class Board<Output: Sendable, Failure: Error>: Sendable {
  private struct State {
    var next = 0
    var results: [Int: Output] = [:]
    var failure: Failure?
  }

  private let count: Int
  private let state = Mutex(State())
  /// Counts the indices that may be begun. It starts at 0, because a semaphore must not end below
  /// where it started.
  let room = DispatchSemaphore(value: 0)
  /// Signalled for each result.
  let ready = DispatchSemaphore(value: 0)
  let workers = DispatchGroup()

  init(count: Int) { self.count = count }

  func work(_ makeWorker: () throws(Failure) -> (Int) -> Output) {
    do throws(Failure) {
      let process = try makeWorker()
      while true {
        room.wait()
        guard let index = claim() else { return }
        let output = process(index)
        state.withLock { $0.results[index] = output }
        ready.signal()
      }
    } catch {
      state.withLock {
        if $0.failure == nil { $0.failure = error }
        $0.next = count
      }
      ready.signal()
    }
  }

  private func claim() -> Int? {
    state.withLock { state in
      guard state.next < count else { return nil }
      defer { state.next += 1 }
      return state.next
    }
  }

  /// No further index is begun.
  func stop() { state.withLock { $0.next = count } }

  /// The result of an index if it is there.
  func take(_ index: Int) throws(Failure) -> Output? {
    let (output, failure) = state.withLock { state in
      (state.results.removeValue(forKey: index), state.failure)
    }
    if let failure { throw failure }
    return output
  }
}
