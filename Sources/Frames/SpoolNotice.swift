/// Something about a watch folder that its owner may want to log; the module itself never does.
public enum SpoolNotice: Sendable, Hashable {
  /// Not taken and not touched; said once a name.
  case ignored(FileName, why: String)
  /// Refused before decoding. `movedTo` is nil where the file was left in its place.
  case refused(FileName, id: String?, FrameRefusal, movedTo: String?)
  /// Found in `work`: the daemon died while it worked on this; it gets another attempt.
  case recovered(FileName, id: String, attempt: Int)
  /// The kernel's event queue overflowed; the folder is listed anew, so nothing is lost.
  case overflowed
  /// The folder is listed at intervals, for this reason.
  case polling(why: String)
  /// The folder sends events (again); `eventFileDescriptor` may be a new one.
  case watching
  /// The watch folder is not there; it is looked for until it is back.
  case folderGone(why: String)
  case folderBack
  /// Something fails and is tried again; said once until it succeeds or fails otherwise.
  case failing(FramesError)
  /// With `after = .leave` the folder holds more files than are remembered: from now on a new file
  /// with an old modification time is taken for one that was seen.
  case memoryFull(files: Int)
  /// More notices came than were collected; so many are missing here.
  case noticesLost(Int)
}

/// What went through a watch folder since the start.
public struct SpoolCounters: Sendable, Hashable {
  /// Files that came into consideration.
  public var seen: UInt64 = 0
  /// Frames handed out.
  public var claimed: UInt64 = 0
  /// Frames reported as done.
  public var finished: UInt64 = 0
  /// Files refused, before decoding or after.
  public var refused: UInt64 = 0
  /// Names that were none of ours.
  public var ignored: UInt64 = 0
  /// Overflows of the kernel's event queue.
  public var overflowed: UInt64 = 0
  /// Claims and moves that failed and were put off.
  public var retried: UInt64 = 0
  /// Crashed attempts found at the start.
  public var recovered: UInt64 = 0
  /// Times the folder was listed.
  public var scans: UInt64 = 0

  public init() {}
}

/// What came of a frame, as its owner reports it to the spool.
public enum SpoolOutcome: Sendable, Hashable {
  case done
  case refused(FrameRefusal)
}

/// A bounded list of notices.
struct NoticeList {
  private var notices: [SpoolNotice] = []
  private var lost = 0

  mutating func add(_ notice: SpoolNotice) {
    // Between two drains; a hostile folder must not fill the memory with words about it.
    guard notices.count < 256 else {
      lost += 1
      return
    }
    notices.append(notice)
  }

  mutating func drain() -> [SpoolNotice] {
    var drained = notices
    if lost > 0 { drained.append(.noticesLost(lost)) }
    self = NoticeList()
    return drained
  }
}
