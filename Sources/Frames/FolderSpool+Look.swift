#if canImport(Glibc)
import Glibc
#endif

// Is this file whole? The rules by which a file becomes a frame, is refused, or is left in peace.
extension FolderSpool {
  /// What to do with a file after a look at it.
  enum Look {
    /// It is no longer there, was taken before, or is none of ours.
    case forget
    case wait(until: MonotonicTime)
    case refuse(FrameRefusal)
    /// It is whole; these are its bytes.
    case take([UInt8])
  }

  /// Looks at a file, and into it when the time for that has come.
  ///
  /// A file renamed in is complete by its producer's word, and so judged at once. One that a writer
  /// closed is taken as soon as its structure reaches the end of the image; so is one found by
  /// listing, except where polling: there it must have stood still between two looks, because a
  /// remote writer's blocks may arrive in any order. A file of which only the creation is known
  /// must stand still for the settle time. What is not whole has until the give-up time, less where
  /// its writer closed it.
  mutating func look(
    at name: FileName, _ candidate: inout Candidate, in incoming: borrowing Directory,
    _ now: MonotonicTime
  ) -> Look {
    let status: FileStatus
    do {
      status = try incoming.status(of: name)
    } catch {
      guard error.code != ENOENT else { return .forget }
      candidate.verdict = FolderSpool.unreadable(error)
      return decide(candidate, now)
    }
    guard admits(name, status) else { return .forget }
    if configuration.after == .leave, seen.contains(status.identity) { return .forget }
    if status.identity != candidate.identity {
      // Somebody is writing it, whatever was said before; if he is done, an event will tell.
      candidate.cue = .created
      candidate.note(status.identity, now)
    }
    if candidate.verdict == nil {
      if let time = stillnessNeeded(candidate), now < candidate.lastChange + time {
        return .wait(until: candidate.lastChange + time)
      }
      candidate.lastWalk = now
      switch FolderSpool.read(name, status.identity, configuration, in: incoming) {
      case .whole(let bytes): return .take(bytes)
      case .changed: return .wait(until: now + .milliseconds(50))
      case .busy: return .wait(until: now + .seconds(1))
      case .gone: return .forget
      case .judged(let verdict): candidate.verdict = verdict
      }
    }
    return decide(candidate, now)
  }

  /// How long the file must have stood still before it is looked into; nil where that is not asked.
  private func stillnessNeeded(_ candidate: Candidate) -> Duration? {
    switch candidate.cue {
    case .renamed, .closed: nil
    case .found: watching == .polling ? configuration.pollInterval : nil
    case .created: configuration.settleTime
    }
  }

  /// What to do with a file that is not whole, by how long it has stood still.
  private func decide(_ candidate: Candidate, _ now: MonotonicTime) -> Look {
    let settled = candidate.lastChange + configuration.settleTime
    let patience =
      candidate.cue == .closed
      ? min(configuration.giveUpTime, configuration.closedGiveUpTime) : configuration.giveUpTime
    let givenUp = candidate.lastChange + patience
    let isFinal = candidate.cue == .renamed
    switch candidate.verdict {
    case nil: return .wait(until: settled)
    case .unfit(let refusal):
      // One that was not renamed in may still be filled, one without bytes above all.
      if isFinal || now >= settled { return .refuse(refusal) }
      return .wait(until: settled)
    case .incomplete(let detail):
      if isFinal {
        return .refuse(FrameRefusal(code: FrameRefusal.Code.truncated, detail: detail))
      }
      if now >= givenUp {
        let text = "\(detail); unchanged for \(patience)"
        return .refuse(FrameRefusal(code: FrameRefusal.Code.truncated, detail: text))
      }
      return .wait(until: min(givenUp, now + configuration.settleTime))
    case .unreadable(let refusal, let isPermission):
      // Permission may come with a chmod that follows the copy; a bad disk deserves more patience.
      if now >= (isPermission ? settled : givenUp) { return .refuse(refusal) }
      return .wait(until: min(givenUp, now + configuration.settleTime))
    }
  }

  /// What came of reading a file.
  enum Reading {
    case whole([UInt8])
    /// Somebody wrote to it meanwhile.
    case changed
    /// It is not the file's fault: no descriptor or no memory is left.
    case busy
    case gone
    case judged(Candidate.Verdict)
  }

  /// Reads the file whole if it is a complete JPEG; never more than `maximumFileLength` bytes, and
  /// no more than its first bytes where it is no JPEG.
  static func read(
    _ name: FileName, _ identity: FileIdentity, _ configuration: SpoolConfiguration,
    in folder: borrowing Directory
  ) -> Reading {
    guard identity.size <= configuration.maximumFileLength else {
      return .judged(
        .unfit(
          FrameRefusal(
            code: FrameRefusal.Code.tooLarge,
            detail: "it has \(identity.size) bytes, the limit is "
              + "\(configuration.maximumFileLength)")))
    }
    do {
      let file = try folder.open(name)
      guard try file.status().identity == identity else { return .changed }
      let head = try file.head(64)
      if identity.size == 0 {
        return .judged(
          .unfit(FrameRefusal(code: FrameRefusal.Code.empty, detail: "it holds no bytes")))
      }
      if case .notJPEG(let kind) = JPEGFraming.extent(of: head) {
        return .judged(
          .unfit(FrameRefusal(code: FrameRefusal.Code.notJPEG, detail: "it is \(kind)")))
      }
      let bytes = try file.readAll(limit: Int(identity.size))
      guard try file.status().identity == identity, bytes.count == Int(identity.size) else {
        return .changed
      }
      switch JPEGFraming.extent(of: bytes) {
      case .complete: return .whole(bytes)
      case .incomplete(let detail): return .judged(.incomplete("it \(detail)"))
      case .malformed(let offset, let fault):
        let detail = "\(fault), at byte \(offset)"
        return .judged(
          .unfit(FrameRefusal(code: FrameRefusal.Code.malformed, detail: detail)))
      case .notJPEG: return .changed
      }
    } catch {
      switch error.code {
      case ENOENT: return .gone
      case ELOOP, ENXIO: return .changed
      case EMFILE, ENFILE, ENOMEM, EBUSY, EAGAIN: return .busy
      default: return .judged(unreadable(error))
      }
    }
  }

  private static func unreadable(_ error: Errno) -> Candidate.Verdict {
    let isPermission = error.code == EACCES || error.code == EPERM
    let advice = isPermission ? "; the service's user needs read permission" : ""
    return .unreadable(
      FrameRefusal(
        code: FrameRefusal.Code.unreadable,
        detail: "it cannot be read: \(errorText(error.code))\(advice)"),
      isPermission: isPermission)
  }
}
