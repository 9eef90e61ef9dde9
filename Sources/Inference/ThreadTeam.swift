import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The caller's thread and its helpers, who compute the shares of a piece of work together.
///
/// A helper waits for its next share by spinning for a bounded time, because within a run the pieces
/// follow each other by microseconds, and then sleeps: between runs all helpers are asleep.
struct ThreadTeam: ~Copyable {
  /// Computes one share of the work at an address. The address travels as a number, because Swift
  /// lets no pointer cross threads; the caller keeps what it points at until all shares are done.
  typealias Share = @Sendable (_ work: UInt, _ index: Int) -> Void

  private let core: TeamCore
  private let threads: [pthread_t]

  /// The caller and the helpers: the number of shares.
  var count: Int { threads.count + 1 }

  /// Starts `count` - 1 helpers; fewer if the system refuses some, none for a count of 1.
  init(count: Int, share: @escaping Share) {
    let helpers = (1..<max(1, count)).compactMap { _ in TeamHelper() }
    let core = TeamCore(helpers: helpers, share: share)
    var threads: [pthread_t] = []
    for index in helpers.indices {
      guard let thread = ThreadTeam.start({ core.help(index) }) else { break }
      threads.append(thread)
    }
    core.activeCount.store(threads.count, ordering: .relaxed)
    self.core = core
    self.threads = threads
  }

  deinit {
    core.end()
    for thread in threads { pthread_join(thread, nil) }
  }

  /// Computes all shares of the work at `address`, the caller the first one; returns when all are done.
  ///
  /// Allocates nothing.
  borrowing func run(_ address: UnsafeRawPointer) { core.run(UInt(bitPattern: address)) }

  private final class Start: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  private static func start(_ body: @escaping @Sendable () -> Void) -> pthread_t? {
    var thread = pthread_t()
    let start = Unmanaged.passRetained(Start(body))
    let status = pthread_create(
      &thread, nil,
      { pointer in
        // Glibc imports the pointer as optional on some versions and not on others.
        let raw: UnsafeMutableRawPointer? = pointer
        if let raw { Unmanaged<Start>.fromOpaque(raw).takeRetainedValue().body() }
        return nil
      }, start.toOpaque())
    guard status == 0 else {
      start.release()
      return nil
    }
    return thread
  }
}

/// What the threads of a team share. A class because all of them hold it.
private final class TeamCore: Sendable {
  private let helpers: [TeamHelper]
  private let share: ThreadTeam.Share
  /// Helpers whose thread runs.
  let activeCount = Atomic<Int>(0)
  /// Raised by 1 for each piece of work, and at the end.
  private let generation = Atomic<UInt32>(0)
  /// Helpers that have not finished the present piece.
  private let unfinished = Atomic<Int>(0)
  private let work = Atomic<UInt>(0)
  private let isEnding = Atomic<Bool>(false)

  /// About 30 us on a fast core: longer than a step that the caller computes alone, in the order of
  /// what waking up costs.
  private static let spinCount = 10_000

  init(helpers: [TeamHelper], share: @escaping ThreadTeam.Share) {
    self.helpers = helpers
    self.share = share
  }

  func run(_ address: UInt) {
    let active = activeCount.load(ordering: .relaxed)
    work.store(address, ordering: .relaxed)
    unfinished.store(active, ordering: .relaxed)
    advance(active)
    share(address, 0)
    var spins = 0
    while unfinished.load(ordering: .acquiring) > 0 {
      spins += 1
      // A helper that lost its core would be spun for to no end: give it ours.
      if spins > TeamCore.spinCount { sched_yield() }
    }
  }

  func end() {
    isEnding.store(true, ordering: .relaxed)
    advance(activeCount.load(ordering: .relaxed))
  }

  private func advance(_ active: Int) {
    // Sequentially consistent, as the helpers' side is: either the helper sees the new number after
    // it said that it sleeps, or we see that it does.
    generation.add(1, ordering: .sequentiallyConsistent)
    for helper in helpers.prefix(active) { helper.wake() }
  }

  /// The loop of one helper's thread.
  func help(_ index: Int) {
    var seen: UInt32 = 0
    while true {
      waitForChange(from: seen, helpers[index])
      seen &+= 1
      if isEnding.load(ordering: .relaxed) { return }
      share(work.load(ordering: .relaxed), index + 1)
      unfinished.subtract(1, ordering: .releasing)
    }
  }

  private func waitForChange(from seen: UInt32, _ helper: TeamHelper) {
    while true {
      for _ in 0..<TeamCore.spinCount where generation.load(ordering: .acquiring) != seen { return }
      helper.isAsleep.store(true, ordering: .sequentiallyConsistent)
      if generation.load(ordering: .sequentiallyConsistent) == seen {
        helper.awaitWake()
      } else if !helper.isAsleep.exchange(false, ordering: .sequentiallyConsistent) {
        // We were woken all the same: take the byte, or the next sleep would end at once.
        helper.awaitWake()
      }
    }
  }
}

/// The bed of one helper: a flag that it sleeps and a pipe that wakes it. A class because the helper
/// and the caller hold it.
private final class TeamHelper: Sendable {
  let isAsleep = Atomic<Bool>(false)
  private let reader: Int32
  private let writer: Int32

  /// Nil if the system has no descriptor left.
  init?() {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    reader = ends[0]
    writer = ends[1]
  }

  deinit {
    close(reader)
    close(writer)
  }

  func wake() {
    guard isAsleep.exchange(false, ordering: .sequentiallyConsistent) else { return }
    var byte: UInt8 = 0
    while write(writer, &byte, 1) < 0 && errno == EINTR {}
  }

  /// Blocks until ``wake()`` was called; it is remembered if it came first.
  func awaitWake() {
    var byte: UInt8 = 0
    while read(reader, &byte, 1) < 0 && errno == EINTR {}
  }
}
