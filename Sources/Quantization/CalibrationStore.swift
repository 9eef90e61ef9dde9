import Datasets
import FloatGraph

/// What the float pass over the frames leaves behind for the rounding, in bounded memory.
///
/// Ranges are watched on every frame. Rounding looks again and again at the same frames, so for
/// those it keeps the network's inputs (int8) and, at sampled positions, what each layer computed
/// in float; where there are more frames than memory for that, an even selection of them.
struct CalibrationStore: Sendable {
  /// One frame that rounding looks at.
  struct Frame: Sendable {
    /// Its place among all frames.
    let index: Int
    let classIndex: Int?
    /// Held out from every fit.
    let isHeldOut: Bool
    /// By size: the network's input as the device fills it.
    let inputs: [[Int8]]
    /// By size: the float network's answer.
    let answers: [[Float]]
    /// By size, by layer: the float outputs before the clip, `[rows, O]`, at the positions that
    /// the layer's sampler draws for this frame.
    let outputs: [[[Float]]]
  }

  var frames: [Frame] = []
  /// By representative of a group of activations.
  var observers: [RangeObserver]
  /// SHA-256 of all frames' SHA-256s.
  var hash = ""
  var frameCount = 0
  /// Frames that are no JPEG, with the reason: left out.
  var refused: [DatasetError] = []
}

/// How many positions of each frame are looked at, by size and layer.
struct RowPlan: Sendable {
  /// By size, by layer.
  let rows: [[Int]]
  /// Frames that rounding looks at.
  let frameCount: Int

  /// What the float outputs at sampled positions may occupy.
  static let outputBudget = 288 << 20
  /// What the inputs of those frames may occupy.
  static let inputBudget = 160 << 20
  /// Rows of one frame resemble each other: more of them teach little.
  static let mostRows = 64
  static let fewestRows = 16
  /// Rows for each input of a layer that a fit is content with, over all frames.
  static let rowsPerInput = 16

  /// - Parameters:
  ///   - positions: by size, by layer: the output positions that there are.
  ///   - inputBytes: of one frame, all sizes together.
  init(
    layers: [WeightedLayer], positions: [[Int]], frameCount: Int, inputBytes: Int
  ) {
    let kept = max(1, min(frameCount, RowPlan.inputBudget / max(1, inputBytes)))
    // The file's own size is looked at as closely as all others together.
    let shares = positions.indices.map { size in
      positions.count == 1 ? 1.0 : size == 0 ? 0.5 : 0.5 / Double(positions.count - 1)
    }
    var scale = 1.0
    var rows: [[Int]] = []
    for _ in 0..<16 {
      rows = positions.indices.map { size in
        layers.indices.map { layer in
          let wanted = Double(RowPlan.rowsPerInput * layers[layer].weights.inputs) / Double(kept)
          let bounded = min(max(wanted, Double(RowPlan.fewestRows)), Double(RowPlan.mostRows))
          let count = Int((bounded * shares[size] * scale).rounded(.up))
          return min(max(1, count), positions[size][layer])
        }
      }
      let floats = rows.reduce(0) { sum, counts in
        sum + zip(counts, layers).reduce(0) { $0 + $1.0 * $1.1.weights.outputs }
      }
      guard floats * kept * 4 > RowPlan.outputBudget,
        rows.contains(where: { $0.contains { $0 > 1 } })
      else { break }
      scale *= 0.7
    }
    let floats = max(
      1,
      rows.reduce(0) { sum, counts in
        sum + zip(counts, layers).reduce(0) { $0 + $1.0 * $1.1.weights.outputs }
      })
    self.rows = rows
    self.frameCount = max(1, min(kept, RowPlan.outputBudget / (4 * floats)))
  }
}
