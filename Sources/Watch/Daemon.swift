import Frames
public import Journal

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The pipeline from the sources to the journal, run by the main thread's event loop: the service,
/// and `vedette watch`.
///
/// A frame's way: a source gives it (a spool's file is claimed first), the pipeline's thread gives its
/// outcome, the writer's thread puts that into the journal, and only then is the file deleted or
/// moved. All of the spool's state belongs to the main thread.
///
/// A class because the event loop's handlers share it. Not Sendable: it belongs to the thread
/// that runs it.
public final class Daemon {
  /// What a frame's line looks like.
  public enum Presentation: Sendable {
    case journal
    case json
  }

  /// Gives the settings anew when a reload is asked for; throws one line that says what is wrong.
  public typealias Reload = () throws(WatchError) -> WatchSettings

  var settings: WatchSettings
  let presentation: Presentation
  let notifier: ServiceNotifier
  let reloadSettings: Reload?

  let loop: EventLoop
  let writer: JournalWriter
  var pipeline: Pipeline?
  var spool: FolderSpool?
  var stream: StreamSource?

  /// The event sources, kept because a source ends with its object.
  var sources: [EventSource] = []
  var spoolSource: EventSource?
  /// The descriptor that `spoolSource` watches.
  var spoolDescriptor: CInt?
  var streamSource: EventSource?
  var deadlineTimer: EventTimer?
  var watchdogTimer: EventTimer?

  /// Frames of the pipe that were read and not yet taken by the pipeline; bounded by what one read
  /// brings, because no more is read while there are any.
  var streamBacklog: [EncodedFrame] = []
  /// Frames whose entry is on its way to the journal, by the entry's token; the id is nil for those
  /// of the pipe, which have nothing to be finished in the spool.
  var awaitingJournal: [UInt64: (id: String?, outcome: SpoolOutcome)] = [:]
  /// Entries that the writer had no room for, with their tokens; while there are any no frame is
  /// submitted and none is read.
  var unsent: [(entry: JournalEntry, token: UInt64)] = []
  var lastToken: UInt64 = 0
  var limiter = RateLimiter()

  var model: ModelDescription?
  var counters = Counters()
  var state = State.starting
  /// A model is being loaded.
  var isLoading = true
  /// Settings to change to once nothing is in work.
  var pendingSettings: WatchSettings?
  /// Why the last reload changed nothing, in one line; nil if it changed something.
  var refusedReload: String?
  /// A reload was asked for while it could not be begun.
  var reloadWasAsked = false
  var lastLine = ""
  var lastStatus: MonotonicTime?
  var statusIsDue = false
  var stallWasReported = false
  var exitCode: Int32 = 0

  enum State {
    /// No model is loaded yet.
    case starting
    case running
    /// No more frames are taken; those in work are finished.
    case stopping
  }

  /// What went through since the start.
  public struct Counters: Sendable, Hashable {
    public var decided: UInt64 = 0
    public var refused: UInt64 = 0
    /// Frames of the pipe that were read and given up because the service stopped.
    public var dropped: UInt64 = 0
  }

  /// - Parameters:
  ///   - sink: where entries go.
  ///   - reload: for SIGHUP; nil where there is nothing to reload.
  /// - Throws: ``WatchError`` where a source cannot be opened or the system lacks a resource.
  public init(
    _ settings: WatchSettings, sink: any JournalSink, presentation: Presentation = .journal,
    notifier: ServiceNotifier = ServiceNotifier(), reload: Reload? = nil
  ) throws(WatchError) {
    self.settings = settings
    self.presentation = presentation
    self.notifier = notifier
    reloadSettings = reload
    // Before the first thread: all threads inherit the mask. A reader that goes away is an error
    // of write(2), not the end of the service.
    EventLoop.blockSignals(SIGTERM, SIGINT, SIGHUP)
    signal(SIGPIPE, SIG_IGN)
    do {
      loop = try EventLoop()
      writer = try JournalWriter(sink: sink)
    } catch let error as EventLoop.Failure {
      throw .system(reason: error.description)
    } catch {
      throw .system(reason: "\(error)")
    }
    // The model loads on the pipeline's thread while the sources open here.
    pipeline = try Pipeline(settings.classifier)
    try openSources()
    try addEventSources()
  }

  /// Runs until a signal ends it, or the sources do; returns the exit status.
  public func run() throws(WatchError) -> Int32 {
    let code: Int32
    do throws(EventLoop.Failure) {
      code = try loop.run()
    } catch {
      throw .system(reason: error.description)
    }
    close()
    return code
  }

  private func openSources() throws(WatchError) {
    let now = MonotonicTime.now()
    if let folder = settings.folder {
      spool = try openSpool(folder, now)
    }
    do throws(FramesError) {
      switch settings.stream {
      case .fifo(let path)?:
        stream = try StreamSource(
          openingFIFO: path, nonce: Daemon.nonce(), limits: settings.streamLimits)
      case .descriptor(let descriptor, let name)?:
        stream = try StreamSource(
          adopting: descriptor, name: name, nonce: Daemon.nonce(), limits: settings.streamLimits)
      case nil: break
      }
    } catch {
      throw .source(name: "pipe", reason: error.description)
    }
  }

  func openSpool(
    _ configuration: SpoolConfiguration, _ now: MonotonicTime
  ) throws(WatchError) -> FolderSpool {
    do throws(FramesError) {
      var spool = try FolderSpool(configuration, now: now)
      try spool.recover(now: now)
      return spool
    } catch {
      throw .source(name: configuration.incoming, reason: error.description)
    }
  }

  private func addEventSources() throws(WatchError) {
    do throws(EventLoop.Failure) {
      // Outcomes first: they make room for what the sources bring.
      if let descriptor = pipeline?.eventFileDescriptor {
        let source = try loop.addIO(descriptor, .readable) { [unowned self] _ in
          takePipelineEvents()
        }
        source.setPriority(-20)
        sources.append(source)
      }
      let completions = try loop.addIO(writer.completionFileDescriptor, .readable) {
        [unowned self] _ in takeCompletions()
      }
      completions.setPriority(-10)
      sources.append(completions)
      sources.append(try loop.addSignal(SIGTERM) { [unowned self] in stop() })
      sources.append(try loop.addSignal(SIGINT) { [unowned self] in stop() })
      sources.append(try loop.addSignal(SIGHUP) { [unowned self] in reload() })
      deadlineTimer = try loop.addTimer(accuracy: .milliseconds(50)) { [unowned self] in
        expire()
      }
      if let interval = ServiceNotifier.watchdogInterval() {
        // Fed after a half of the interval, and so after three quarters of it at the latest.
        watchdogTimer = try loop.addTimer(accuracy: interval / 4) { [unowned self] in
          feedWatchdog()
        }
      }
      try watchSpool()
      if let descriptor = stream?.fileDescriptor, stream?.canBeWaitedFor ?? false {
        streamSource = try loop.addIO(descriptor, .readable) { [unowned self] _ in
          readStream()
        }
      } else if stream != nil {
        // A plain file is always readable: it has its turn in each round of the loop.
        streamSource = try loop.addDeferred { [unowned self] in readStream() }
      }
      // Nothing is read before there is a model to read it for.
      streamSource?.isEnabled = false
      spoolSource?.isEnabled = false
    } catch {
      throw .system(reason: error.description)
    }
  }

  /// Waits on the spool's present descriptor, which changes when a folder comes back.
  func watchSpool() throws(EventLoop.Failure) {
    let descriptor = spool?.eventFileDescriptor
    guard descriptor != spoolDescriptor else { return }
    forgetSpoolDescriptor()
    spoolDescriptor = descriptor
    if let descriptor {
      spoolSource = try loop.addIO(descriptor, .readable) { [unowned self] _ in
        spool?.drainEvents(now: .now())
        proceed()
      }
    }
  }

  /// To be called before the spool closes its descriptor, where it is known that it will.
  func forgetSpoolDescriptor() {
    spoolSource?.remove()
    spoolSource = nil
    spoolDescriptor = nil
  }

  private func close() {
    spool?.releaseAll()
    reportNotices()
    for summary in limiter.takeSummaries(at: loop.now, isClosing: true) {
      writer.enqueue(summary.entry(about: "notices of one kind"))
    }
    pipeline.take()?.stop()
    writer.close()
  }

  private static func nonce() -> UInt64 { UInt64.random(in: .min ... .max) }
}
