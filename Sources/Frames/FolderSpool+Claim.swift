#if canImport(Glibc)
import Glibc
#endif

// Handing frames out: claim by rename, then the bytes go to whoever asked.
extension FolderSpool {
  /// The oldest whole frame, claimed; nil when none is ready.
  ///
  /// Looks at 64 files at most, so that a folder full of unfinished ones does not hold the event
  /// loop up; `isWorthAsking` tells whether there is more. Cost: the file is read once, and walked
  /// over once.
  /// - Throws: `FramesError.system` when frames cannot be moved to `work`. Nothing is lost: the file
  ///   stays where it is and is tried again later. The same failure is thrown once until it is
  ///   overcome; `counters.retried` counts on.
  public mutating func nextFrame(now: MonotonicTime) throws(FramesError) -> EncodedFrame? {
    promote(now)
    guard isWorthAsking(now: now) else { return nil }
    if let frame = try nextLeftover(now) { return frame }
    if wantsScanForMore { scan(now: now) }
    guard agenda.readyCount > 0, let incoming = openIncoming(now) else { return nil }
    var bytesRead: Int64 = 0
    for _ in 0..<64 {
      guard let (name, tracked) = agenda.popReady() else { return nil }
      var candidate = tracked
      switch look(at: name, &candidate, in: incoming, now) {
      case .forget: break
      case .wait(let time): agenda.putWaiting(name, candidate, until: time)
      case .refuse(let refusal): refuse(name, candidate, refusal, in: incoming, now)
      case .take(let bytes):
        if let frame = try claim(name, candidate, bytes, in: incoming, now) { return frame }
      }
      bytesRead += candidate.identity.size
      guard bytesRead < configuration.maximumFileLength, suspendedUntil == nil else { return nil }
    }
    return nil
  }

  /// Moves the file to `work`; nil where another was quicker.
  private mutating func claim(
    _ name: FileName, _ candidate: Candidate, _ bytes: [UInt8],
    in incoming: borrowing Directory, _ now: MonotonicTime
  ) throws(FramesError) -> EncodedFrame? {
    willClaim?(name)
    let id = FrameIdentifier.file(name, candidate.identity)
    var claim = Claim(name: name, workName: nil, identity: candidate.identity, attempt: 1)
    if configuration.after == .leave {
      remember(candidate.identity)
    } else {
      let workName = WorkName(id: id, attempt: 1, original: name).fileName
      do {
        let work = try Directory(creatingAt: configuration.work)
        guard try move(name, to: workName, from: incoming, work) else { return nil }
        let moved = (try? work.status(of: workName))?.identity
        guard moved == candidate.identity else {
          try putBack(workName, name, moved, from: work, to: incoming, now)
          return nil
        }
      } catch {
        return try putOff(name, candidate, error, now)
      }
      claim.workName = workName
    }
    standingError = nil
    inHand[id] = claim
    counters.claimed += 1
    return EncodedFrame(
      id: id, origin: .file(name, directory: configuration.incoming),
      arrival: candidate.arrival, bytes: bytes)
  }

  /// False where the file has gone from `incoming`.
  private func move(
    _ name: FileName, to workName: FileName, from incoming: borrowing Directory,
    _ work: borrowing Directory
  ) throws(FramesError) -> Bool {
    do {
      try incoming.move(name, to: workName, in: work)
      return true
    } catch {
      if error.code == ENOENT, case false? = try? incoming.contains(name) { return false }
      throw error.during(.claim, "\(configuration.incoming)/\(name.printable)")
    }
  }

  /// Undoes the claim of a file that was replaced or written to after it was read: what lies in
  /// `work` is not what was read, and must not be deleted in its name.
  private mutating func putBack(
    _ workName: FileName, _ name: FileName, _ identity: FileIdentity?,
    from work: borrowing Directory, to incoming: borrowing Directory, _ now: MonotonicTime
  ) throws(FramesError) {
    guard let identity else { return }
    counters.retried += 1
    do {
      if try incoming.contains(name) {
        // Its place is taken by a yet newer one: this one is ours, and gets its turn from `work`.
        let id = FrameIdentifier.file(name, identity)
        let own = WorkName(id: id, attempt: 0, original: name)
        try work.move(workName, to: own.fileName, in: work)
        leftovers.append(Leftover(workName: own.fileName, claim: own))
      } else {
        try work.move(workName, to: name, in: incoming)
        if watching == .events { putBackNames.insert(name) }
        agenda.putReady(name, Candidate(cue: .created, identity: identity, now: now))
      }
    } catch {
      throw error.during(.restore, "\(configuration.work)/\(workName.printable)")
    }
  }

  /// Puts a claim that failed off, with a back-off, and all the others too where it must fail for
  /// them as well.
  private mutating func putOff(
    _ name: FileName, _ candidate: Candidate, _ error: FramesError, _ now: MonotonicTime
  ) throws(FramesError) -> EncodedFrame? {
    counters.retried += 1
    var candidate = candidate
    candidate.failures += 1
    let delay = FolderSpool.backOff(candidate.failures)
    agenda.putWaiting(name, candidate, until: now + delay)
    switch error.errorNumber {
    // The folder's or this file's own permissions: others may fare better.
    case EACCES?, EPERM?, EEXIST?: break
    default: suspendedUntil = now + .seconds(1)
    }
    if isNews(error) { throw error }
    return nil
  }

  /// 1, 2, 4 ... 64 seconds.
  static func backOff(_ failures: Int) -> Duration { .seconds(1 << min(max(failures - 1, 0), 6)) }

  private mutating func remember(_ identity: FileIdentity) {
    let wasLossy = seen.isLossy
    seen.insert(identity)
    if seen.isLossy, !wasLossy { notices.add(.memoryFull(files: seen.capacity)) }
  }

  /// Refuses a file of the watch folder.
  private mutating func refuse(
    _ name: FileName, _ candidate: Candidate, _ refusal: FrameRefusal,
    in incoming: borrowing Directory, _ now: MonotonicTime
  ) {
    let id = FrameIdentifier.file(name, candidate.identity)
    guard configuration.after != .leave else {
      remember(candidate.identity)
      counters.refused += 1
      notices.add(.refused(name, id: id, refusal, movedTo: nil))
      return
    }
    let claim = Claim(name: name, workName: nil, identity: candidate.identity, attempt: 0)
    do {
      let path = try quarantine(name, of: claim, id: id, refusal, from: incoming)
      counters.refused += 1
      notices.add(.refused(name, id: id, refusal, movedTo: path))
    } catch {
      counters.retried += 1
      if isNews(error) { notices.add(.failing(error)) }
      var candidate = candidate
      candidate.failures += 1
      agenda.putWaiting(name, candidate, until: now + FolderSpool.backOff(candidate.failures))
    }
  }
}
