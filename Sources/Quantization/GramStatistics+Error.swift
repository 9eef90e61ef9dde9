import CFloat

/// The mean squared output error of a layer over the rows of a statistic, summed over channels.
public struct OutputError: Sendable, Hashable {
  /// With the bias given.
  public var total: Double
  /// With the best bias for the same codes.
  public var centered: Double
}

extension GramStatistics {
  /// By output channel: the error's variance over the rows, and the mean of W x + b - W_q q - b,
  /// which is what the quantised bias should have on top of `layer`'s own.
  struct ChannelErrors {
    var variances: [Double]
    var shifts: [Double]
  }

  /// The mean squared error of the layer's output (before its clip) with `rounded` in place of
  /// `layer`, summed over output channels.
  ///
  /// `layer` must be the one that the rows were accumulated for. Cost: O * K^2 multiplications.
  public func error(of rounded: RoundedLayer, for layer: LayerWeights, workers: Int = 1)
    -> OutputError
  {
    let errors = channelErrors(
      codes: rounded.codes, scales: rounded.scales, layer, workers: workers)
    var error = OutputError(total: 0, centered: 0)
    for output in 0..<layer.outputs {
      let shift =
        errors.shifts[output] + Double(layer.bias[output]) - Double(rounded.bias[output])
      error.centered += errors.variances[output]
      error.total += errors.variances[output] + shift * shift
    }
    return error
  }

  /// The mean over rows of the float layer's squared output (before its clip), summed over
  /// channels; with `centered`, of its variance.
  public func outputPower(of layer: LayerWeights, workers: Int = 1, centered: Bool = false)
    -> Double
  {
    let codes = [Int8](repeating: 0, count: layer.weights.count)
    let scales = [Float](repeating: 1, count: layer.outputs)
    let power = channelErrors(codes: codes, scales: scales, layer, workers: workers)
    return (0..<layer.outputs).reduce(0) { sum, output in
      let mean = power.shifts[output] + Double(layer.bias[output])
      return sum + power.variances[output] + (centered ? 0 : mean * mean)
    }
  }

  func channelErrors(codes: [Int8], scales: [Float], _ layer: LayerWeights, workers: Int)
    -> ChannelErrors
  {
    let inputs = layer.inputs
    let blocks = ChannelBlock.all(of: layer)
    var errors = ChannelErrors(
      variances: .init(repeating: 0, count: layer.outputs),
      shifts: .init(repeating: 0, count: layer.outputs))
    errors.variances.withUnsafeMutableBufferPointer { variances in
      errors.shifts.withUnsafeMutableBufferPointer { shifts in
        forEachIndex(count: blocks.count, workers: workers) { index, _ in
          let block = blocks[index]
          var differences = [Float](repeating: 0, count: block.count * inputs)
          for at in differences.indices {
            let weight = block.first * inputs + at
            differences[at] =
              layer.weights[weight] - scales[block.first + at / inputs] * Float(codes[weight])
          }
          let applied = product(differences, block, inputs)
          for channel in 0..<block.count {
            let output = block.first + channel
            var variance = 0.0
            var shift = 0.0
            for k in 0..<inputs {
              let d = Double(differences[channel * inputs + k])
              let c = Double(crossCovariances[output * inputs + k])
              variance += d * (Double(applied[channel * inputs + k]) + 2 * c)
              shift += d * Double(means[block.group * inputs + k])
            }
            variances[output] = max(0, variance + errorVariances[output])
            shifts[output] = shift + errorMeans[output]
          }
        }
      }
    }
    return errors
  }

  /// The block's covariance matrix times each of its vectors `[count, K]`.
  func product(_ vectors: [Float], _ block: ChannelBlock, _ inputs: Int) -> [Float] {
    var out = [Float](repeating: 0, count: vectors.count)
    withMatrix(block.group) { matrix in
      out.withUnsafeMutableBufferPointer { out in
        vectors.withUnsafeBufferPointer { vectors in
          guard let vectors = vectors.baseAddress, let out = out.baseAddress else { return }
          vd_gram_apply(matrix, stride, inputs, block.count, vectors, out)
        }
      }
    }
    return out
  }

  func withMatrix<R>(_ group: Int, _ body: (UnsafePointer<Float>) -> R) -> R {
    covariances.withUnsafeBufferPointer { matrices in
      guard let matrices = matrices.baseAddress else {
        preconditionFailure("a layer has at least one group")
      }
      return body(matrices + group * stride * stride)
    }
  }
}

/// Output channels of one group that are solved together, so that each row of the covariance
/// matrix is fetched once for all of them.
struct ChannelBlock {
  let group: Int
  let first: Int
  let count: Int

  static func all(of layer: LayerWeights) -> [ChannelBlock] {
    let size = 8
    return (0..<layer.groups).flatMap { group in
      stride(from: 0, to: layer.outputsPerGroup, by: size).map { first in
        ChannelBlock(
          group: group, first: group * layer.outputsPerGroup + first,
          count: min(size, layer.outputsPerGroup - first))
      }
    }
  }
}
