import CFloat

/// Means and covariances of a layer's input rows and of the error that arrives with them: the
/// output error of any integer weights on those rows in closed form.
///
/// With d = w - w_q for an output channel and m the mean row, the mean over rows of
/// (w x + b - w_q q - b_q)^2 is
///     d' S d + 2 d' c + r + (d m + b - b_q + a)^2
/// with S the covariance of q, and a, r, c the mean and the variance of e = w (x - q) and its
/// covariance with q.
public struct GramStatistics: Sendable {
  public let rowCount: Int
  /// The frames that the rows came from: rows of one frame resemble each other.
  public let frameCount: Int
  /// Whether every sum is finite; rounding falls back to plain nearest where not.
  public let isFinite: Bool

  /// For each group a symmetric `[K, stride]`.
  let covariances: [Float]
  let stride: Int
  /// `[groups, K]`.
  let means: [Float]
  /// `[O, K]`.
  let crossCovariances: [Float]
  /// `[O]`.
  let errorMeans: [Double]
  let errorVariances: [Double]

  init(_ sums: consuming GramSums, _ layer: LayerWeights) {
    rowCount = sums.rowCount
    frameCount = sums.frameCount
    stride = sums.width
    let (inputs, outputs, width) = (layer.inputs, layer.outputsPerGroup, sums.width)
    let scale = rowCount > 0 ? 1 / Double(rowCount) : 0
    var means = [Float](repeating: 0, count: layer.groups * inputs)
    var cross = [Float](repeating: 0, count: layer.outputs * inputs)
    var errorMeans = [Double](repeating: 0, count: layer.outputs)
    var errorVariances = [Double](repeating: 0, count: layer.outputs)
    var matrix = sums.products
    sums.products = []
    let outputWidth = sums.outputWidth
    var mean = [Double](repeating: 0, count: inputs)
    for group in 0..<layer.groups {
      let first = group * width * width
      for k in 0..<inputs {
        mean[k] = Double(matrix[first + k * width + inputs]) * scale
        means[group * inputs + k] = Float(mean[k])
      }
      center(&matrix, first, width, mean, scale)
      sums.crossProducts.withUnsafeBufferPointer { products in
        for lane in 0..<outputs {
          let output = group * outputs + lane
          let column = group * width * outputWidth + lane
          let error = Double(products[column + inputs * outputWidth]) * scale
          errorMeans[output] = error
          errorVariances[output] = max(0, sums.squares[output] * scale - error * error)
          for k in 0..<inputs {
            cross[output * inputs + k] = Float(
              Double(products[column + k * outputWidth]) * scale - mean[k] * error)
          }
        }
      }
    }
    isFinite =
      rowCount > 0 && errorVariances.allSatisfy(\.isFinite) && means.allSatisfy(\.isFinite)
      && cross.allSatisfy(\.isFinite) && matrix.allSatisfy(\.isFinite)
    covariances = matrix
    self.means = means
    crossCovariances = cross
    self.errorMeans = errorMeans
    self.errorVariances = errorVariances
  }

  /// The variances of group `group`'s inputs, `[K]`.
  func variances(_ group: Int, inputs: Int) -> [Float] {
    let first = group * stride * stride
    return (0..<inputs).map { covariances[first + $0 * (stride + 1)] }
  }
}

/// Sums of products to covariances, both triangles; the rest of each row becomes 0.
private func center(
  _ matrix: inout [Float], _ first: Int, _ width: Int, _ mean: [Double], _ scale: Double
) {
  matrix.withUnsafeMutableBufferPointer { all in
    let matrix = UnsafeMutableBufferPointer(rebasing: all[first..<first + width * width])
    for i in mean.indices {
      for j in i..<mean.count {
        let covariance = Float(Double(matrix[i * width + j]) * scale - mean[i] * mean[j])
        matrix[i * width + j] = i == j ? max(0, covariance) : covariance
        matrix[j * width + i] = covariance
      }
      matrix[i * width + i] = max(0, matrix[i * width + i])
      for j in mean.count..<width { matrix[i * width + j] = 0 }
    }
    for i in mean.count..<width {
      for j in 0..<width { matrix[i * width + j] = 0 }
    }
  }
}
