public import Frames
public import Journal

/// One frame with its outcome, as the journal, a terminal and a JSON line show it.
public struct FrameReport: Sendable {
  public var frameID: String
  public var origin: FrameOrigin
  public var outcome: FrameOutcome
  public var model: ModelDescription
  /// From the frame's arrival to its outcome.
  public var latency: Duration

  public init(
    frameID: String, origin: FrameOrigin, outcome: FrameOutcome, model: ModelDescription,
    latency: Duration
  ) {
    self.frameID = frameID
    self.origin = origin
    self.outcome = outcome
    self.model = model
    self.latency = latency
  }
}

extension FrameOrigin {
  /// SOURCE: the folder, or the pipe's name.
  var source: String {
    switch self {
    case .file(_, let directory): directory
    case .stream(let name, _): name
    }
  }

  /// What a line calls the frame, printable.
  var displayName: String {
    switch self {
    case .file(let name, _): name.printable
    case .stream(let name, let sequence): "\(name) #\(sequence)"
    }
  }
}

// MARK: - The journal

extension FrameReport {
  /// The most that model.top may be.
  static let maximumEntryCandidates = 10

  /// The entry of design section 7: `tabby cat 0.87 (front-door/0001.jpg, 6.1 ms)` and its fields.
  public var journalEntry: JournalEntry {
    var entry: JournalEntry
    switch outcome {
    case .decided(let detection):
      let best = detection.best
      entry = JournalEntry(
        .detection, .notice,
        "\(best.label) \(decimalText(best.score, places: 2)) "
          + "(\(origin.displayName), \(decimalText(latency.milliseconds, places: 1)) ms)")
      appendFrame(to: &entry)
      entry.append(.label, best.label)
      entry.append(.labelIndex, best.index)
      entry.append(.confidence, decimalText(best.score, places: 4))
      // An entry has room for a limited number of fields, and nobody greps for the twentieth label.
      for candidate in detection.candidates.prefix(FrameReport.maximumEntryCandidates) {
        entry.append(.top5, "\(decimalText(candidate.score, places: 4)) \(candidate.label)")
      }
      entry.append(.modelID, model.id)
      entry.append(.level, model.level)
      entry.append(.weightBits, model.weightBits)
      entry.append(.decodeMicroseconds, detection.decodeTime.wholeMicroseconds)
      entry.append(.inferMicroseconds, detection.inferTime.wholeMicroseconds)
      entry.append(.latencyMicroseconds, latency.wholeMicroseconds)
    case .failed(let refusal):
      entry = FrameReport.refusal(refusal, origin: origin)
      entry.append(.frameID, frameID)
      entry.append(.latencyMicroseconds, latency.wholeMicroseconds)
    }
    return entry
  }

  /// A refused frame's entry: `refused front-door/0001.jpg: truncated: …`.
  static func refusal(_ refusal: FrameRefusal, origin: FrameOrigin) -> JournalEntry {
    var entry = JournalEntry(
      .frameRefused, .warning,
      "refused \(origin.displayName): \(refusal.code): \(refusal.detail), skipping frame")
    entry.append(.source, origin.source)
    if case .file(let name, _) = origin { entry.append(.framePath, bytes: name.bytes) }
    entry.append(.reason, refusal.code)
    entry.append(.detail, refusal.detail)
    return entry
  }

  private func appendFrame(to entry: inout JournalEntry) {
    entry.append(.frameID, frameID)
    entry.append(.source, origin.source)
    if case .file(let name, _) = origin { entry.append(.framePath, bytes: name.bytes) }
  }
}

// MARK: - JSON

extension FrameReport {
  /// One line: `{"path":…,"model_id":…,"width":…,"height":…,"top":[{"index","label","score"}…],
  /// "decode_us":…,"infer_us":…}` or `{"path":…,"error":{"code":…,"message":…}}`.
  ///
  /// - Parameter path: what to call the frame; the file's path, or the pipe's name and the
  ///   frame's number.
  public func json(path: String) -> String {
    switch outcome {
    case .decided(let detection):
      var members: [(String, JSONText)] = [
        ("path", .string(path)),
        ("model_id", .string(model.id)),
        ("width", .integer(detection.width)),
        ("height", .integer(detection.height)),
        (
          "top",
          .array(
            detection.candidates.map {
              .object([
                ("index", .integer($0.index)), ("label", .string($0.label)),
                ("score", .decimal($0.score, digits: 6)),
              ])
            })
        ),
        ("decode_us", .integer(Int(detection.decodeTime.wholeMicroseconds))),
        ("infer_us", .integer(Int(detection.inferTime.wholeMicroseconds))),
      ]
      if let digest = detection.outputDigest { members.append(("digest", .string(digest))) }
      return JSONText.object(members).description
    case .failed(let refusal):
      return FrameReport.errorJSON(path: path, code: refusal.code, message: refusal.detail)
    }
  }

  /// The line of a file that gave no detection.
  public static func errorJSON(path: String, code: String, message: String) -> String {
    JSONText.object([
      ("path", .string(path)),
      ("error", .object([("code", .string(code)), ("message", .string(message))])),
    ]).description
  }
}

extension Duration {
  /// In milliseconds, for people.
  public var milliseconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) * 1e3 + Double(attoseconds) / 1e15
  }
}
