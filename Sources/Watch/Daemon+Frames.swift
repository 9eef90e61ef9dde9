import Frames
import Journal

// From the sources to the pipeline, from the pipeline to the journal, from the journal back to the
// spool.
extension Daemon {
  /// Does what can be done now: hands frames over, tells what happened, sets the next deadline,
  /// and sees whether it is time to end.
  func proceed() {
    fillPipeline()
    reportNotices()
    let readsMore = state == .running && streamBacklog.isEmpty && unsent.isEmpty
    streamSource?.isEnabled = readsMore
    armDeadline()
    sendStatusIfDue()
    changeSettingsIfIdle()
    endIfDone()
  }

  /// Whether frames may be handed to the pipeline.
  private var isTaking: Bool {
    state == .running && !isLoading && unsent.isEmpty && pendingSettings == nil
  }

  private func fillPipeline() {
    while isTaking, let vacancies = pipeline?.vacancies, vacancies > 0 {
      // The pipe is live: what waits there grows old, what waits in the folder keeps.
      if !streamBacklog.isEmpty {
        pipeline?.submit(streamBacklog.removeFirst())
        continue
      }
      guard let frame = nextSpoolFrame() else { return }
      pipeline?.submit(frame)
    }
  }

  private func nextSpoolFrame() -> EncodedFrame? {
    let now = MonotonicTime.now()
    while spool?.isWorthAsking(now: now) ?? false {
      do throws(FramesError) {
        if let frame = try spool?.nextFrame(now: now) { return frame }
      } catch {
        tell(Daemon.trouble(error, in: settings.folder?.incoming ?? ""))
      }
    }
    return nil
  }

  /// Reads what the pipe has.
  func readStream() {
    do {
      for event in try stream?.readAvailable(now: .now()) ?? [] { take(event) }
    } catch {
      tell(Daemon.streamLost(stream?.name ?? "", "\(error)"))
      closeStream()
    }
    proceed()
  }

  /// Bytes between two frames that may have been a frame; less are part headers or padding.
  static let notableGap = 1024

  func take(_ event: StreamEvent) {
    switch event {
    case .frame(let frame): streamBacklog.append(frame)
    case .refused(let refusal, _):
      counters.refused += 1
      let origin = FrameOrigin.stream(
        name: stream?.name ?? "", sequence: stream?.counters.frames ?? 0)
      tell(refusalEntry(refusal, origin: origin, frameID: nil))
    case .discarded(let bytes):
      guard bytes >= Daemon.notableGap else { return }
      tell(Daemon.discarded(bytes, from: stream?.name ?? ""))
    case .endOfStream: closeStream()
    }
  }

  private func closeStream() {
    streamSource?.remove()
    streamSource = nil
    stream = nil
  }

  /// Takes what the pipeline's thread has sent.
  func takePipelineEvents() {
    for event in pipeline?.takeEvents() ?? [] {
      switch event {
      case .loaded(let description): modelLoaded(description)
      case .loadFailed(let error): modelRefused(error)
      case .finished(let report): finish(report)
      }
    }
    proceed()
  }

  private func finish(_ report: FrameReport) {
    var outcome = SpoolOutcome.done
    switch report.outcome {
    case .decided(let detection):
      counters.decided += 1
      lastLine = "\(detection.best.label) \(decimalText(detection.best.score, places: 2))"
    case .failed(let refusal):
      counters.refused += 1
      outcome = .refused(refusal)
    }
    statusIsDue = true
    let isSpooled = if case .file = report.origin { true } else { false }
    lastToken += 1
    awaitingJournal[lastToken] = (isSpooled ? report.frameID : nil, outcome)
    send(entry(for: report), lastToken)
  }

  private func send(_ entry: JournalEntry, _ token: UInt64) {
    // In order: nothing overtakes what is waiting.
    guard unsent.isEmpty, writer.enqueue(entry, token: token) else {
      unsent.append((entry, token))
      return
    }
  }

  /// The journal has these entries: their frames are finished.
  func takeCompletions() {
    for token in writer.drainCompletions() {
      guard let (id, outcome) = awaitingJournal.removeValue(forKey: token), let id else { continue }
      do throws(FramesError) {
        try spool?.finish(id, outcome, now: .now())
      } catch {
        tell(Daemon.trouble(error, in: settings.folder?.incoming ?? ""))
      }
    }
    while let (entry, token) = unsent.first, writer.enqueue(entry, token: token) {
      unsent.removeFirst()
    }
    if let failure = writer.failure {
      // Nobody reads any more (a closed pipe): what was claimed goes back, unfinished.
      exitCode = 1
      printFatal("cannot write detections: \(failure)")
      loop.exit(code: exitCode)
      return
    }
    proceed()
  }

  /// Does what was put off until now.
  func expire() {
    let now = MonotonicTime.now()
    spool?.expire(now: now)
    for event in stream?.expire(now: now) ?? [] { take(event) }
    for summary in limiter.takeSummaries(at: loop.now) {
      writer.enqueue(summary.entry(about: "notices of one kind"))
    }
    proceed()
  }

  private func armDeadline() {
    var next = state == .running ? spool?.nextDeadline : nil
    func consider(_ time: MonotonicTime?) {
      guard let time else { return }
      next = min(next ?? time, time)
    }
    consider(stream?.deadline)
    if statusIsDue, let lastStatus { consider(lastStatus + Daemon.statusInterval) }
    var time = next.map { Duration.microseconds(Int64(clamping: $0.microsecondsRoundedUp)) }
    if let summary = limiter.nextSummary { time = min(time ?? summary, summary) }
    if let time { deadlineTimer?.arm(at: time) } else { deadlineTimer?.disarm() }
  }

  /// Whether no frame is under way anywhere.
  var isIdle: Bool {
    (pipeline?.isIdle ?? true) && awaitingJournal.isEmpty && unsent.isEmpty
  }

  private func endIfDone() {
    guard isIdle, !isLoading else { return }
    switch state {
    case .starting: return
    case .stopping: loop.exit(code: exitCode)
    case .running:
      let folderIsDone =
        spool == nil
        || (settings.endsWhenDrained && spool?.backlogCount == 0 && spool?.inHandCount == 0)
      if stream == nil, streamBacklog.isEmpty, folderIsDone, pendingSettings == nil { stop() }
    }
  }
}
