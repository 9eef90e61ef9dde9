import Frames
import Journal

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

// What the log says about the sources, and how frames are presented.
extension Daemon {
  /// Sends an entry about something other than a detection, unless its kind comes too often.
  func tell(_ entry: JournalEntry) {
    guard let kind = entry.messageID, entry.priority < .debug else {
      writer.enqueue(entry)
      return
    }
    if kind == .frameRefused || limiter.admit(kind, at: loop.now) { writer.enqueue(entry) }
  }

  func entry(for report: FrameReport) -> JournalEntry {
    switch presentation {
    case .journal: return report.journalEntry
    case .json:
      let kind: MessageID =
        if case .decided = report.outcome { .detection } else { .frameRefused }
      return JournalEntry(kind, .notice, report.json(path: report.origin.jsonPath))
    }
  }

  func refusalEntry(
    _ refusal: FrameRefusal, origin: FrameOrigin, frameID: String?
  ) -> JournalEntry {
    switch presentation {
    case .journal:
      var entry = FrameReport.refusal(refusal, origin: origin)
      // What never became a frame has no ID; the catalogue's text needs a word all the same.
      entry.append(.frameID, frameID ?? "-")
      return entry
    case .json:
      return JournalEntry(
        .frameRefused, .notice,
        FrameReport.errorJSON(
          path: origin.jsonPath, code: refusal.code, message: refusal.detail))
    }
  }

  /// Tells what happened in the watch folder since the last time.
  func reportNotices() {
    let folder = settings.folder?.incoming ?? ""
    for notice in spool?.drainNotices() ?? [] {
      switch notice {
      case .refused(let name, let id, let refusal, _):
        counters.refused += 1
        statusIsDue = true
        tell(refusalEntry(refusal, origin: .file(name, directory: folder), frameID: id))
      case .ignored(let name, let why):
        tell(plain(nil, .debug, "ignoring \(name.printable): \(why)", folder))
      case .recovered(let name, let id, let attempt):
        var entry = plain(
          .frameRecovered, .info,
          "\(name.printable) was in work when the service ended; attempt \(attempt)", folder)
        entry.append(.frameID, id)
        entry.append(.framePath, bytes: name.bytes)
        tell(entry)
      case .overflowed:
        tell(
          plain(
            .sourceOverflow, .warning,
            "the kernel dropped events of \(folder): listing it anew, nothing is lost", folder))
      case .polling(let why):
        followSpool()
        var entry = plain(
          .sourcePolling, .info, "listing \(folder) at intervals: \(why)", folder, detail: why)
        let seconds = settings.folder?.pollInterval.components.seconds ?? 0
        entry.append(.intervalSeconds, max(1, seconds))
        tell(entry)
      case .watching:
        followSpool()
        tell(plain(.sourceRecovered, .info, "\(folder) sends events again", folder))
      case .folderGone(let why):
        followSpool()
        tell(
          plain(
            .sourceLost, .error, "\(folder): \(why); looking for it until it is back", folder,
            detail: why))
      case .folderBack:
        followSpool()
        tell(plain(.sourceRecovered, .notice, "\(folder) is back", folder))
      case .failing(let error):
        tell(Daemon.trouble(error, in: folder))
      case .memoryFull(let files):
        tell(
          plain(
            .spoolTrouble, .warning,
            "\(folder) holds more than \(files) files that were seen; remove some, or let "
              + "after = \"delete\" or \"keep\" do it", folder, detail: "too many files"))
      case .noticesLost(let count):
        tell(plain(nil, .warning, "\(count) more notices about \(folder)", folder))
      }
    }
  }

  private func followSpool() {
    do throws(EventLoop.Failure) {
      try watchSpool()
    } catch {
      tell(Daemon.streamLost(settings.folder?.incoming ?? "", error.description))
    }
  }

  private func plain(
    _ kind: MessageID?, _ priority: JournalEntry.Priority, _ message: String, _ source: String,
    detail: String? = nil
  ) -> JournalEntry {
    var entry = JournalEntry(kind, priority, message)
    entry.append(.source, source)
    if let detail { entry.append(.detail, detail) }
    return entry
  }

  static func trouble(_ error: FramesError, in folder: String) -> JournalEntry {
    var entry = JournalEntry(.spoolTrouble, .warning, error.description)
    entry.append(.source, folder)
    entry.append(.detail, error.description)
    return entry
  }

  static func streamLost(_ name: String, _ reason: String) -> JournalEntry {
    var entry = JournalEntry(.sourceLost, .error, "\(name): \(reason)")
    entry.append(.source, name)
    entry.append(.detail, reason)
    return entry
  }

  static func discarded(_ bytes: Int, from name: String) -> JournalEntry {
    var entry = JournalEntry(
      .frameDropped, .warning, "\(bytes) bytes of \(name) belong to no JPEG, skipping them")
    entry.append(.source, name)
    entry.append(.reason, "garbage")
    entry.append(.detail, "\(bytes) bytes belong to no JPEG")
    // Frames, which these bytes may have been one of; not bytes.
    entry.append(.count, 1)
    return entry
  }

  /// The last word where no writer is left to say it.
  func printFatal(_ message: String) {
    let line = "vedette: error: \(message)\n"
    _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
  }
}

extension FrameOrigin {
  /// What a JSON line calls the frame: the file's path, or the pipe's name and the frame's number.
  var jsonPath: String {
    switch self {
    case .file(let name, let directory):
      directory.hasSuffix("/") ? directory + name.printable : directory + "/" + name.printable
    case .stream(let name, let sequence): "\(name)#\(sequence)"
    }
  }
}
