import Datasets
import Evaluation
import FloatGraph
import Tensors

/// Runs the deployed kernels over kept frames and compares their answers with the float network's.
struct Measurement {
  let graph: FloatGraph
  let store: CalibrationStore
  let threads: Int

  /// The frames that judge: those held out from the fits, or all where there are none.
  var judges: [Int] {
    let held = store.frames.indices.filter { store.frames[$0].isHeldOut }
    return held.isEmpty ? Array(store.frames.indices) : held
  }

  /// By size.
  func summaries(
    _ plan: QuantizationPlan, sizes: [ImageExtents], frames: [Int], isCancelled: () -> Bool
  ) throws(QuantizationError) -> [AnswerSummary] {
    let task = Task(
      network: try DeployedNetwork(graph, plan: plan, sizes: sizes),
      frames: frames.map { store.frames[$0] }, sizeCount: sizes.count,
      areProbabilities: graph.endsInSoftmax)
    var summaries = [AnswerSummary](repeating: AnswerSummary(), count: sizes.count)
    let finished = try processInOrder(
      count: frames.count, threads: threads, isCancelled: isCancelled,
      makeWorker: { () throws(QuantizationError) in try task.worker() }
    ) { (_, comparisons: [FrameComparison]) throws(QuantizationError) in
      for size in comparisons.indices { summaries[size].add(comparisons[size]) }
    }
    guard finished else { throw .cancelled }
    return summaries
  }

  private struct Task: Sendable {
    let network: DeployedNetwork
    let frames: [CalibrationStore.Frame]
    let sizeCount: Int
    let areProbabilities: Bool

    func worker() throws(QuantizationError) -> (Int) -> [FrameComparison] {
      let runner = try network.runner()
      return { index in
        let frame = frames[index]
        return (0..<sizeCount).map { size in
          let reference = frame.answers[size]
          let answer = runner.answer(frame.inputs[size], size: size)
          return FrameComparison(
            candidate: ModelOutput(answer, areProbabilities: areProbabilities),
            reference: ModelOutput(reference, areProbabilities: areProbabilities),
            trueClass: frame.classIndex.flatMap { $0 < reference.count ? $0 : nil })
        }
      }
    }
  }
}

extension FloatGraph {
  /// Whether its answer are probabilities.
  var endsInSoftmax: Bool {
    var value = output
    while let node = nodes.last(where: { $0.output == value }) {
      switch node.operation {
      case .softmax: return true
      case .reshape: value = node.inputs[0]
      default: return false
      }
    }
    return false
  }
}
