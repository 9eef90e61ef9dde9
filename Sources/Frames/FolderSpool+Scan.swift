#if canImport(Glibc)
import Glibc
#endif

// Which files come into consideration: by listing the folder, and by events about single names.
extension FolderSpool {
  /// A file that the listing found and that was not tracked.
  private struct Find: Comparable {
    let name: FileName
    let identity: FileIdentity
    let stillFor: Duration

    static func < (a: Find, b: Find) -> Bool {
      a.identity.modifiedNanoseconds == b.identity.modifiedNanoseconds
        ? a.name < b.name : a.identity.modifiedNanoseconds < b.identity.modifiedNanoseconds
    }
  }

  /// Lists the folder and takes every file into consideration that is not yet.
  ///
  /// The oldest come first where there are more than can be tracked. Cost: one readdir, and one
  /// stat for each file with a JPEG's name that is not tracked.
  public mutating func scan(now: MonotonicTime) {
    guard let incoming = openIncoming(now) else { return }
    counters.scans += 1
    let stamp = (try? incoming.status())?.identity.modifiedNanoseconds
    folderStampIsSettled = stamp != nil && stamp == folderStamp
    folderStamp = stamp
    hasUntracked = false
    let room = max(0, configuration.maximumTrackedFiles - agenda.count)
    var finds: [Find] = []
    var stillSaid: Set<FileName> = []
    var stillSeen: Set<FileIdentity> = []
    var left = false
    do {
      try incoming.forEachName { name in
        defer { if said.contains(name) { stillSaid.insert(name) } }
        guard admits(name), agenda[name] == nil, let status = try? incoming.status(of: name),
          admits(name, status)
        else { return }
        if configuration.after == .leave, seen.contains(status.identity) {
          stillSeen.insert(status.identity)
          return
        }
        finds.append(Find(name: name, identity: status.identity, stillFor: stillness(of: status)))
        if finds.count > 2 * room + 64 {
          finds.sort()
          finds.removeLast(finds.count - room)
          left = true
        }
      }
    } catch {
      let failure = error.during(.list, configuration.incoming)
      if isNews(failure) { notices.add(.failing(failure)) }
      folderStamp = nil
      return
    }
    said = stillSaid
    if configuration.after == .leave { seen.keep(only: stillSeen) }
    finds.sort()
    hasUntracked = left || finds.count > room
    for find in finds.prefix(room) {
      counters.seen += 1
      agenda.putReady(
        find.name,
        Candidate(cue: .found, identity: find.identity, now: now, stillFor: find.stillFor))
    }
  }

  /// How long a file that is found by listing counts as still: one that has lain there since before
  /// we looked need not be watched for the give-up time again. Another machine's clock says nothing.
  private func stillness(of status: FileStatus) -> Duration {
    let age = isRemote ? .zero : status.age
    return age > configuration.settleTime ? age : .zero
  }

  /// Takes an event about one file as a hint that it wants a look.
  mutating func hint(
    _ name: FileName, _ cue: Candidate.Cue, in incoming: borrowing Directory, _ now: MonotonicTime
  ) {
    guard admits(name) else { return }
    let cue = cue == .renamed && putBackNames.remove(name) != nil ? .created : cue
    let known = agenda[name]
    guard let status = try? incoming.status(of: name) else {
      // It has gone again; if it was us who claimed it, that is as it should be.
      return agenda.remove(name)
    }
    guard admits(name, status) else { return agenda.remove(name) }
    if configuration.after == .leave, seen.contains(status.identity) { return }
    guard var candidate = known else {
      guard agenda.count < configuration.maximumTrackedFiles else {
        hasUntracked = true
        return
      }
      counters.seen += 1
      let candidate = Candidate(cue: cue, identity: status.identity, now: now)
      // A file that somebody has just made is hardly ever whole yet.
      if cue == .created {
        agenda.putWaiting(name, candidate, until: now + configuration.settleTime)
      } else {
        agenda.putReady(name, candidate)
      }
      return
    }
    let isAnother = candidate.identity.inode != status.identity.inode
    candidate.note(status.identity, now)
    if cue != .created || isAnother { candidate.cue = cue }
    if cue != .created { candidate.arrival = now }
    // A writer that opens and closes a large file at each line must not make us read it each time.
    let earliest = candidate.lastWalk.map { $0 + .milliseconds(50) } ?? now
    if earliest > now {
      agenda.putWaiting(name, candidate, until: earliest)
    } else {
      agenda.putReady(name, candidate)
    }
  }

  /// Whether the name is one of ours; says so once where it is not.
  private mutating func admits(_ name: FileName) -> Bool {
    switch configuration.verdict(on: name) {
    case .take: return true
    case .temporary: return false
    case .ignore(let why):
      if sayOnce(name, .ignored(name, why: why)) { counters.ignored += 1 }
      return false
    }
  }

  /// Whether the file is a regular one; says so once where it is not, and leaves it alone.
  mutating func admits(_ name: FileName, _ status: FileStatus) -> Bool {
    if status.isRegular { return true }
    if status.isDirectory {
      if sayOnce(name, .ignored(name, why: "it is a folder")) { counters.ignored += 1 }
    } else {
      let refusal = FrameRefusal(
        code: FrameRefusal.Code.notARegularFile, detail: "it is \(status.kind); left in place")
      if sayOnce(name, .refused(name, id: nil, refusal, movedTo: nil)) { counters.refused += 1 }
    }
    return false
  }
}

extension Candidate {
  /// Takes note of what the file looks like now.
  mutating func note(_ now: FileIdentity, _ time: MonotonicTime) {
    guard now != identity else { return }
    identity = now
    lastChange = time
    verdict = nil
  }
}
