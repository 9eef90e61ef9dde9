import Datasets
import FloatGraph
import Tensors

/// Rounds the layers one after another, each on what the integer kernels feed it once all layers
/// before it are rounded.
///
/// So a layer's integers also make up for what the layers before it lost, as far as it can see it.
struct RoundingPass {
  let graph: FloatGraph
  let layers: [WeightedLayer]
  /// Nil without frames.
  let calibration: CalibrationPass?
  let store: CalibrationStore
  let options: QuantizerOptions
  let sizes: [ImageExtents]

  /// What the layer's fits and checks are made on.
  struct Statistics {
    let fit: GramStatistics
    /// Nil where no frame is held out.
    let gate: GramStatistics?
  }

  /// Sums over the rows of one layer's input as `plan`, which rounds all layers before it, has it.
  ///
  /// - Parameter checkpoint: where the run may start; moved on to the layer's input where all that
  ///   follows depends on that alone.
  func statistics(
    layer: Int, plan: QuantizationPlan, _ checkpoint: inout Checkpoint, _ monitor: QuantizerMonitor
  ) throws(QuantizationError) -> Statistics? {
    guard let calibration else { return nil }
    let weighted = layers[layer]
    let fit = GramAccumulator(weighted.weights, workers: options.threads)
    var gate: GramAccumulator?
    if store.frames.contains(where: \.isHeldOut) {
      gate = GramAccumulator(weighted.weights, workers: options.threads)
    }
    guard let quantization = plan.activations[weighted.input] else {
      throw .invalidPlan(name: weighted.name, reason: "its input has no quantization")
    }
    var network: DeployedNetwork?
    if weighted.input != checkpoint.value {
      let (part, nodes) = graph.part(from: checkpoint.value, to: weighted.input)
      network = try DeployedNetwork(part, plan: plan.ofPart(nodes), sizes: checkpoint.extents)
    }
    var next = try Checkpoint(
      weighted.input, of: graph, sizes: sizes, frameCount: store.frames.count)
    let task = RowTask(
      calibration: calibration, frames: store.frames, start: checkpoint.activations, layer: layer,
      network: network, quantization: quantization, keepsActivations: next != nil)
    let finished = try processInOrder(
      count: store.frames.count, threads: options.threads, isCancelled: monitor.isCancelled,
      makeWorker: { () throws(QuantizationError) in try task.worker() }
    ) { (index, yield: RowTask.Yield) throws(QuantizationError) in
      let frame = store.frames[index]
      for size in yield.rows.indices {
        frame.outputs[size][layer].withUnsafeBufferPointer { outputs in
          yield.rows[size].withUnsafeBufferPointer { rows in
            (frame.isHeldOut ? gate ?? fit : fit).add(outputs: outputs, quantized: rows)
          }
        }
      }
      next?.activations.append(yield.activations)
    }
    guard finished else { throw .cancelled }
    if let next { checkpoint = next }
    return Statistics(fit: fit.finish(), gate: gate?.finish())
  }

  /// The layer's rounding, ready to be asked for any number of bits.
  func rounding(
    layer: Int, plan: QuantizationPlan, _ statistics: Statistics?
  ) throws(QuantizationError) -> LayerRounding {
    let weighted = layers[layer]
    let node = graph.nodes[weighted.node]
    guard let input = plan.activations[weighted.input], let output = plan.activations[node.output]
    else { throw .invalidPlan(name: weighted.name, reason: "its activations have no quantization") }
    return LayerRounding(
      layer: weighted.weights, fit: statistics?.fit, gate: statistics?.gate,
      limits: WeightScaleLimits(inputScale: input.scale, outputScale: output.scale),
      workers: options.threads)
  }

  /// The source's own integers where they are kept: unless a way of rounding is asked for.
  func given(_ rounding: LayerRounding, bits: Int) -> RoundedLayer? {
    options.method == .auto ? rounding.given(bits: bits) : nil
  }

  /// Rounds by the method asked for.
  func rounded(_ rounding: LayerRounding, bits: Int) -> RoundedLayer {
    if let given = given(rounding, bits: bits) { return given }
    return switch options.method {
    case .nearest: rounding.nearest(bits: bits)
    case .auto: rounding.gram(bits: bits)
    case .gram: rounding.gram(bits: bits, isGated: false)
    }
  }

  /// What the threads share; all of it is read only.
  private struct RowTask: Sendable {
    struct Yield: Sendable {
      /// By size: `[rows, K]`.
      var rows: [[Float]] = []
      /// By size: the layer's whole input, where it is kept.
      var activations: [[Int8]] = []
    }

    let calibration: CalibrationPass
    let frames: [CalibrationStore.Frame]
    /// By frame, by size: what the network starts from.
    let start: [[[Int8]]]
    let layer: Int
    /// Nil where the layer reads what the run starts from.
    let network: DeployedNetwork?
    let quantization: Quantization
    let keepsActivations: Bool

    func worker() throws(QuantizationError) -> (Int) -> Yield {
      let runner = try network?.runner()
      return { index in
        var yield = Yield()
        for (size, stored) in start[index].enumerated() {
          func take(_ activation: UnsafeBufferPointer<Int8>) {
            yield.rows.append(rows(frames[index], size, activation))
            if keepsActivations { yield.activations.append(Array(activation)) }
          }
          if let runner {
            runner.run(stored, size: size, take)
          } else {
            stored.withUnsafeBufferPointer(take)
          }
        }
        return yield
      }
    }

    private func rows(
      _ frame: CalibrationStore.Frame, _ size: Int, _ activation: UnsafeBufferPointer<Int8>
    ) -> [Float] {
      let sampler = calibration.sampler(size: size, layer: layer)
      let positions = calibration.positions(size: size, layer: layer, frame: frame.index)
      var rows = [Float](repeating: 0, count: positions.count * sampler.rowLength)
      rows.withUnsafeMutableBufferPointer {
        sampler.write(positions, of: activation, quantization, into: $0)
      }
      return rows
    }
  }
}
