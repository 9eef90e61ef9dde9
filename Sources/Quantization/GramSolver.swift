/// Coordinate descent on the integer codes of a layer, after COMQ (arXiv 2403.07134): each weight
/// in turn takes the integer that lowers the output error most while the others are held; between
/// sweeps the scale is fitted exactly. Dot products and rounding, no gradients through the network.
///
/// The error is that of `GramStatistics` with the best bias, plus damping * |w - w_q|^2, which
/// keeps weights near their float values where the rows say little (a classifier has one row a
/// frame). Channels are independent; eight share a pass over the matrix.
struct GramSolver {
  private let rounding: LayerRounding
  private let fit: GramStatistics
  private let bits: Int
  private let damping: Float
  private let limit: Int
  private let inputs: Int

  struct Solution {
    var codes: [Int8]
    var scales: [Float]
  }

  init(_ rounding: LayerRounding, _ fit: GramStatistics, bits: Int, damping: Float) {
    self.rounding = rounding
    self.fit = fit
    self.bits = bits
    self.damping = damping
    limit = codeLimit(bits: bits)
    inputs = rounding.layer.inputs
  }

  func solve() -> Solution {
    let layer = rounding.layer
    let blocks = ChannelBlock.all(of: layer)
    var solution = Solution(
      codes: .init(repeating: 0, count: layer.weights.count),
      scales: .init(repeating: 1, count: layer.outputs))
    solution.codes.withUnsafeMutableBufferPointer { codes in
      solution.scales.withUnsafeMutableBufferPointer { scales in
        forEachIndex(count: blocks.count, workers: rounding.workers) { index, _ in
          let block = blocks[index]
          let best = solve(block)
          for channel in 0..<block.count { scales[block.first + channel] = best.scales[channel] }
          for at in 0..<block.count * inputs {
            codes[block.first * inputs + at] = Int8(best.codes[at])
          }
        }
      }
    }
    return solution
  }

  /// Where a descent starts.
  struct Start {
    /// Of the scale with the least weighted rounding error.
    var scaleFactor: Float
    /// From the float weights, each rounded in turn with the others' errors before it in view,
    /// rather than from their nearest integers.
    var isProgressive: Bool
  }

  private var starts: [Start] {
    let factors: [Float] = bits > 6 ? [1] : [1, 0.9, 1.1]
    return factors.flatMap { factor in
      [true, false].map { Start(scaleFactor: factor, isProgressive: $0) }
    }
  }

  private func solve(_ block: ChannelBlock) -> BlockState {
    let setting = Setting(rounding, fit, block, bits: bits, damping: damping)
    var best: BlockState?
    for start in starts {
      var state = BlockState(setting, fit, start)
      for _ in 0..<3 where state.sweep(fit) > 0 { state.refitScales() }
      guard var leading = best else {
        best = state
        continue
      }
      leading.takeBetter(of: state)
      best = leading
    }
    guard var state = best else { preconditionFailure("there is always a start") }
    for _ in 0..<rounding.maximumSweeps {
      guard state.sweep(fit) > 0 else { break }
      state.refitScales()
    }
    return state
  }
}
