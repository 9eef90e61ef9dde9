import Dispatch

/// Runs `body` for each of `0 ..< count` on up to `workers` threads and returns when all are done.
///
/// Which thread takes an index is fixed, but nothing may depend on it: a body writes only what
/// belongs to its own index. That is what keeps results equal for every number of workers.
package func forEachIndex(count: Int, workers: Int, _ body: (_ index: Int, _ worker: Int) -> Void) {
  let used = max(1, min(workers, count))
  guard used > 1 else {
    for index in 0..<max(0, count) { body(index, 0) }
    return
  }
  withoutActuallyEscaping(body) { body in
    withUnsafePointer(to: body) { pointer in
      // The address travels as a number, because Swift lets no pointer cross threads; the closure
      // stays where it is until the last thread is done with it.
      let address = UInt(bitPattern: pointer)
      DispatchQueue.concurrentPerform(iterations: used) { worker in
        guard let body = UnsafePointer<IndexedWork>(bitPattern: address)?.pointee else { return }
        var index = worker
        while index < count {
          body(index, worker)
          index += used
        }
      }
    }
  }
}

private typealias IndexedWork = (_ index: Int, _ worker: Int) -> Void
