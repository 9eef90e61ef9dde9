#if canImport(Glibc)
import Glibc
#endif

// What becomes of a file when its frame is finished.
extension FolderSpool {
  /// Ends a frame that `nextFrame` handed out: its result has been reported.
  ///
  /// - Throws: `FramesError.unknownFrame`; or `.system` when the file cannot be deleted or moved.
  ///   That is then tried again by `expire(now:)`, and the frame counts as in hand until it works.
  public mutating func finish(
    _ id: String, _ outcome: SpoolOutcome, now: MonotonicTime
  ) throws(FramesError) {
    guard inHand[id] != nil else { throw FramesError.unknownFrame(id: id) }
    do {
      try settle(id, outcome)
    } catch {
      counters.retried += 1
      unsettled[id] = outcome
      unsettledRetry = now + .seconds(1)
      throw error
    }
  }

  /// Gives a frame back that was not worked on, as when the daemon stops: the attempt does not
  /// count, and the next run takes the file again.
  public mutating func release(_ id: String) throws(FramesError) {
    guard let claim = inHand[id] else { throw FramesError.unknownFrame(id: id) }
    // One that was finished and could not be moved must not come back.
    guard unsettled[id] == nil else { return }
    if let workName = claim.workName {
      let work = try Directory(path: configuration.work)
      let free = WorkName(id: id, attempt: claim.attempt - 1, original: claim.name).fileName
      do {
        if claim.attempt == 1, let incoming = try? Directory(path: configuration.incoming),
          (try? work.move(workName, to: claim.name, in: incoming)) != nil
        {
          // Back in its place.
        } else {
          // Its place is taken, or it was never there in this run.
          try work.move(workName, to: free, in: work)
        }
      } catch {
        throw error.during(.restore, "\(configuration.work)/\(workName.printable)")
      }
    }
    inHand[id] = nil
  }

  /// Gives all frames in hand back; tells of failures by notices.
  public mutating func releaseAll() {
    for id in Array(inHand.keys) {
      do {
        try release(id)
      } catch {
        notices.add(.failing(error))
      }
    }
  }

  /// Repeats the moves that failed.
  mutating func settleAgain(_ now: MonotonicTime) {
    for (id, outcome) in unsettled {
      do {
        try settle(id, outcome)
        unsettled[id] = nil
      } catch {
        counters.retried += 1
      }
    }
    unsettledRetry = now + .seconds(10)
  }

  private mutating func settle(_ id: String, _ outcome: SpoolOutcome) throws(FramesError) {
    guard let claim = inHand[id] else { return }
    switch outcome {
    case .done:
      if let workName = claim.workName { try dispose(workName, of: claim, id: id) }
      counters.finished += 1
    case .refused(let refusal):
      if let workName = claim.workName {
        let work = try Directory(path: configuration.work)
        // Where somebody has tidied it up there is nothing left to move.
        if (try? work.contains(workName)) != false {
          _ = try quarantine(workName, of: claim, id: id, refusal, from: work)
        }
      }
      counters.refused += 1
    }
    inHand[id] = nil
  }

  private func dispose(_ workName: FileName, of claim: Claim, id: String) throws(FramesError) {
    let work = try Directory(path: configuration.work)
    if case false? = try? work.contains(workName) { return }
    let path = "\(configuration.work)/\(workName.printable)"
    switch configuration.after {
    case .leave: break
    case .delete:
      do {
        try work.remove(workName)
      } catch {
        throw error.during(.delete, path)
      }
    case .keep:
      let done = try Directory(creatingAt: configuration.done)
      do {
        _ = try work.moveUniquely(workName, as: claim.name, id: id, to: done)
      } catch {
        throw error.during(.keep, path)
      }
    }
  }

  /// Moves a file to `quarantine` and writes the reason beside it; returns where it went.
  mutating func quarantine(
    _ source: FileName, of claim: Claim, id: String, _ refusal: FrameRefusal,
    from folder: borrowing Directory
  ) throws(FramesError) -> String {
    let target = try Directory(creatingAt: configuration.quarantine)
    let name: FileName
    do {
      name = try folder.moveUniquely(source, as: claim.name, id: id, to: target)
    } catch {
      throw error.during(.quarantine, "\(folder.path)/\(source.printable)")
    }
    // The file is safe; a reason that cannot be written (a full disk) is worth a word, no more.
    let text = """
      reason: \(refusal.code)
      detail: \(escaped(Array(refusal.detail.utf8)))
      name: \(claim.name.printable)
      frame: \(id)
      size: \(claim.identity.size)

      """
    do {
      try target.write(Array(text.utf8), to: name.wrapped(suffix: ".reason"))
    } catch {
      let failure = error.during(.note, "\(configuration.quarantine)/\(name.printable)")
      if isNews(failure) { notices.add(.failing(failure)) }
    }
    return "\(configuration.quarantine)/\(name.printable)"
  }
}

extension Directory {
  /// Moves `source` under the first name that is free: its own, with the first digits of its id,
  /// with all of them. Not numbered: a camera that always writes the same name would make each
  /// move slower than the one before. Returns the name.
  fileprivate func moveUniquely(
    _ source: FileName, as name: FileName, id: String, to target: borrowing Directory
  ) throws(Errno) -> FileName {
    for candidate in [name, name.inserting("." + id.prefix(8))] {
      do {
        try move(source, to: candidate, in: target)
        return candidate
      } catch {
        guard error.code == EEXIST else { throw error }
      }
    }
    let last = name.inserting("." + id)
    try move(source, to: last, in: target)
    return last
  }
}
