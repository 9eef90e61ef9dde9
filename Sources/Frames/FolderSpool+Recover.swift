// Frames that an earlier run left in `work`.
extension FolderSpool {
  /// Looks through `work` for frames of a run that died: each gets another attempt, before all new
  /// frames and under the same id; one that has had all its attempts is refused as the likely cause.
  ///
  /// To be called once, before the first frame is asked for. Names that we never gave are left
  /// alone.
  /// - Throws: `FramesError.system` when `work` cannot be listed.
  public mutating func recover(now: MonotonicTime) throws(FramesError) {
    guard configuration.after != .leave else { return }
    let work = try Directory(path: configuration.work)
    var names: [FileName] = []
    do {
      try work.forEachName { names.append($0) }
    } catch {
      throw error.during(.list, configuration.work)
    }
    var crashed: [(age: Int64, leftover: Leftover, identity: FileIdentity)] = []
    for name in names {
      guard let status = try? work.status(of: name) else { continue }
      guard let claim = WorkName(parsing: name), status.isRegular else {
        let why = "it is in \(configuration.work), but none of ours"
        if sayOnce(name, .ignored(name, why: why)) { counters.ignored += 1 }
        continue
      }
      crashed.append(
        (
          status.identity.modifiedNanoseconds, Leftover(workName: name, claim: claim),
          status.identity
        ))
    }
    crashed.sort { ($0.age, $0.leftover.workName) < ($1.age, $1.leftover.workName) }
    for (_, leftover, identity) in crashed {
      if leftover.claim.attempt >= configuration.maximumAttempts {
        let refusal = FrameRefusal(
          code: FrameRefusal.Code.crashedTwice,
          detail: "the daemon stopped during each of \(leftover.claim.attempt) attempts at it")
        refuseLeftover(leftover, identity, refusal, in: work)
      } else {
        leftovers.append(leftover)
        counters.recovered += 1
        notices.add(
          .recovered(
            leftover.claim.original, id: leftover.claim.id, attempt: leftover.claim.attempt + 1))
      }
    }
    // Taken from the end, so the oldest stands last.
    leftovers.reverse()
  }

  /// The next attempt at a frame of an earlier run; nil when there is none.
  mutating func nextLeftover(_ now: MonotonicTime) throws(FramesError) -> EncodedFrame? {
    guard !leftovers.isEmpty else { return nil }
    let work = try Directory(path: configuration.work)
    while let leftover = leftovers.popLast() {
      // Gone means that somebody has tidied up.
      guard let status = try? work.status(of: leftover.workName) else { continue }
      let id = leftover.claim.id
      let name = leftover.claim.original
      switch FolderSpool.read(leftover.workName, status.identity, configuration, in: work) {
      case .gone: continue
      case .changed, .busy:
        leftovers.append(leftover)
        suspendedUntil = now + .seconds(1)
        return nil
      case .judged(let verdict):
        refuseLeftover(leftover, status.identity, verdict.refusal, in: work)
      case .whole(let bytes):
        let attempt = leftover.claim.attempt + 1
        let next = WorkName(id: id, attempt: attempt, original: name).fileName
        do {
          // Before the bytes go out: this is what a crash leaves behind.
          try work.move(leftover.workName, to: next, in: work)
        } catch {
          leftovers.append(leftover)
          counters.retried += 1
          suspendedUntil = now + .seconds(1)
          let failure = error.during(.claim, "\(configuration.work)/\(next.printable)")
          if isNews(failure) { throw failure }
          return nil
        }
        inHand[id] = Claim(
          name: name, workName: next, identity: status.identity, attempt: attempt)
        counters.claimed += 1
        return EncodedFrame(
          id: id, origin: .file(name, directory: configuration.incoming), arrival: now,
          bytes: bytes)
      }
    }
    return nil
  }

  private mutating func refuseLeftover(
    _ leftover: Leftover, _ identity: FileIdentity, _ refusal: FrameRefusal,
    in work: borrowing Directory
  ) {
    let (id, name) = (leftover.claim.id, leftover.claim.original)
    let claim = Claim(
      name: name, workName: leftover.workName, identity: identity,
      attempt: leftover.claim.attempt)
    do {
      let path = try quarantine(leftover.workName, of: claim, id: id, refusal, from: work)
      counters.refused += 1
      notices.add(.refused(name, id: id, refusal, movedTo: path))
    } catch {
      // It stays in `work` and is not touched in this run; the next one tries again.
      if isNews(error) { notices.add(.failing(error)) }
    }
  }
}

extension Candidate.Verdict {
  /// The refusal of a file that is judged for good.
  var refusal: FrameRefusal {
    switch self {
    case .incomplete(let detail):
      FrameRefusal(code: FrameRefusal.Code.truncated, detail: detail)
    case .unfit(let refusal), .unreadable(let refusal, _): refusal
    }
  }
}
