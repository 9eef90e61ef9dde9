public import Datasets
public import Evaluation
public import FloatGraph
import Model
import Tensors

/// Turns a float network into integers: ranges from frames, weights rounded layer by layer on what
/// the integer kernels feed them, and a record of what was done and lost.
///
/// The same graph, frames, options and seed give the same bytes, on any CPU and number of threads.
/// Memory does not grow with the number of frames (see ``CalibrationStore``).
///
/// Of a graph whose source was quantised before, scales that the source gives are kept: of
/// activations always, of weights with ``QuantizerOptions/Method/auto`` where the bits hold them.
/// Where nothing is left to be chosen it needs no frames; then nothing is measured either.
public struct Quantizer {
  let graph: FloatGraph
  let frames: FrameSet?
  let options: QuantizerOptions
  let groups: ActivationGroups
  let sizes: [ImageExtents]
  let input: Quantization
  let layers: [WeightedLayer]
  /// How many channels of the given graph were 0 for every image and are not in `graph`.
  let removedChannelCount: Int
  private let given: GivenRanges

  /// - Parameters:
  ///   - graph: what its passes have simplified.
  ///   - frames: nil for none.
  /// - Throws: where the graph does not take the sizes, or has no int8 form at all; `needsFrames`
  ///   where there are none and ranges or bits cannot be chosen without.
  public init(
    graph: FloatGraph, frames: FrameSet?, options: QuantizerOptions
  ) throws(QuantizationError) {
    precondition(!options.sizes.isEmpty, "the file has a size of its own")
    let source = options.equalizes ? graph.equalized() : graph
    let channels = source.inputExtents.channels
    let sizes = options.sizes.map { ImageExtents(height: $0, width: $0, channels: channels) }
    for size in sizes { _ = try source.checkedShapes(size) }
    let input = try source.inputQuantization(options.preprocessing)
    // What a source gives for its channels would no longer fit.
    let isGiven = source.nodes.contains { $0.givenWeightScales != nil }
    let (graph, removed) =
      isGiven
      ? (source, 0)
      : source.removingDeadChannels(
        input: ClipRange(minimum: input.realMinimum, maximum: input.realMaximum))
    removedChannelCount = removed
    layers = try WeightedLayer.all(of: graph, shapes: try graph.checkedShapes(sizes[0]))
    groups = ActivationGroups(graph)
    self.input = input
    self.graph = graph
    self.frames = frames
    self.options = options
    self.sizes = sizes
    given = GivenRanges(graph, groups)
    if frames == nil { try checkNothingIsLearnt() }
  }

  private func checkNothingIsLearnt() throws(QuantizationError) {
    if let first = given.missing.first {
      let names = given.missing.prefix(3).map { "'\(graph.values[$0].name)'" }
      throw .needsFrames(
        reason: given.missing.count == 1
          ? "the source gives no scale for '\(graph.values[first].name)'"
          : "the source gives no scales for \(given.missing.count) of "
            + "\(groups.representatives.count) activations, such as "
            + names.joined(separator: ", "))
    }
    if options.weights == .mixed {
      throw .needsFrames(reason: "they tell which layers need the most bits")
    }
  }

  /// Quantises. EfficientNet-Lite0 takes about 0.05 s of CPU a frame and size, `mixed` two to four
  /// times that.
  public func run(_ monitor: QuantizerMonitor = QuantizerMonitor()) throws(QuantizationError)
    -> QuantizationResult
  {
    var calibration: CalibrationPass?
    var store = CalibrationStore(observers: [])
    if let frames {
      let pass = try CalibrationPass(
        graph: graph, groups: groups, layers: layers, frames: frames, options: options,
        input: input, sizes: sizes)
      store = try pass.run(monitor)
      calibration = pass
    }
    var plan = QuantizationPlan()
    plan.activations = try activations(store.observers)
    let pass = RoundingPass(
      graph: graph, layers: layers, calibration: calibration, store: store, options: options,
      sizes: sizes)
    let rounded: [RoundedLayer]
    switch options.weights {
    case .uniform(let bits):
      rounded = try round(pass, &plan, bits: layers.map { $0.bits(asked: bits) }, monitor)
    case .mixed:
      rounded = try PrecisionSearch(quantizer: self, pass: pass, store: store)
        .run(&plan, monitor)
    }
    return try RecordMaker(
      quantizer: self, store: store, plan: plan, rounded: rounded, monitor: monitor
    ).result()
  }

  /// Rounds all layers in their order, each to its bits.
  func round(
    _ pass: RoundingPass, _ plan: inout QuantizationPlan, bits: [Int], _ monitor: QuantizerMonitor
  ) throws(QuantizationError) -> [RoundedLayer] {
    var rounded: [RoundedLayer] = []
    var checkpoint = Checkpoint(graph: graph, sizes: sizes, frames: pass.store.frames)
    for (index, layer) in layers.enumerated() {
      monitor.progress(
        .init(phase: .rounding, done: index, total: layers.count, detail: layer.name))
      var rounding = try pass.rounding(layer: index, plan: plan, nil)
      let given = pass.given(rounding, bits: bits[index])
      if given == nil {
        let statistics = try pass.statistics(layer: index, plan: plan, &checkpoint, monitor)
        rounding = try pass.rounding(layer: index, plan: plan, statistics)
      }
      let result = given ?? pass.rounded(rounding, bits: bits[index])
      plan.layers[layer.node] = result.quantized(inputScale: rounding.limits.inputScale)
      rounded.append(result)
    }
    monitor.progress(.init(phase: .rounding, done: layers.count, total: layers.count))
    return rounded
  }

  /// The map of every activation: given by the source, fixed, or from what was observed.
  private func activations(
    _ observers: [RangeObserver]
  ) throws(QuantizationError) -> [Int: Quantization] {
    var activations: [Int: Quantization] = [:]
    for (place, representative) in groups.representatives.enumerated() {
      let members = groups.members[representative] ?? []
      let chosen: Quantization
      switch groups.fixed[representative] {
      case .networkInput: chosen = input
      case .probabilities: chosen = ActivationGroups.probabilities
      case nil where given.quantizations[representative] != nil:
        for value in members { activations[value] = given.quantizations[value] }
        continue
      case nil:
        let observer = observers[place]
        guard observer.nonFiniteCount == 0 else {
          throw .notFinite(name: graph.values[representative].name)
        }
        chosen = observer.range(options.ranges, clip: clip(representative)).quantization
      }
      for value in members { activations[value] = chosen }
    }
    for (value, content) in graph.values.enumerated() {
      guard let constant = content.constant else { continue }
      guard let quantization = Quantization.covering(constant.elements) else {
        throw .notFinite(name: content.name)
      }
      activations[value] = quantization
    }
    return activations
  }

  /// What the group's numbers cannot leave.
  private func clip(_ representative: Int) -> ClipRange? {
    if let limit = groups.limits[representative] { return limit }
    let members = Set(groups.members[representative] ?? [])
    let sources = graph.nodes.filter {
      members.contains($0.output) && !$0.operation.keepsStoredValues
    }
    let clips = sources.map(\.effectiveClip)
    guard let first = clips.first, let clip = first, clips.allSatisfy({ $0 == first }),
      !members.contains(graph.input)
    else { return nil }
    return clip
  }
}

/// What a quantisation gave.
public struct QuantizationResult: Sendable {
  /// The `.tflite` file.
  public var bytes: [UInt8]
  public var record: QuantizationRecord
  /// Frames that were left out, with the reason.
  public var refused: [DatasetError]
  /// What the person should know, a sentence each.
  public var warnings: [String]
  /// What was done beyond rounding, a sentence each.
  public var notes: [String] = []
}

extension WeightedLayer {
  /// The bits it gets where `asked` are asked for all.
  func bits(asked: Int) -> Int {
    switch role {
    case .stem, .depthwise, .classifier: 8
    case .inner: asked
    }
  }
}

extension FloatGraph {
  /// The int8 map of the input: one for all channels, wide enough for every pixel.
  func inputQuantization(_ preprocessing: Preprocessing) throws(QuantizationError) -> Quantization {
    if let given = givenRanges[input]?.quantization { return given }
    let (means, deviations) = (preprocessing.mean, preprocessing.standardDeviation)
    guard inputExtents.channels == 3 || inputExtents.channels == 1 else {
      throw .unsuitableInput(
        reason: "it has \(inputExtents.channels) channels; pictures have 1 or 3")
    }
    guard !means.isEmpty, means.count == deviations.count,
      means.allSatisfy(\.isFinite), deviations.allSatisfy({ $0.isFinite && $0 > 0 })
    else { throw .unsuitableInput(reason: "the mean and the standard deviation do not fit") }
    let low = zip(means, deviations).map { -$0 / $1 }.min() ?? 0
    let high = zip(means, deviations).map { (255 - $0) / $1 }.max() ?? 0
    // Where a step of a pixel is a step of the input, each pixel is met exactly.
    if Set(means).count == 1, Set(deviations).count == 1, let zero = Int32(exactly: means[0]),
      (0...255).contains(zero),
      let exact = Quantization(scale: 1 / deviations[0], zeroPoint: zero - 128)
    {
      return exact
    }
    return ActivationRange(minimum: low, maximum: high).quantization
  }
}
