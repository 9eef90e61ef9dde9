import FloatGraph
import Tensors

/// Finds the bits of each layer under a budget of bytes or of accuracy.
///
/// Everything is rounded to 8 bits first. Then each layer in turn is put at 4 bits, alone, and the
/// deployed kernels tell on held-out frames how far the network's answer moves: the loss is
/// looked at where it counts, at the output. A knapsack over these costs gives the bits, and all
/// layers are rounded once more in their order, each knowing what the lower bits before it cost.
/// (6 bits save nothing in
/// this file format against 8, and 2 nothing against 4, so the search leaves them out.)
struct PrecisionSearch {
  let quantizer: Quantizer
  let pass: RoundingPass
  let store: CalibrationStore

  /// Frames that a single layer's loss is measured on.
  private static let probeCount = 48
  private static let lowBits = [4]
  /// Rounds of bisection over the accuracy.
  private static let trialCount = 6
  /// What `mixed` may lose where neither a budget nor a drop is given: one point.
  private static let usualDrop = 0.01

  private var layers: [WeightedLayer] { quantizer.layers }
  private var options: QuantizerOptions { quantizer.options }
  private var measurement: Measurement {
    Measurement(graph: quantizer.graph, store: store, threads: options.threads)
  }

  func run(
    _ plan: inout QuantizationPlan, _ monitor: QuantizerMonitor
  ) throws(QuantizationError) -> [RoundedLayer] {
    let forms = try candidates(&plan, monitor)
    let choices = try costs(forms, plan, monitor)
    let allocation = MixedAllocation(layers: choices)
    guard let budget = options.budgetBytes else {
      return try smallest(
        allocation, choices, dropping: options.maximumDrop ?? PrecisionSearch.usualDrop, &plan,
        monitor)
    }
    // What the record and the rest need beside the weights, by the file that 8 bits would make.
    let weightBytes = forms.reduce(0) { $0 + $1[0].storedBytes }
    let full = try byteCount(plan, forms.map { $0[0] })
    var overhead = full - weightBytes
    while true {
      guard let selection = allocation.cheapest(withinBytes: budget - overhead) else {
        let least = overhead + choices.reduce(0) { $0 + ($1.map(\.bytes).min() ?? 0) }
        throw .outOfBudget(
          reason: "a budget of \(budget) bytes cannot be met: with the fewest bits everywhere the "
            + "file would have about \(least)")
      }
      let rounded = try apply(selection, choices, &plan, monitor)
      // The record's figures have other lengths now: a few bytes may be missing.
      let excess = try byteCount(plan, rounded) - budget
      guard excess > 0 else { return rounded }
      overhead += excess
    }
  }

  private func byteCount(
    _ plan: QuantizationPlan, _ rounded: [RoundedLayer]
  ) throws(QuantizationError) -> Int {
    try RecordMaker(
      quantizer: quantizer, store: store, plan: plan, rounded: rounded, monitor: QuantizerMonitor()
    ).result().bytes.count
  }

  /// All layers at 8 bits, in order, and what they would be with fewer: by layer, 8 bits first.
  private func candidates(
    _ plan: inout QuantizationPlan, _ monitor: QuantizerMonitor
  ) throws(QuantizationError) -> [[RoundedLayer]] {
    var forms: [[RoundedLayer]] = []
    var checkpoint = Checkpoint(
      graph: quantizer.graph, sizes: quantizer.sizes, frames: store.frames)
    for (index, layer) in layers.enumerated() {
      monitor.progress(
        .init(phase: .rounding, done: index, total: layers.count, detail: layer.name))
      let statistics = try pass.statistics(
        layer: index, plan: plan, &checkpoint, monitor)
      let rounding = try pass.rounding(layer: index, plan: plan, statistics)
      let full = pass.rounded(rounding, bits: 8)
      plan.layers[layer.node] = full.quantized(inputScale: rounding.limits.inputScale)
      let low = layer.isSearched ? PrecisionSearch.lowBits : []
      forms.append([full] + low.map { pass.rounded(rounding, bits: $0) })
    }
    return forms
  }

  /// By layer: each form's bytes, and what the network's answers lose by it.
  private func costs(
    _ forms: [[RoundedLayer]], _ plan: QuantizationPlan, _ monitor: QuantizerMonitor
  ) throws(QuantizationError) -> [[MixedAllocation.Choice]] {
    let judges = measurement.judges
    let probes = (0..<min(PrecisionSearch.probeCount, judges.count)).map {
      judges[$0 * judges.count / min(PrecisionSearch.probeCount, judges.count)]
    }
    let size = [quantizer.sizes[0]]
    func loss(_ plan: QuantizationPlan) throws(QuantizationError) -> Double {
      try measurement.summaries(
        plan, sizes: size, frames: probes, isCancelled: monitor.isCancelled)[0].meanKL
    }
    let base = try loss(plan)
    var choices: [[MixedAllocation.Choice]] = []
    for (index, layer) in layers.enumerated() {
      monitor.progress(
        .init(phase: .searching, done: index, total: layers.count, detail: layer.name))
      var row: [MixedAllocation.Choice] = []
      for form in forms[index] {
        var cost = 0.0
        if form.bits < 8 {
          var trial = plan
          trial.layers[layer.node] = form.quantized(
            inputScale: plan.activations[layer.input]?.scale ?? 1)
          cost = max(0, try loss(trial) - base)
        }
        row.append(.init(bits: form.bits, bytes: form.storedBytes, cost: cost.rounded(digits: 9)))
      }
      choices.append(row)
    }
    monitor.progress(.init(phase: .searching, done: layers.count, total: layers.count))
    return choices
  }

  private func apply(
    _ selection: MixedAllocation.Selection, _ choices: [[MixedAllocation.Choice]],
    _ plan: inout QuantizationPlan, _ monitor: QuantizerMonitor
  ) throws(QuantizationError) -> [RoundedLayer] {
    let bits = layers.indices.map { choices[$0][selection.indices[$0]].bits }
    plan.layers = [:]
    return try quantizer.round(pass, &plan, bits: bits, monitor)
  }

  /// Bisects along the curve of best choices for the fewest bytes that lose no more than `bound`.
  private func smallest(
    _ allocation: MixedAllocation, _ choices: [[MixedAllocation.Choice]], dropping bound: Double,
    _ plan: inout QuantizationPlan, _ monitor: QuantizerMonitor
  ) throws(QuantizationError) -> [RoundedLayer] {
    let front = allocation.front
    var (low, high) = (0, front.count - 1)
    var best: (rounded: [RoundedLayer], plan: QuantizationPlan)?
    for _ in 0..<PrecisionSearch.trialCount where low <= high {
      let middle = (low + high) / 2
      var trial = plan
      let rounded = try apply(front[middle], choices, &trial, monitor)
      let summary = try measurement.summaries(
        trial, sizes: [quantizer.sizes[0]], frames: measurement.judges,
        isCancelled: monitor.isCancelled)[0]
      if summary.drop <= bound {
        best = (rounded, trial)
        high = middle - 1
      } else {
        low = middle + 1
      }
    }
    if let best {
      plan = best.plan
      return best.rounded
    }
    return try apply(front[front.count - 1], choices, &plan, monitor)
  }
}

extension WeightedLayer {
  /// Whether the search may give it fewer bits than 8: not the stem and the depthwise layers, which
  /// hold few weights that matter much; and those have no 4-bit form in the file.
  var isSearched: Bool { role == .inner || role == .classifier }
}
