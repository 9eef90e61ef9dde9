import Datasets
import Synchronization
import Testing

@Suite("Work on several threads with results in order")
struct ProcessInOrderTests {
  private struct Failure: Error, Equatable { let index: Int }

  @Test("every index comes once, in order, whatever the threads", arguments: [1, 2, 7, 300])
  func order(threads: Int) throws {
    var got: [Int] = []
    let finished = try processInOrder(
      count: 200, threads: threads,
      makeWorker: { () throws(Failure) in
        var calls = 0
        return { index in
          calls += 1
          return index * index + calls - calls
        }
      }, consume: { index, result throws(Failure) in got.append(result - index * index + index) })
    #expect(finished)
    #expect(got == Array(0..<200))
  }

  @Test("no more results wait than four for each thread")
  func bounded() throws {
    let begun = Mutex(0)
    var most = 0
    _ = try processInOrder(
      count: 100, threads: 2,
      makeWorker: { () throws(Failure) in
        { _ in begun.withLock { $0 += 1 } }
      },
      consume: { (index, _: Void) throws(Failure) in
        most = max(most, begun.withLock { $0 } - index)
      })
    #expect(most <= 9)
  }

  @Test("cancelled, it begins no further index")
  func cancelled() throws {
    var got = 0
    let begun = Mutex(0)
    let finished = try processInOrder(
      count: 100_000, threads: 2, isCancelled: { got >= 5 },
      makeWorker: { () throws(Failure) in
        { _ in begun.withLock { $0 += 1 } }
      }, consume: { (_, _: Void) throws(Failure) in got += 1 })
    #expect(!finished)
    #expect(got == 5)
    #expect(begun.withLock { $0 } < 30)
  }

  @Test("an error of a worker's making or of the consumer ends it")
  func failures() {
    #expect(throws: Failure(index: -1)) {
      try processInOrder(
        count: 10, threads: 2,
        makeWorker: { () throws(Failure) -> (Int) -> Int in throw Failure(index: -1) },
        consume: { _, _ throws(Failure) in })
    }
    #expect(throws: Failure(index: 3)) {
      try processInOrder(
        count: 10, threads: 2, makeWorker: { () throws(Failure) in { $0 } },
        consume: { index, _ throws(Failure) in
          if index == 3 { throw Failure(index: index) }
        })
    }
  }

  @Test("nothing to do is done at once")
  func empty() throws {
    #expect(
      try processInOrder(
        count: 0, threads: 2, makeWorker: { () throws(Failure) in { $0 } },
        consume: { _, _ throws(Failure) in }))
  }
}
