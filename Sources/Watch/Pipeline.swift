package import Frames

/// The thread that turns frames into outcomes, seen from the event loop's side.
///
/// Frames go in through a bounded mailbox and come back as outcomes in the same order. The
/// classifier lives on the thread alone, is loaded there, and is replaced there: a model that
/// cannot be loaded leaves the old one running.
package struct Pipeline: ~Copyable {
  /// What the event loop asks for.
  private enum Job: Sendable {
    case load(Classifier.Settings)
    case classify(EncodedFrame)
    case stop
  }

  /// What comes back.
  package enum Event: Sendable {
    /// A model was loaded; frames after this are classified by it.
    case loaded(ModelDescription)
    /// A model could not be loaded; the one before, if any, goes on.
    case loadFailed(WatchError)
    case finished(FrameReport)
  }

  /// Two frames: one in work and one ready behind it, so the thread never waits for the disk while
  /// memory stays bounded.
  package static let frameCapacity = 2

  private let jobs: Mailbox<Job>
  private let events: Mailbox<Event>
  private let thread: WorkerThread
  /// Frames handed over whose outcome has not come back yet, oldest first, with the time at which
  /// each one was handed over.
  private var inFlight: [MonotonicTime] = []

  /// Starts the thread and loads the model; an ``Event`` tells how that went.
  ///
  /// - Throws: ``WatchError/system(reason:)`` where a descriptor or the thread cannot be had.
  package init(_ settings: Classifier.Settings) throws(WatchError) {
    // Room for the frames, one load and the stop.
    let jobs = try Mailbox<Job>(capacity: Pipeline.frameCapacity + 2)
    let events = try Mailbox<Event>(capacity: Pipeline.frameCapacity + 2)
    let thread = try WorkerThread { Pipeline.work(jobs: jobs, events: events) }
    jobs.post(.load(settings))
    // Swift 6.0 crashes on an init of a noncopyable type that throws after a property has its value.
    self.init(jobs: jobs, events: events, thread: thread)
  }

  private init(jobs: Mailbox<Job>, events: Mailbox<Event>, thread: consuming WorkerThread) {
    self.jobs = jobs
    self.events = events
    self.thread = thread
  }

  /// Readable while there are events.
  package var eventFileDescriptor: Int32 { events.fileDescriptor }

  /// How many more frames it takes now.
  package var vacancies: Int { Pipeline.frameCapacity - inFlight.count }

  package var isIdle: Bool { inFlight.isEmpty }

  /// When the oldest frame in work was handed over; nil if there is none.
  package var oldestInFlight: MonotonicTime? { inFlight.first }

  /// Hands a frame over; the caller has seen that there is a vacancy.
  package mutating func submit(_ frame: EncodedFrame) {
    precondition(vacancies > 0, "a frame was handed to a full pipeline")
    inFlight.append(.now())
    jobs.post(.classify(frame))
  }

  /// Loads another model behind the frames that are already in.
  package func load(_ settings: Classifier.Settings) { jobs.post(.load(settings)) }

  /// Takes the events that are there, oldest first.
  package mutating func takeEvents() -> [Event] {
    let taken = events.takeAll()
    for case .finished in taken { inFlight.removeFirst() }
    return taken
  }

  /// Ends the thread after the frames that are in. Their outcomes must have been taken.
  package consuming func stop() {
    jobs.post(.stop)
    thread.join()
  }

  /// The thread's loop.
  private static func work(jobs: Mailbox<Job>, events: Mailbox<Event>) {
    var classifier: Classifier?
    while true {
      switch jobs.take() {
      case .load(let settings):
        do throws(WatchError) {
          let loaded = try Classifier(settings)
          let description = loaded.model
          classifier = consume loaded
          events.post(.loaded(description))
        } catch {
          events.post(.loadFailed(error))
        }
      case .classify(let frame):
        guard let model = classifier?.model,
          let outcome = frame.bytes.withUnsafeBytes({ classifier?.classify($0) })
        else { preconditionFailure("a frame came before a model was loaded") }
        events.post(
          .finished(
            FrameReport(
              frameID: frame.id, origin: frame.origin, outcome: outcome, model: model,
              latency: MonotonicTime.now() - frame.arrival)))
      case .stop:
        return
      }
    }
  }
}
