#if canImport(Glibc)
import Glibc
#endif

// How the spool learns that something happened: events, polling, and a folder that comes and goes.
extension FolderSpool {
  /// Takes the kernel's events. They only say where to look; at most 2 MiB of them a call.
  public mutating func drainEvents(now: MonotonicTime) {
    for _ in 0..<128 {
      do {
        guard let events = try inotify.next() else { return }
        take(events, now: now)
      } catch {
        // The instance is broken, which no kernel is known to do: go on without it.
        inotify.shut()
        poll(why: "the event queue cannot be read: \(errorText(error.code))", now)
        return
      }
    }
  }

  /// Acts on events as if the kernel had sent them.
  package mutating func take(_ events: [InotifyEvent], now: MonotonicTime) {
    // Before anything else: it belongs to no watch, and it means that names are missing here.
    if events.contains(where: { $0.has(IN_Q_OVERFLOW) }) {
      counters.overflowed += 1
      notices.add(.overflowed)
      scan(now: now)
    }
    let ours = events.filter { $0.watch == inotify.watch }
    if let why = ours.lazy.compactMap(Self.reasonForLoss).first { return lose(why, now) }
    guard let incoming = openIncoming(now) else { return }
    for event in ours {
      guard let name = event.name, !event.has(IN_ISDIR) else { continue }
      if event.has(IN_MOVED_TO) {
        hint(name, .renamed, in: incoming, now)
      } else if event.has(IN_CLOSE_WRITE) {
        hint(name, .closed, in: incoming, now)
      } else {
        hint(name, .created, in: incoming, now)
      }
    }
  }

  /// Why the watch has ended, where the event says that it has.
  private static func reasonForLoss(_ event: InotifyEvent) -> String? {
    if event.has(IN_UNMOUNT) { return "its file system was unmounted" }
    if event.has(IN_DELETE_SELF) { return "it was deleted" }
    if event.has(IN_MOVE_SELF) { return "it was renamed" }
    if event.has(IN_IGNORED) { return "the kernel stopped watching it" }
    return nil
  }

  /// Watches the folder, or settles for polling.
  mutating func startWatching(_ incoming: borrowing Directory, _ now: MonotonicTime) {
    let type = FileSystemKind.type(of: incoming.descriptor)
    folderInode = (try? incoming.status())?.identity.inode
    isRemote = type.map(FileSystemKind.needsPolling) ?? false
    if configuration.alwaysPolls {
      poll(why: "the configuration says so", now)
    } else if isRemote, let type {
      poll(why: "\(type) file systems send no events for what other machines write", now)
    } else {
      startEvents(now)
    }
  }

  private mutating func startEvents(_ now: MonotonicTime) {
    do {
      try inotify.watch(configuration.incoming)
      watching = .events
      nextReconcile = now + configuration.reconcileInterval
      watchRetry = nil
      if pollingReason != nil { notices.add(.watching) }
      pollingReason = nil
    } catch {
      inotify.shut()
      poll(why: Self.reasonForPolling(error.code), now)
      // Not more often: others compete for the same limit.
      watchRetry = now + configuration.reconcileInterval
    }
  }

  /// Why a folder cannot be watched, and what would help.
  package static func reasonForPolling(_ code: CInt) -> String {
    switch code {
    case EMFILE: "no inotify instance is left: raise fs.inotify.max_user_instances"
    case ENOSPC: "no inotify watch is left: raise fs.inotify.max_user_watches"
    default: "inotify fails: \(errorText(code))"
    }
  }

  /// Polls from now on, for a reason that is told when it is a new one.
  package mutating func poll(why: String, _ now: MonotonicTime) {
    inotify.stop()
    watching = .polling
    nextReconcile = now + configuration.pollInterval
    if pollingReason != why { notices.add(.polling(why: why)) }
    pollingReason = why
  }

  /// The folder is gone; it is looked for at intervals. Frames in hand are not touched by this.
  mutating func lose(_ why: String, _ now: MonotonicTime) {
    guard watching != .gone else { return }
    inotify.stop()
    watching = .gone
    agenda.removeAll()
    hasUntracked = false
    folderStamp = nil
    nextReconcile = now + configuration.pollInterval
    notices.add(.folderGone(why: why))
  }

  /// Opens the folder for a few operations; nil where it is gone.
  mutating func openIncoming(_ now: MonotonicTime) -> Directory? {
    guard watching != .gone else { return nil }
    do {
      return try Directory(path: configuration.incoming)
    } catch {
      let code = error.errorNumber
      if code == EMFILE || code == ENFILE {
        // The folder is there; it is we who have no descriptor left.
        if isNews(error) { notices.add(.failing(error)) }
        suspendedUntil = now + configuration.pollInterval
      } else {
        lose(code.map(errorText) ?? "it cannot be opened", now)
      }
      return nil
    }
  }

  /// Compares the folder with what is known of it, if it changed or cannot be trusted to tell.
  mutating func reconcile(_ now: MonotonicTime) {
    switch watching {
    case .gone: return lookForFolder(now)
    case .polling:
      nextReconcile = now + configuration.pollInterval
      if let watchRetry, now >= watchRetry { startEvents(now) }
    case .events: nextReconcile = now + configuration.reconcileInterval
    }
    guard let incoming = openIncoming(now) else { return }
    guard let status = try? incoming.status(), status.linkCount > 0 else {
      return lose("it was deleted", now)
    }
    guard status.identity.inode == folderInode else {
      return lose("another folder stands in its place", now)
    }
    let stamp = status.identity.modifiedNanoseconds
    // A remote folder's modification time may come out of a cache.
    if isRemote || configuration.alwaysPolls || stamp != folderStamp || !folderStampIsSettled {
      scan(now: now)
    }
  }

  private mutating func lookForFolder(_ now: MonotonicTime) {
    nextReconcile = now + configuration.pollInterval
    guard let incoming = try? Directory(path: configuration.incoming) else { return }
    watching = .polling
    notices.add(.folderBack)
    startWatching(incoming, now)
    scan(now: now)
  }
}
