public import Datasets
import Model

/// Shows every frame of a set to one network or to two, on several threads.
///
/// The networks get the very same input: the candidate's own. Memory does not grow with the frames
/// but for the ``Evaluator``'s 200 bytes each.
public struct EvaluationRun: Sendable {
  /// A frame with what the networks said.
  public struct Answered: Sendable {
    /// Its place among the set's frames.
    public let index: Int
    public let comparison: FrameComparison
    public let traits: FrameTraits
    public let candidate: ModelOutput
    public let reference: ModelOutput?
    /// The candidate's input, in its own element type, row-major; empty unless it was asked for.
    public let input: [UInt8]
  }

  public var candidate: EvaluationSubject
  public var reference: EvaluationSubject?
  public var frames: FrameSet
  public var threads: Int
  /// Whether ``Answered/input`` is filled.
  public var keepsInputs = false

  /// Throws ``EvaluationError/incomparable(reason:)`` where the two cannot answer the same frames.
  public init(
    _ candidate: EvaluationSubject, against reference: EvaluationSubject? = nil,
    frames: FrameSet, threads: Int
  ) throws(EvaluationError) {
    if let reference {
      let names = "\(candidate.model.path) and \(reference.model.path)"
      guard reference.classCount == candidate.classCount else {
        throw .incomparable(
          reason: "\(names) have \(candidate.classCount) and \(reference.classCount) classes")
      }
      let isSame =
        reference.input.elementType == candidate.input.elementType
        && reference.input.quantization == candidate.input.quantization
      let isFloat = if case .float = reference.source { true } else { false }
      guard reference.input.shape == candidate.input.shape, isSame || isFloat else {
        throw .incomparable(
          reason: "\(names) take different inputs: \(candidate.input.text) and "
            + reference.input.text)
      }
    }
    self.candidate = candidate
    self.reference = reference
    self.frames = frames
    self.threads = threads
  }

  /// Evaluates all frames.
  ///
  /// - Parameters:
  ///   - isCancelled: asked some ten times a second.
  ///   - consume: gets each answered frame in the order of the paths, on the caller's thread.
  ///   - progress: gets the count of the frames that are done, after each.
  /// - Returns: nil where it was cancelled.
  public func run(
    _ evaluator: consuming Evaluator, isCancelled: () -> Bool = { false },
    consume: (Answered) throws(EvaluationError) -> Void = { _ in },
    progress: (Int) -> Void = { _ in }
  ) throws(EvaluationError) -> EvaluationResult? {
    var evaluator = evaluator
    var skipped: [SkippedFrame] = []
    let (candidate, reference, frames, keepsInputs) =
      (candidate, reference, frames.frames, keepsInputs)
    let isFinished = try processInOrder(
      count: frames.count, threads: threads, isCancelled: isCancelled,
      makeWorker: { () throws(EvaluationError) in
        var worker = try EvaluationWorker(candidate, reference, keepsInputs: keepsInputs)
        return { index in worker.answer(index, frames[index]) }
      },
      consume: { index, outcome throws(EvaluationError) in
        switch outcome {
        case .success(let answered):
          evaluator.add(frames[index], answered.comparison, traits: answered.traits)
          try consume(answered)
        case .failure(let failure):
          skipped.append(SkippedFrame(file: frames[index].name, reason: failure.reason))
        }
        progress(index + 1)
      })
    guard isFinished else { return nil }
    guard evaluator.frameCount > 0 else {
      throw .noAnswers(
        count: frames.count, reason: skipped.first.map { "\($0.file): \($0.reason)" } ?? "")
    }
    return evaluator.result(
      model: candidate.model, reference: reference?.model, skipped: skipped)
  }
}

/// Why one frame has no answer.
private struct FrameFailure: Error {
  let reason: String
}

/// One thread's reader and networks.
private struct EvaluationWorker: ~Copyable {
  private var reader: FrameReader
  private var candidate: ModelRunner
  private var reference: ModelRunner?
  private var elements: [Float] = []
  private let classCount: Int
  private let keepsInputs: Bool

  init(
    _ candidate: EvaluationSubject, _ reference: EvaluationSubject?, keepsInputs: Bool
  ) throws(EvaluationError) {
    let reader: FrameReader
    do {
      reader = try FrameReader(candidate.preprocessing, input: candidate.input)
    } catch {
      throw .dataset(error)
    }
    let candidateRunner = try ModelRunner(candidate)
    var referenceRunner: ModelRunner?
    if let reference { referenceRunner = try ModelRunner(reference) }
    self.reader = reader
    self.candidate = candidateRunner
    self.reference = referenceRunner
    classCount = candidate.classCount
    self.keepsInputs = keepsInputs
  }

  mutating func answer(
    _ index: Int, _ frame: FrameSet.Frame
  ) -> Result<EvaluationRun.Answered, FrameFailure> {
    do throws(DatasetError) {
      let info = try reader.read(frame.path)
      reader.dequantize(into: &elements)
      let output = candidate.run(reader, elements)
      let other = reference?.run(reader, elements)
      guard output.isFinite, other?.isFinite ?? true else {
        return .failure(FrameFailure(reason: "the network's answer is not finite"))
      }
      // A set that was read without knowing the model may name classes that it does not have.
      guard frame.classIndex ?? 0 < classCount else {
        return .failure(
          FrameFailure(reason: "its class is none of the network's \(classCount)"))
      }
      return .success(
        EvaluationRun.Answered(
          index: index,
          comparison: FrameComparison(
            candidate: output, reference: other, trueClass: frame.classIndex),
          traits: reader.traits(info, dequantized: elements), candidate: output, reference: other,
          input: keepsInputs ? reader.input.withUnsafeBytes { Array($0) } : []))
    } catch {
      return .failure(FrameFailure(reason: error.reason))
    }
  }
}

extension DatasetError {
  /// The text without the path that it begins with: who lists files names them already.
  fileprivate var reason: String {
    switch self {
    case .undecodable(_, _, let reason), .unreadable(_, let reason), .tooLarge(_, let reason):
      reason
    default: description
    }
  }
}

extension TensorInfo {
  /// Its shape and what its elements are.
  fileprivate var text: String {
    let scale = quantization.map { ", scale \($0.scale), zero point \($0.zeroPoint)" } ?? ""
    return "\(elementType) \(shape)\(scale)"
  }
}
