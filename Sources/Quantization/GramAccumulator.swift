import CFloat

/// Sums, over rows of a layer's input, what the output error of any integer weights follows from.
///
/// A row is given twice: x, the float network's, and q, the quantised network's (dequantised); with
/// e = W (x - q), the error that arrives with the input, it keeps for each group the sums of
/// [q 1]^T [q 1], of [q 1]^T e, and of e^2. All that later stands in the error is as small as the
/// error itself, so float32 suffices; sums of x x^T would have to cancel.
///
/// A class because it is up to hundreds of megabytes that nobody should copy unawares. Memory: about
/// 4 (K + 1)^2 bytes a group, rounded up to multiples of 16. Not for use from two threads at once.
public final class GramAccumulator {
  private let layer: LayerWeights
  private let workers: Int
  private let width: Int
  private let outputWidth: Int
  private let panels: [Float]
  private var products: [Float]
  private var crossProducts: [Float]
  private var squares: [Double]
  private var rowCount = 0
  private var frameCount = 0

  /// Rows are packed and summed this many at a time; it is part of the order of sums.
  private static let chunk = 128
  private static let panel = Int(VD_GRAM_PANEL)

  /// - Parameter workers: threads that share the work; the bits do not depend on it.
  public init(_ layer: LayerWeights, workers: Int = 1) {
    self.layer = layer
    self.workers = max(1, workers)
    width = roundedUp(layer.inputs + 1)
    outputWidth = roundedUp(layer.outputsPerGroup)
    let (groups, inputs, outputs) = (layer.groups, layer.inputs, layer.outputsPerGroup)
    var panels = [Float](repeating: 0, count: groups * outputWidth * inputs)
    let size = outputWidth * inputs
    layer.weights.withUnsafeBufferPointer { weights in
      panels.withUnsafeMutableBufferPointer { panels in
        guard let weights = weights.baseAddress, let panels = panels.baseAddress else { return }
        for group in 0..<groups {
          vd_gram_pack_turned(
            weights + group * outputs * inputs, outputs, inputs, panels + group * size)
        }
      }
    }
    self.panels = panels
    products = .init(repeating: 0, count: groups * width * width)
    crossProducts = .init(repeating: 0, count: groups * width * outputWidth)
    squares = .init(repeating: 0, count: layer.outputs)
  }

  /// Adds one frame's rows, `[count, KH, KW, I]`: x of the float network, q of the quantised one,
  /// with zeros where a window reaches into the padding.
  ///
  /// Frames are summed in the order of the calls.
  public func add(input x: UnsafeBufferPointer<Float>, quantized q: UnsafeBufferPointer<Float>) {
    precondition(x.count == q.count, "as many rows of one as of the other")
    guard let x = x.baseAddress else { return }
    add(q, input: x, outputs: nil)
  }

  /// The same where the float network's side is known by what the layer made of it, `[count, O]`
  /// before the clip: far fewer numbers to keep than the inputs of a depthwise layer.
  public func add(
    outputs y: UnsafeBufferPointer<Float>, quantized q: UnsafeBufferPointer<Float>
  ) {
    precondition(
      y.count / layer.outputs == q.count / layer.rowLength, "as many outputs as rows")
    guard let y = y.baseAddress else { return }
    add(q, input: nil, outputs: y)
  }

  private func add(
    _ q: UnsafeBufferPointer<Float>, input x: UnsafePointer<Float>?,
    outputs y: UnsafePointer<Float>?
  ) {
    precondition(q.count % layer.rowLength == 0, "rows have the layer's own length")
    let count = q.count / layer.rowLength
    guard count > 0, let q = q.baseAddress else { return }
    let zeros = [Float](
      repeating: 0, count: x == nil ? layer.rowLength * GramAccumulator.chunk : 0)
    // One group shares its panels among the workers, several groups are shared out whole.
    let scratchCount = min(workers, layer.groups)
    let deep = min(count, GramAccumulator.chunk)
    let sizes = ScratchSizes(
      rows: width * deep, differences: roundedUp(deep) * layer.inputs,
      errors: roundedUp(deep) * outputWidth)
    var scratch = [Float](repeating: 0, count: scratchCount * sizes.total)
    withStorage { storage in
      scratch.withUnsafeMutableBufferPointer { scratch in
        guard let scratch = scratch.baseAddress else { return }
        for first in stride(from: 0, to: count, by: GramAccumulator.chunk) {
          zeros.withUnsafeBufferPointer { zeros in
            guard let x = x.map({ $0 + first * layer.rowLength }) ?? zeros.baseAddress else {
              return
            }
            let rows = Chunk(
              x: x, q: q + first * layer.rowLength,
              outputs: y.map { $0 + first * layer.outputs },
              count: min(GramAccumulator.chunk, count - first))
            forEachIndex(count: layer.groups, workers: workers) { group, worker in
              add(rows, group, storage, Scratch(scratch + worker * sizes.total, sizes))
            }
          }
        }
      }
    }
    rowCount += count
    frameCount += 1
  }

  /// What was summed, as means and covariances; the accumulator is empty afterwards.
  public func finish() -> GramStatistics {
    let sums = GramSums(
      products: products, crossProducts: crossProducts, squares: squares, width: width,
      outputWidth: outputWidth, rowCount: rowCount, frameCount: frameCount)
    products = []
    crossProducts = []
    return GramStatistics(sums, layer)
  }

  private func add(_ rows: Chunk, _ group: Int, _ storage: Storage, _ scratch: Scratch) {
    let (inputs, panel, count) = (layer.inputs, GramAccumulator.panel, rows.count)
    let inner = layer.groups == 1 ? workers : 1
    var shape = vd_gram_rows(
      row_stride: layer.rowLength, first: group * layer.channelsPerGroup, taps: layer.taps,
      tap_stride: layer.channelsPerGroup * layer.groups, channels: layer.channelsPerGroup)
    vd_gram_pack(&shape, rows.q, count, scratch.rows)
    vd_gram_pack_difference(&shape, rows.x, rows.q, count, scratch.differences)
    let depth = roundedUp(count)
    let outputPanels = outputWidth / panel
    let weights = storage.panels + group * outputWidth * inputs
    forEachIndex(count: outputPanels, workers: inner) { right, _ in
      let errors = scratch.errors + right * depth * panel
      errors.update(repeating: 0, count: depth * panel)
      if let outputs = rows.outputs {
        // With x = 0 the products give -W q, to which W x = y - b is added here.
        let first = group * layer.outputsPerGroup + right * panel
        for lane in 0..<min(panel, layer.outputsPerGroup - right * panel) {
          let bias = layer.bias[first + lane]
          for row in 0..<count {
            errors[row * panel + lane] = outputs[row * layer.outputs + first + lane] - bias
          }
        }
      }
      for left in 0..<depth / panel {
        vd_gram_tile(
          scratch.differences + left * inputs * panel, weights + right * inputs * panel, inputs,
          errors + left * panel * panel, panel)
      }
      for lane in 0..<min(panel, layer.outputsPerGroup - right * panel) {
        var sum = 0.0
        for row in 0..<count {
          let error = Double(errors[row * panel + lane])
          sum += error * error
        }
        storage.squares[group * layer.outputsPerGroup + right * panel + lane] += sum
      }
    }
    let products = storage.products + group * width * width
    let crossProducts = storage.crossProducts + group * width * outputWidth
    forEachIndex(count: width / panel, workers: inner) { left, _ in
      let leftRows = scratch.rows + left * count * panel
      for right in left..<width / panel {
        vd_gram_tile(
          leftRows, scratch.rows + right * count * panel, count,
          products + left * panel * width + right * panel, width)
      }
      for right in 0..<outputPanels {
        vd_gram_tile(
          leftRows, scratch.errors + right * depth * panel, count,
          crossProducts + left * panel * outputWidth + right * panel, outputWidth)
      }
    }
  }

  private func withStorage(_ body: (Storage) -> Void) {
    panels.withUnsafeBufferPointer { panels in
      products.withUnsafeMutableBufferPointer { products in
        crossProducts.withUnsafeMutableBufferPointer { crossProducts in
          squares.withUnsafeMutableBufferPointer { squares in
            guard let panels = panels.baseAddress, let products = products.baseAddress,
              let crossProducts = crossProducts.baseAddress, let squares = squares.baseAddress
            else { preconditionFailure("an accumulator is finished once, after its last row") }
            body(
              Storage(
                panels: panels, products: products, crossProducts: crossProducts, squares: squares))
          }
        }
      }
    }
  }

  private struct Chunk {
    let x: UnsafePointer<Float>
    let q: UnsafePointer<Float>
    let outputs: UnsafePointer<Float>?
    let count: Int
  }

  private struct Storage {
    let panels: UnsafePointer<Float>
    let products: UnsafeMutablePointer<Float>
    let crossProducts: UnsafeMutablePointer<Float>
    let squares: UnsafeMutablePointer<Double>
  }

  private struct ScratchSizes {
    let rows: Int
    let differences: Int
    let errors: Int
    var total: Int { rows + differences + errors }
  }

  private struct Scratch {
    let rows: UnsafeMutablePointer<Float>
    let differences: UnsafeMutablePointer<Float>
    let errors: UnsafeMutablePointer<Float>

    init(_ base: UnsafeMutablePointer<Float>, _ sizes: ScratchSizes) {
      rows = base
      differences = base + sizes.rows
      errors = base + sizes.rows + sizes.differences
    }
  }
}

/// `count` rounded up to whole panels.
private func roundedUp(_ count: Int) -> Int {
  let panel = Int(VD_GRAM_PANEL)
  return (count + panel - 1) / panel * panel
}

/// What an accumulator hands over; `products` holds the upper triangle of tiles.
struct GramSums {
  var products: [Float]
  var crossProducts: [Float]
  var squares: [Double]
  var width: Int
  var outputWidth: Int
  var rowCount: Int
  var frameCount: Int
}
