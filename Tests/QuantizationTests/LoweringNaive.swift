import FloatGraph
import Foundation

/// Evaluates a float graph element by element in double precision, as the definitions say: slow,
/// and written apart from everything that it checks.
struct NaiveEvaluation {
  let graph: FloatGraph
  /// By value.
  let shapes: [[Int]]
  private(set) var values: [[Double]]

  init(_ graph: FloatGraph, input: [Double]) throws {
    self.graph = graph
    shapes = try graph.shapes(
      height: graph.inputExtents.height, width: graph.inputExtents.width)
    values = graph.values.map { $0.constant?.elements.map(Double.init) ?? [] }
    values[graph.input] = input
    for node in graph.nodes {
      values[node.output] = evaluate(node)
      if let clip = node.clip { values[node.output] = values[node.output].map { clamp($0, clip) } }
    }
  }

  private func clamp(_ x: Double, _ clip: ClipRange) -> Double {
    min(max(x, Double(clip.minimum)), Double(clip.maximum))
  }

  private func evaluate(_ node: FloatNode) -> [Double] {
    let x = values[node.inputs[0]]
    let from = shapes[node.inputs[0]]
    let to = shapes[node.output]
    switch node.operation {
    case .convolution(let convolution): return convolve(x, from, to, convolution)
    case .fullyConnected(let weights, let bias):
      let depth = weights.shape[1]
      return (0..<x.count / depth).flatMap { row in
        bias.indices.map { o in
          (0..<depth).reduce(Double(bias[o])) {
            $0 + x[row * depth + $1] * Double(weights.elements[o * depth + $1])
          }
        }
      }
    case .binary(let kind):
      let (a, b) = (node.inputs[0], node.inputs[1])
      return indices(to).map { at in
        let left = values[a][offset(at, shapes[a])]
        let right = values[b][offset(at, shapes[b])]
        switch kind {
        case .add: return left + right
        case .subtract: return left - right
        case .multiply: return left * right
        case .divide: return left / right
        }
      }
    case .affine(let scale, let offset):
      let channels = from.last ?? 1
      return x.enumerated().map { index, element in
        let c = index % channels
        return element * Double(scale[scale.count == 1 ? 0 : c])
          + Double(offset[offset.count == 1 ? 0 : c])
      }
    case .clip(let range): return x.map { clamp($0, range) }
    case .leakyReLU(let slope): return x.map { $0 > 0 ? $0 : $0 * Double(slope) }
    case .hardSwish: return x.map { $0 * min(max($0 / 6 + 0.5, 0), 1) }
    case .hardSigmoid(let alpha, let beta):
      return x.map { min(max(Double(alpha) * $0 + Double(beta), 0), 1) }
    case .sigmoid: return x.map { 1 / (1 + exp(-$0)) }
    case .softmax:
      let count = from.last ?? 1
      return stride(from: 0, to: x.count, by: count).flatMap { start -> [Double] in
        let powers = x[start..<start + count].map { exp($0) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
      }
    case .maxPool(let window):
      return pool(x, from, to, window) { inside, _ in inside.max() ?? 0 }
    case .averagePool(let window, let countsPadding):
      return pool(x, from, to, window) { inside, stated in
        inside.reduce(0, +) / Double(countsPadding ? stated : inside.count)
      }
    case .mean(let axes, _):
      var sums = [[Int]: (Double, Int)]()
      for at in indices(from) {
        let key = at.indices.map { axes.contains($0) ? 0 : at[$0] }
        let old = sums[key] ?? (0, 0)
        sums[key] = (old.0 + x[offset(at, from)], old.1 + 1)
      }
      let kept = from.indices.map { axes.contains($0) ? 1 : from[$0] }
      return indices(kept).map { (sums[$0]?.0 ?? 0) / Double(sums[$0]?.1 ?? 1) }
    case .pad(let before, _, let value):
      return indices(to).map { at in
        let source = at.indices.map { at[$0] - before[$0] }
        let isInside = source.indices.allSatisfy { (0..<from[$0]).contains(source[$0]) }
        return isInside ? x[offset(source, from)] : Double(value)
      }
    case .concatenate(let axis):
      return indices(to).map { at in
        var at = at
        for input in node.inputs {
          let shape = shapes[input]
          if at[axis] < shape[axis] { return values[input][offset(at, shape)] }
          at[axis] -= shape[axis]
        }
        return .nan
      }
    case .slice(let axis, let start, _, let step):
      return indices(to).map { at in
        var at = at
        at[axis] = start + at[axis] * step
        return x[offset(at, from)]
      }
    case .gather(let axis, let picks):
      return indices(to).map { at in
        var at = at
        at[axis] = picks[at[axis]]
        return x[offset(at, from)]
      }
    case .reshape: return x
    case .transpose(let permutation):
      return indices(to).map { at in
        var source = at
        for (axis, origin) in permutation.enumerated() { source[origin] = at[axis] }
        return x[offset(source, from)]
      }
    }
  }

  private func convolve(
    _ x: [Double], _ from: [Int], _ to: [Int], _ convolution: FloatConvolution
  ) -> [Double] {
    let window = convolution.window
    guard let geometry = window.geometry(inputHeight: from[1], inputWidth: from[2]) else {
      return []
    }
    let (shape, weights) = (convolution.weights.shape, convolution.weights.elements)
    let outputsPerGroup = shape[0] / convolution.groups
    return indices(to).map { at in
      let group = at[3] / outputsPerGroup
      var sum = Double(convolution.bias[at[3]])
      for ky in 0..<shape[1] {
        let y = at[1] * window.strideHeight + ky * window.dilationHeight - geometry.top
        guard (0..<from[1]).contains(y) else { continue }
        for kx in 0..<shape[2] {
          let column = at[2] * window.strideWidth + kx * window.dilationWidth - geometry.left
          guard (0..<from[2]).contains(column) else { continue }
          for c in 0..<shape[3] {
            sum +=
              x[(y * from[2] + column) * from[3] + group * shape[3] + c]
              * Double(weights[((at[3] * shape[1] + ky) * shape[2] + kx) * shape[3] + c])
          }
        }
      }
      return sum
    }
  }

  /// `reduce` gets what lies inside, and how many elements lie inside or in the stated padding.
  private func pool(
    _ x: [Double], _ from: [Int], _ to: [Int], _ window: FloatWindow,
    _ reduce: ([Double], Int) -> Double
  ) -> [Double] {
    guard let geometry = window.geometry(inputHeight: from[1], inputWidth: from[2]) else {
      return []
    }
    return indices(to).map { at in
      var inside: [Double] = []
      var stated = 0
      for ky in 0..<window.kernelHeight {
        for kx in 0..<window.kernelWidth {
          let y = at[1] * window.strideHeight + ky - geometry.top
          let column = at[2] * window.strideWidth + kx - geometry.left
          guard y < from[1] + geometry.statedBottom, column < from[2] + geometry.statedRight else {
            continue
          }
          stated += 1
          guard (0..<from[1]).contains(y), (0..<from[2]).contains(column) else { continue }
          inside.append(x[(y * from[2] + column) * from[3] + at[3]])
        }
      }
      return reduce(inside, stated)
    }
  }

  /// All positions of a shape, in row-major order.
  private func indices(_ shape: [Int]) -> [[Int]] {
    shape.reduce([[]]) { partial, extent in
      partial.flatMap { prefix in (0..<extent).map { prefix + [$0] } }
    }
  }

  /// Where a position stands, axes of extent 1 stretched and missing ones in front left out.
  private func offset(_ at: [Int], _ shape: [Int]) -> Int {
    let skipped = at.count - shape.count
    return shape.indices.reduce(0) {
      $0 * shape[$1] + (shape[$1] == 1 ? 0 : at[$1 + skipped])
    }
  }
}
