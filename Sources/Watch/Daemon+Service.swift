import Frames
import Journal

// What the service manager asks for and hears: ready, reload, stop, status, watchdog.
extension Daemon {
  /// `systemctl status` need not follow every frame.
  static let statusInterval = Duration.seconds(1)

  func modelLoaded(_ description: ModelDescription) {
    isLoading = false
    model = description
    var entry = JournalEntry(
      .modelLoaded, .info,
      "model \(description.path), \(description.classCount) classes, \(description.isa) kernels")
    entry.append(.modelPath, description.path)
    entry.append(.modelID, description.id)
    entry.append(.level, description.level)
    entry.append(.weightBits, description.weightBits)
    writer.enqueue(entry)
    guard state == .starting else {
      finishReload()
      reloadAgainIfAsked()
      return
    }
    state = .running
    spoolSource?.isEnabled = true
    spool?.scan(now: .now())
    if !settings.endsWhenDrained { writer.enqueue(readyEntry(description)) }
    notify(.ready, .status(statusLine))
    lastStatus = .now()
    feedWatchdog()
    reloadAgainIfAsked()
  }

  private func readyEntry(_ model: ModelDescription) -> JournalEntry {
    let names = [settings.folder?.incoming, stream?.name].compactMap { $0 }
    var entry = JournalEntry(
      .serviceReady, .info, "taking frames from \(names.joined(separator: " and "))")
    entry.append(.modelID, model.id)
    return entry
  }

  func modelRefused(_ error: WatchError) {
    isLoading = false
    var entry = JournalEntry(.modelRefused, .error, error.description)
    let (path, reason) = error.modelAndReason
    entry.append(.modelPath, path ?? settings.classifier.modelPath)
    entry.append(.detail, reason)
    writer.enqueue(entry)
    if state == .starting {
      // Restarting would not help: RestartPreventExitStatus= names this status.
      exitCode = Daemon.configurationStatus
      state = .stopping
      return
    }
    // No reload waits for it where a stop came in between.
    if pendingSettings != nil { refuseReload(error) }
    reloadAgainIfAsked()
  }

  /// EX_CONFIG of sysexits.h.
  public static let configurationStatus: Int32 = 78

  // MARK: Stopping

  /// Finishes what is in work and ends; a second request ends at once.
  func stop() {
    guard state != .stopping else {
      loop.exit(code: exitCode)
      return
    }
    let wasReady = state == .running
    state = .stopping
    pendingSettings = nil
    spoolSource?.isEnabled = false
    streamSource?.isEnabled = false
    notify(.stopping, .status("stopping: \(counters.decided) frames classified"))
    if !streamBacklog.isEmpty {
      counters.dropped += UInt64(streamBacklog.count)
      var entry = JournalEntry(
        .frameDropped, .warning,
        "\(streamBacklog.count) frames of the pipe not classified, the service stops")
      entry.append(.source, settings.stream?.name ?? "")
      entry.append(.count, streamBacklog.count)
      entry.append(.reason, "stopping")
      entry.append(.detail, "the service was asked to stop before they were looked at")
      writer.enqueue(entry)
      streamBacklog = []
    }
    var entry = JournalEntry(
      .serviceStopped, .info,
      "stopping: \(counters.decided) classified, \(counters.refused) refused, "
        + "\(counters.dropped) dropped")
    entry.append(.framesDecided, counters.decided)
    entry.append(.framesRefused, counters.refused)
    entry.append(.framesDropped, counters.dropped)
    if !settings.endsWhenDrained, wasReady { writer.enqueue(entry) }
    proceed()
  }

  // MARK: Reloading

  /// Reads the settings anew; wrong ones change nothing.
  func reload() {
    guard let reloadSettings, state != .stopping else { return }
    guard state == .running, pendingSettings == nil, !isLoading else {
      // What is being loaded was read before whatever this request is about.
      reloadWasAsked = true
      return
    }
    notify(.reloadingNow)
    do throws(WatchError) {
      var new = try reloadSettings()
      // The pipe's descriptor is the one that we were started with.
      new.stream = settings.stream
      guard new.folder != nil || stream != nil else { throw WatchError.noSource }
      pendingSettings = new
      proceed()
    } catch {
      refuseReload(error)
    }
  }

  /// Follows a request that came while an earlier one was being carried out.
  private func reloadAgainIfAsked() {
    guard reloadWasAsked, !isLoading else { return }
    reloadWasAsked = false
    reload()
  }

  /// Changes to the new settings once nothing is in work; the model is loaded first, so that one
  /// that is wrong leaves everything as it was.
  func changeSettingsIfIdle() {
    guard let new = pendingSettings, state == .running, !isLoading, isIdle else { return }
    isLoading = true
    pipeline?.load(new.classifier)
  }

  private func finishReload() {
    guard let new = pendingSettings else { return }
    pendingSettings = nil
    do throws(WatchError) {
      if new.folder != settings.folder { try replaceSpool(new.folder) }
    } catch {
      if new.classifier != settings.classifier {
        isLoading = true
        pipeline?.load(settings.classifier)
      }
      refuseReload(error)
      return
    }
    settings = new
    refusedReload = nil
    var entry = JournalEntry(.configurationReloaded, .notice, "configuration reloaded")
    entry.append(.configurationFile, settings.configurationPath)
    entry.append(.modelID, model?.id ?? "")
    writer.enqueue(entry)
    notify(.ready, .status(statusLine))
  }

  private func replaceSpool(_ configuration: SpoolConfiguration?) throws(WatchError) {
    let now = MonotonicTime.now()
    let old = settings.folder
    // The old one lets go of its lock first: the new one may share its folders. Its descriptor
    // goes too, and the new one's often has the same number.
    forgetSpoolDescriptor()
    spool = nil
    defer {
      rewatchSpool()
      spool?.scan(now: now)
    }
    do throws(WatchError) {
      if let configuration { spool = try openSpool(configuration, now) }
    } catch {
      if let old { spool = try? openSpool(old, now) }
      throw error
    }
  }

  private func rewatchSpool() {
    do throws(EventLoop.Failure) {
      try watchSpool()
    } catch {
      tell(Daemon.streamLost(settings.folder?.incoming ?? "", error.description))
    }
  }

  private func refuseReload(_ error: WatchError) {
    pendingSettings = nil
    for entry in error.refusals(of: settings.configurationPath, ", keeping the old one") {
      writer.enqueue(entry)
    }
    // The first fault is enough for a line.
    refusedReload = String(error.description.prefix { $0 != "\n" })
    // READY=1 also ends a reload that was refused; without it the manager waits for ever.
    notify(.ready, .status(statusLine))
  }

  // MARK: Status and watchdog

  var statusLine: String {
    var line = "\(counters.decided) frames classified"
    if counters.refused > 0 { line += ", \(counters.refused) refused" }
    let backlog = (spool?.backlogCount ?? 0) + streamBacklog.count
    if backlog > 0 { line += ", \(backlog) waiting" }
    if !lastLine.isEmpty { line += "; last: \(lastLine)" }
    // First, and for as long as it is true: the line is all that `systemctl status` shows of it.
    return refusedReload.map { "configuration refused: \($0); \(line)" } ?? line
  }

  func sendStatusIfDue() {
    guard statusIsDue, state == .running else { return }
    let now = MonotonicTime.now()
    if let lastStatus, now < lastStatus + Daemon.statusInterval { return }
    statusIsDue = false
    lastStatus = now
    notify(.status(statusLine))
  }

  /// Feeds the watchdog unless a frame has been in work for longer than its interval: then only a
  /// restart helps, and the frame counts as a crashed attempt.
  func feedWatchdog() {
    guard let watchdogTimer, let interval = ServiceNotifier.watchdogInterval() else { return }
    watchdogTimer.arm(after: interval / 2)
    if let oldest = pipeline?.oldestInFlight, MonotonicTime.now() - oldest > interval {
      if !stallWasReported {
        stallWasReported = true
        var entry = JournalEntry(
          .pipelineStalled, .error,
          "a frame has been in work for longer than the watchdog's interval; "
            + "no longer feeding the watchdog")
        entry.append(.intervalSeconds, interval.components.seconds)
        writer.enqueue(entry)
      }
      return
    }
    stallWasReported = false
    notify(.watchdog)
  }

  private func notify(_ states: ServiceState...) {
    // One that cannot be told (a container without the socket) is no reason to stop.
    for state in states { try? notifier.send(state) }
  }
}
