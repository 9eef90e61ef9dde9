import FloatGraph
import Testing

/// A small network of which one part is looked at.
struct LoweringCase: Sendable, CustomTestStringConvertible {
  let name: String
  let graph: FloatGraph

  var testDescription: String { name }

  init(
    _ name: String, height: Int = 12, width: Int = 10, channels: Int = 6,
    _ build: (inout Sketch) -> Void
  ) {
    self.name = name
    var sketch = Sketch(
      height: height, width: width, channels: channels, seed: UInt64(name.utf8.count) + 5)
    build(&sketch)
    graph = sketch.graph
  }

  static let all: [LoweringCase] = convolutions + elements + pools + moves + blocks

  private static func window(
    _ kernel: Int, stride: Int = 1, _ padding: FloatWindow.Padding = explicit(0),
    roundsUp: Bool = false
  ) -> FloatWindow {
    FloatWindow(
      kernelHeight: kernel, kernelWidth: kernel, strideHeight: stride, strideWidth: stride,
      padding: padding, roundsUp: roundsUp)
  }

  private static func explicit(_ rows: Int) -> FloatWindow.Padding {
    .explicit(top: rows, left: rows, bottom: rows, right: rows)
  }

  static let convolutions: [LoweringCase] = [
    .init("convolution, SAME") { $0.convolve(0, from: 6, to: 8) },
    .init("convolution, VALID, ReLU") {
      $0.convolve(0, from: 6, to: 8, padding: explicit(0), clip: .relu)
    },
    .init("convolution, stride 2 behind a PAD, ReLU6") {
      $0.convolve(0, from: 6, to: 8, stride: 2, clip: .relu6)
    },
    .init("convolution, 5 x 3, dilated, odd outputs") {
      $0.convolve(
        0, from: 6, to: 5, kernel: (5, 3), dilation: 2,
        padding: .explicit(top: 4, left: 2, bottom: 4, right: 2))
    },
    .init("convolution, SAME to the upper left") {
      $0.convolve(0, from: 6, to: 8, kernel: (2, 2), padding: .sameLower)
    },
    .init("convolution, a clamp of its own") {
      $0.convolve(0, from: 6, to: 8, clip: ClipRange(minimum: -0.75, maximum: 0.5))
    },
    .init("convolution, 2 groups") { $0.convolve(0, from: 6, to: 8, groups: 2, clip: .relu) },
    .init("depthwise") { $0.convolve(0, from: 6, to: 6, groups: 6, clip: .relu6) },
    .init("depthwise, multiplier 3, stride 2") {
      $0.convolve(0, from: 6, to: 18, groups: 6, stride: 2)
    },
    .init("fully connected behind a mean") {
      let mean = $0.add(.mean(axes: [1, 2], keepsDimensions: false), [0])
      $0.connect(mean, from: 6, to: 9)
    },
    .init("fully connected, dimensions kept") { $0.connect(0, from: 6, to: 4, clip: .relu) },
    .init("affine on an image") {
      let (scale, offset) = ($0.array([6], 0.2...2).elements, $0.array([6]).elements)
      $0.add(.affine(scale: scale, offset: offset), [0], clip: .relu)
    },
    .init("affine with one factor on a row") {
      let mean = $0.add(.mean(axes: [1, 2], keepsDimensions: false), [0])
      $0.add(.affine(scale: [-1.5], offset: [0.25]), [mean])
    },
  ]

  static let elements: [LoweringCase] = [
    .init("add, broadcast, ReLU") {
      let mean = $0.add(.mean(axes: [1, 2], keepsDimensions: true), [0])
      $0.add(.binary(.add), [0, mean], clip: .relu)
    },
    .init("subtract from a constant") {
      let constant = $0.constant([6])
      $0.add(.binary(.subtract), [constant, 0])
    },
    .init("multiply by itself") { $0.add(.binary(.multiply), [0, 0]) },
    .init("divide by constants") {
      let constant = $0.constant([6], 0.5...2)
      $0.add(.binary(.divide), [0, constant])
    },
    .init("clip of its own, RELU6") { $0.add(.clip(.relu6), [0]) },
    .init("clip of its own, -0.5...1") {
      $0.add(.clip(ClipRange(minimum: -0.5, maximum: 1)), [0])
    },
    .init("leaky ReLU") { $0.add(.leakyReLU(slope: 0.1), [0]) },
    .init("hard swish") {
      let wide = $0.add(.affine(scale: [3], offset: [0]), [0])
      $0.add(.hardSwish, [wide])
    },
    .init("hard sigmoid") { $0.add(.hardSigmoid(alpha: 0.25, beta: 0.5), [0]) },
    .init("sigmoid") { $0.add(.sigmoid, [0]) },
    .init("softmax") {
      let mean = $0.add(.mean(axes: [1, 2], keepsDimensions: false), [0])
      let wide = $0.connect(mean, from: 6, to: 7)
      $0.add(.softmax, [wide])
    },
    .init("mean of the channels, ReLU") {
      $0.add(.mean(axes: [3], keepsDimensions: true), [0], clip: .relu)
    },
  ]

  static let pools: [LoweringCase] = [
    .init("max pool, SAME") { $0.add(.maxPool(window(3, explicit(1))), [0]) },
    .init("max pool behind a PAD") {
      let positive = $0.mix(0, from: 6, to: 6, clip: .relu)
      $0.add(.maxPool(window(3, stride: 2, explicit(1))), [positive])
    },
    .init("max pool, rounded up") {
      $0.add(.maxPool(window(3, stride: 2, roundsUp: true)), [0])
    },
    .init("average pool, VALID") {
      $0.add(.averagePool(window(2, stride: 2), countsPadding: true), [0])
    },
    .init("average pool that counts its padding") {
      $0.add(.averagePool(window(3, explicit(1)), countsPadding: true), [0])
    },
    .init("average pool that does not") {
      $0.add(.averagePool(window(3, explicit(1)), countsPadding: false), [0], clip: .relu)
    },
    .init("average pool over all") {
      let whole = FloatWindow(kernelHeight: 12, kernelWidth: 10)
      $0.add(.averagePool(whole, countsPadding: false), [0])
    },
  ]

  static let moves: [LoweringCase] = [
    .init("pad") { $0.add(.pad(before: [0, 1, 2, 0], after: [0, 3, 0, 1], value: 0), [0]) },
    .init("concatenate and slice") {
      let a = $0.mix(0, from: 6, to: 4)
      let b = $0.mix(0, from: 6, to: 6, clip: .relu)
      let both = $0.add(.concatenate(axis: 3), [a, b])
      $0.add(.slice(axis: 3, start: 1, count: 4, step: 2), [both])
    },
    .init("concatenate a sigmoid") {
      let gate = $0.add(.sigmoid, [0])
      let other = $0.mix(0, from: 6, to: 6)
      $0.add(.concatenate(axis: 3), [gate, other, gate])
    },
    .init("concatenate the input, clamped") {
      let other = $0.mix(0, from: 6, to: 6)
      $0.add(
        .concatenate(axis: 2), [other, 0], clip: ClipRange(minimum: -1, maximum: 0.5))
    },
    .init("slice to the end") { $0.add(.slice(axis: 1, start: 3, count: nil, step: 1), [0]) },
    .init("channel shuffle") { $0.add(.gather(axis: 3, indices: [0, 3, 1, 4, 2, 5]), [0]) },
    .init("reshape and transpose") {
      let rows = $0.add(.reshape(to: [0, -1, 6]), [0])
      let turned = $0.add(.transpose(permutation: [0, 2, 1]), [rows])
      $0.add(.affine(scale: [2], offset: [1]), [turned])
    },
  ]

  static let blocks: [LoweringCase] = [
    .init("residual block") {
      let expanded = $0.mix(0, from: 6, to: 18, clip: .relu6)
      let depthwise = $0.convolve(expanded, from: 18, to: 18, groups: 18, clip: .relu6)
      let projected = $0.mix(depthwise, from: 18, to: 6)
      $0.add(.binary(.add), [0, projected])
    },
    .init("squeeze and excite") {
      let features = $0.convolve(0, from: 6, to: 12, clip: .relu)
      let mean = $0.add(.mean(axes: [1, 2], keepsDimensions: true), [features])
      let squeezed = $0.mix(mean, from: 12, to: 4, clip: .relu)
      let excited = $0.mix(squeezed, from: 4, to: 12)
      let gate = $0.add(.hardSigmoid(alpha: 1.0 / 6, beta: 0.5), [excited])
      $0.add(.binary(.multiply), [features, gate])
    },
    .init("split, branch and shuffle") {
      let left = $0.add(.slice(axis: 3, start: 0, count: 3, step: 1), [0])
      let right = $0.add(.slice(axis: 3, start: 3, count: 3, step: 1), [0])
      let branch = $0.mix(right, from: 3, to: 3, clip: .relu)
      let both = $0.add(.concatenate(axis: 3), [left, branch])
      $0.add(.gather(axis: 3, indices: [0, 3, 1, 4, 2, 5]), [both])
    },
    .init("classifier") {
      let stem = $0.convolve(0, from: 6, to: 8, stride: 2, clip: .relu)
      let pooled = $0.add(.maxPool(window(2, stride: 2)), [stem])
      let mean = $0.add(.mean(axes: [1, 2], keepsDimensions: true), [pooled])
      let row = $0.add(.reshape(to: [1, -1]), [mean])
      $0.connect(row, from: 8, to: 5)
    },
  ]
}
