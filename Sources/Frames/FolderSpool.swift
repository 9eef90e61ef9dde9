#if canImport(Glibc)
import Glibc
#endif

/// A watch folder as a source of frames: the directory is the truth, events are hints.
///
/// A frame's way is `incoming/x` -> `work/<id>.<attempt>-x` (`nextFrame`) -> deleted, `done/x` or
/// `quarantine/x` (`finish`). Whoever drives it reports the frame's result between the two, so that
/// every file gives at least one result, and a repeated one has the same id.
///
/// Driven from one thread, in this order: `init`, `recover(now:)`, `scan(now:)`; then, whenever
/// `eventFileDescriptor` is readable, `drainEvents(now:)`; at `nextDeadline`, `expire(now:)`; after
/// each of these, and whenever there is room for another frame, `nextFrame(now:)` until it returns
/// nil and `isWorthAsking` is false. At the end `releaseAll()`. No folder is held open in between
/// but `work`, which is locked; a watched disk can be unmounted.
public struct FolderSpool: ~Copyable {
  public let configuration: SpoolConfiguration
  public internal(set) var counters = SpoolCounters()

  /// How we learn what happens in the folder.
  enum Watching {
    case events
    case polling
    /// The folder is not there.
    case gone
  }

  /// A frame that was handed out and not finished.
  struct Claim {
    var name: FileName
    /// Its name in `work`; nil with `after = .leave`.
    var workName: FileName?
    var identity: FileIdentity
    var attempt: Int
  }

  /// A frame of an earlier run that waits in `work` for its next attempt.
  struct Leftover {
    var workName: FileName
    var claim: WorkName
  }

  var watching = Watching.polling
  var inotify = Inotify()
  var isRemote = false
  var pollingReason: String?
  /// When to try again to watch a folder that is polled for want of an inotify instance.
  var watchRetry: MonotonicTime?
  var agenda = Agenda()
  var leftovers: [Leftover] = []
  var inHand: [String: Claim] = [:]
  /// Frames whose last move failed, to be tried again at `unsettledRetry`.
  var unsettled: [String: SpoolOutcome] = [:]
  var unsettledRetry = MonotonicTime(nanoseconds: 0)
  var seen: SeenFiles
  /// Names that a notice was given about; bounded, see `sayOnce`.
  var said: Set<FileName> = []
  /// Names that we moved back ourselves: the event of that is no producer's word.
  var putBackNames: Set<FileName> = []
  var notices = NoticeList()
  /// The last scan left files out, because as many as allowed were tracked.
  var hasUntracked = false
  /// Which folder is watched: another one may come to stand at its path.
  var folderInode: UInt64?
  /// The folder's modification time at the last listing, and whether it was the same at the
  /// listing before: a file may come in the same tick of the file system's clock.
  var folderStamp: Int64?
  var folderStampIsSettled = false
  var nextReconcile = MonotonicTime(nanoseconds: 0)
  /// No claims before this time, after one failed for a reason that stops all of them.
  var suspendedUntil: MonotonicTime?
  /// The failure that was told last and has not been overcome.
  var standingError: FramesError?

  /// A test's door: called between reading a file and claiming it.
  package var willClaim: ((FileName) -> Void)?

  private let lock: Directory?

  /// Opens the watch folder and starts to watch it; makes `work`, `quarantine` and `done` where
  /// they are needed and missing.
  ///
  /// Where the kernel cannot watch the folder it is polled, and a notice says why.
  /// - Throws: `FramesError` when a folder cannot be opened or made, when frames could not be moved
  ///   between them, or when another process takes frames from this spool.
  public init(_ configuration: SpoolConfiguration, now: MonotonicTime) throws(FramesError) {
    precondition(configuration.maximumTrackedFiles >= 2, "a spool must track two files at least")
    let incoming = try Directory(path: configuration.incoming)
    let lock = try FolderSpool.prepare(configuration, besides: incoming)
    // Delegated, because the 6.0.3 compiler takes no mutating call in an init with `let`s.
    self.init(configuration, lock: lock)
    startWatching(incoming, now)
  }

  private init(_ configuration: SpoolConfiguration, lock: consuming Directory?) {
    self.configuration = configuration
    // Eight times what is tracked: an identity takes a sixth of the memory of a candidate.
    seen = SeenFiles(capacity: 8 * configuration.maximumTrackedFiles)
    self.lock = lock
  }

  /// Makes and checks the folders beside the watch folder; returns `work`, locked, where frames are
  /// moved at all.
  private static func prepare(
    _ configuration: SpoolConfiguration, besides incoming: borrowing Directory
  ) throws(FramesError) -> Directory? {
    guard configuration.after != .leave else { return nil }
    let device = try FolderSpool.device(of: incoming)
    let work = try Directory(creatingAt: configuration.work)
    try FolderSpool.require(work, on: device, with: configuration.incoming)
    let quarantine = try Directory(creatingAt: configuration.quarantine)
    try FolderSpool.require(quarantine, on: device, with: configuration.incoming)
    if configuration.after == .keep {
      let done = try Directory(creatingAt: configuration.done)
      try FolderSpool.require(done, on: device, with: configuration.incoming)
    }
    // A file system without locks (some network ones) is served all the same.
    if let isFree = try? work.lock(), !isFree {
      throw FramesError.spoolInUse(path: configuration.work)
    }
    return work
  }

  /// The descriptor to wait on for `drainEvents(now:)`; nil while the folder is polled for want of
  /// one. It changes only where a notice `.watching` or `.polling` tells so.
  public var eventFileDescriptor: CInt? { inotify.descriptor }

  /// Frames handed out and not finished.
  public var inHandCount: Int { inHand.count }

  /// Files known and not handed out: those ready and those that are still being written.
  public var backlogCount: Int { agenda.count + leftovers.count }

  /// Whether `nextFrame(now:)` may return a frame now.
  public func isWorthAsking(now: MonotonicTime) -> Bool {
    if let suspendedUntil, now < suspendedUntil { return false }
    if !leftovers.isEmpty { return true }
    return watching != .gone && (agenda.readyCount > 0 || wantsScanForMore)
  }

  /// The next time at which `expire(now:)` has something to do.
  public var nextDeadline: MonotonicTime? {
    mutating get {
      var next = nextReconcile
      if !unsettled.isEmpty { next = min(next, unsettledRetry) }
      guard watching != .gone else { return next }
      if let time = agenda.nextTime { next = min(next, time) }
      if let suspendedUntil { next = min(next, suspendedUntil) }
      return next
    }
  }

  /// What happened since the last call that is worth a log line; bounded.
  public mutating func drainNotices() -> [SpoolNotice] { notices.drain() }

  /// Does what was put off until now: looks at files that were settling, lists the folder where
  /// it is polled or due, looks for a folder that has gone, repeats moves that failed.
  public mutating func expire(now: MonotonicTime) {
    promote(now)
    if !unsettled.isEmpty, now >= unsettledRetry { settleAgain(now) }
    guard now >= nextReconcile else { return }
    reconcile(now)
  }

  /// Lets what waited until `now` have its turn.
  mutating func promote(_ now: MonotonicTime) {
    agenda.promote(now: now)
    if let time = suspendedUntil, now >= time { suspendedUntil = nil }
  }

  /// Whether the tracked files have become few enough to list the folder for more.
  var wantsScanForMore: Bool {
    hasUntracked && agenda.count <= configuration.maximumTrackedFiles / 2
  }

  /// Gives a notice about this name if none was given yet.
  mutating func sayOnce(_ name: FileName, _ notice: SpoolNotice) -> Bool {
    guard said.count < 1024, said.insert(name).inserted else { return false }
    notices.add(notice)
    return true
  }

  /// Whether this failure is another than the one that stands; from now on it stands.
  mutating func isNews(_ error: FramesError) -> Bool {
    let isOld = standingError.map(error.isSameFailure) ?? false
    standingError = error
    return !isOld
  }

  private static func device(of folder: borrowing Directory) throws(FramesError) -> UInt64 {
    do {
      return try folder.status().identity.device
    } catch {
      throw error.during(.examine, folder.path)
    }
  }

  private static func require(
    _ folder: borrowing Directory, on device: UInt64, with incoming: String
  ) throws(FramesError) {
    guard try FolderSpool.device(of: folder) == device else {
      throw FramesError.differentFileSystems(incoming: incoming, other: folder.path)
    }
  }
}
