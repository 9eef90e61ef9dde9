import Datasets
import FloatGraph
import Model
import Tensors

/// The float network's run over all calibration frames, at every size.
struct CalibrationPass {
  let graph: FloatGraph
  let groups: ActivationGroups
  let layers: [WeightedLayer]
  let frames: FrameSet
  let options: QuantizerOptions
  let input: Quantization
  let sizes: [ImageExtents]

  /// By size, by layer.
  private let samplers: [[PatchSampler]]
  private let plan: RowPlan
  /// Which of all frames are kept, by their place.
  private let kept: [Int: Bool]

  init(
    graph: FloatGraph, groups: ActivationGroups, layers: [WeightedLayer], frames: FrameSet,
    options: QuantizerOptions, input: Quantization, sizes: [ImageExtents]
  ) throws(QuantizationError) {
    self.graph = graph
    self.groups = groups
    self.layers = layers
    self.frames = frames
    self.options = options
    self.input = input
    self.sizes = sizes
    var samplers: [[PatchSampler]] = []
    for size in sizes {
      let shapes = try graph.checkedShapes(size)
      var row: [PatchSampler] = []
      for layer in layers {
        guard let sampler = layer.sampler(shape: shapes[layer.input], seed: options.seed) else {
          throw .unsuitableSize(
            height: size.height, width: size.width, node: layer.name,
            reason: "its window does not fit its input of \(shapes[layer.input])")
        }
        row.append(sampler)
      }
      samplers.append(row)
    }
    self.samplers = samplers
    let plan = RowPlan(
      layers: layers,
      positions: samplers.map { $0.map { $0.outputHeight * $0.outputWidth } },
      frameCount: frames.frames.count,
      inputBytes: sizes.reduce(0) { $0 + $1.height * $1.width * $1.channels })
    self.plan = plan
    kept = CalibrationPass.split(
      count: frames.frames.count, kept: plan.frameCount, seed: options.seed)
  }

  /// The frames that rounding looks at, evenly spread, with whether each is held out from the fits:
  /// one of three, none where there are fewer than three.
  private static func split(count: Int, kept: Int, seed: UInt64) -> [Int: Bool] {
    var random = SplitMix64(seed: seed)
    let offset = random.next(below: 3)
    var result: [Int: Bool] = [:]
    for place in 0..<kept {
      result[place * count / kept] = kept >= 3 && (place + offset) % 3 == 2
    }
    return result
  }

  /// What one frame gave.
  private struct FrameYield: Sendable {
    var hash: [UInt8] = []
    var observers: [RangeObserver] = []
    var frame: CalibrationStore.Frame?
  }

  /// The positions whose rows are looked at.
  func positions(size: Int, layer: Int, frame: Int) -> [Int] {
    samplers[size][layer].positions(limit: plan.rows[size][layer], frame: frame)
  }

  func sampler(size: Int, layer: Int) -> PatchSampler { samplers[size][layer] }

  func run(_ monitor: QuantizerMonitor) throws(QuantizationError) -> CalibrationStore {
    let (unclipped, outputs) = graph.unclipping(layers)
    let program: FloatProgram
    do {
      program = try FloatProgram(unclipped)
    } catch {
      throw QuantizationError(error)
    }
    let count = frames.frames.count
    var store = CalibrationStore(
      observers: groups.representatives.map { _ in RangeObserver() })
    var hash = SHA256()
    let placeOfGroup = Dictionary(
      uniqueKeysWithValues: groups.representatives.enumerated().map { ($1, $0) })
    let observed: [Int?] = unclipped.values.indices.map { value in
      value < graph.values.count ? placeOfGroup[groups.representative(of: value)] : nil
    }
    let layersOfValue = Dictionary(grouping: layers.indices) { outputs[$0] }
    let task = FrameTask(
      pass: self, program: program, observed: observed, layersOfValue: layersOfValue)
    let finished = try processInOrder(
      count: count, threads: options.threads, isCancelled: monitor.isCancelled,
      makeWorker: { () throws(QuantizationError) in try task.worker() }
    ) { (index, outcome: Result<FrameYield, DatasetError>) throws(QuantizationError) in
      switch outcome {
      case .failure(let error): store.refused.append(error)
      case .success(let yield):
        yield.hash.withUnsafeBytes { hash.update($0) }
        for place in store.observers.indices {
          store.observers[place].merge(yield.observers[place])
        }
        store.frameCount += 1
        if let frame = yield.frame { store.frames.append(frame) }
      }
      monitor.progress(.init(phase: .calibrating, done: index + 1, total: count))
    }
    guard finished else { throw .cancelled }
    guard !store.frames.isEmpty else {
      throw .noFrames(
        folder: frames.folder,
        reason: store.refused.first.map { "none can be decoded; the first: \($0)" }
          ?? "there is none")
    }
    store.hash = hexadecimal(hash.finish())
    return store
  }

  /// What the threads share; all of it is read only.
  private struct FrameTask: Sendable {
    let pass: CalibrationPass
    let program: FloatProgram
    /// By value: the place of its observer.
    let observed: [Int?]
    let layersOfValue: [Int: [Int]]

    func worker() throws(QuantizationError) -> (Int) -> Result<FrameYield, DatasetError> {
      let readers = try SizedReaders(pass.sizes, pass.options.preprocessing, pass.input)
      let executors = try SizedExecutors(program, pass.sizes)
      return { index in run(index, readers, executors) }
    }

    private func run(
      _ index: Int, _ readers: SizedReaders, _ executors: SizedExecutors
    ) -> Result<FrameYield, DatasetError> {
      var yield = FrameYield()
      yield.observers = pass.groups.representatives.map { _ in RangeObserver() }
      let isHeldOut = pass.kept[index]
      var inputs: [[Int8]] = []
      var answers: [[Float]] = []
      var outputs: [[[Float]]] = []
      for size in pass.sizes.indices {
        do throws(DatasetError) {
          try readers.read(pass.frames.frames[index].path, size: size)
        } catch {
          return .failure(error)
        }
        if size == 0 { yield.hash = readers.fileHash }
        var rows = [[Float]](repeating: [], count: pass.layers.count)
        let answer = executors.run(readers.reals, size: size) { value, elements in
          if let place = observed[value] { yield.observers[place].observe(elements) }
          guard isHeldOut != nil, let layers = layersOfValue[value] else { return }
          for layer in layers {
            let outputCount = pass.layers[layer].weights.outputs
            for position in pass.positions(size: size, layer: layer, frame: index) {
              rows[layer] += elements[position * outputCount..<(position + 1) * outputCount]
            }
          }
        }
        guard isHeldOut != nil else { continue }
        inputs.append(readers.stored)
        answers.append(answer)
        outputs.append(rows)
      }
      if let isHeldOut {
        yield.frame = CalibrationStore.Frame(
          index: index, classIndex: pass.frames.frames[index].classIndex, isHeldOut: isHeldOut,
          inputs: inputs, answers: answers, outputs: outputs)
      }
      return .success(yield)
    }
  }
}

/// A reader for each size. A class because ~Copyable readers go into no array, and a closure keeps
/// it; one thread's own.
private final class SizedReaders {
  private final class One {
    var reader: FrameReader
    init(_ reader: consuming FrameReader) { self.reader = reader }
  }

  private let readers: [One]
  private(set) var reals: [Float] = []
  private(set) var stored: [Int8] = []
  private(set) var fileHash: [UInt8] = []

  init(
    _ sizes: [ImageExtents], _ preprocessing: Preprocessing, _ input: Quantization
  ) throws(QuantizationError) {
    var readers: [One] = []
    for size in sizes {
      guard let shape = Shape([1, size.height, size.width, size.channels]) else {
        throw .invalidGraph(reason: "an input of \(size.width)x\(size.height) is too large")
      }
      do {
        readers.append(
          One(
            try FrameReader(
              preprocessing.forInput(height: size.height), shape: shape, elementType: .int8,
              quantization: input)))
      } catch {
        throw .unsuitableInput(reason: error.description)
      }
    }
    self.readers = readers
  }

  func read(_ path: String, size: Int) throws(DatasetError) {
    let one = readers[size]
    _ = try one.reader.read(path)
    one.reader.dequantize(into: &reals)
    stored = one.reader.input.withUnsafeBytes { Array($0.bindMemory(to: Int8.self)) }
    fileHash = SHA256.hash(one.reader.fileBytes)
  }
}

/// An executor for each size; see ``SizedReaders``.
private final class SizedExecutors {
  private final class One {
    var executor: FloatExecutor
    init(_ executor: consuming FloatExecutor) { self.executor = executor }
  }

  private let executors: [One]

  init(_ program: FloatProgram, _ sizes: [ImageExtents]) throws(QuantizationError) {
    var executors: [One] = []
    for size in sizes {
      do {
        executors.append(
          One(try FloatExecutor(program, height: size.height, width: size.width)))
      } catch {
        throw QuantizationError(error)
      }
    }
    self.executors = executors
  }

  func run(
    _ input: [Float], size: Int, observe: (Int, UnsafeBufferPointer<Float>) -> Void
  ) -> [Float] {
    executors[size].executor.run(input: input, observe: observe)
  }
}

extension FloatGraph {
  /// The shapes of all values at a size.
  func checkedShapes(_ size: ImageExtents) throws(QuantizationError) -> [[Int]] {
    do {
      return try shapes(height: size.height, width: size.width)
    } catch {
      throw QuantizationError(error)
    }
  }
}
