import FloatGraph
import Testing

/// A convolution in double precision, written down from its definition.
private func naiveConvolution(
  _ image: [Float], _ shape: (height: Int, width: Int, channels: Int),
  _ convolution: FloatConvolution, _ geometry: WindowGeometry, clip: ClipRange?
) -> [Double] {
  let window = convolution.window
  let perGroup = convolution.weights.shape[3]
  let outputsPerGroup = convolution.outputChannels / convolution.groups
  var result: [Double] = []
  for y in 0..<geometry.outputHeight {
    for x in 0..<geometry.outputWidth {
      for o in 0..<convolution.outputChannels {
        var sum = Double(convolution.bias[o])
        for i in 0..<window.kernelHeight {
          for j in 0..<window.kernelWidth {
            let row = y * window.strideHeight + i * window.dilationHeight - geometry.top
            let column = x * window.strideWidth + j * window.dilationWidth - geometry.left
            guard (0..<shape.height).contains(row), (0..<shape.width).contains(column) else {
              continue
            }
            for c in 0..<perGroup {
              let channel = o / outputsPerGroup * perGroup + c
              let weight = ((o * window.kernelHeight + i) * window.kernelWidth + j) * perGroup + c
              sum +=
                Double(image[(row * shape.width + column) * shape.channels + channel])
                * Double(convolution.weights.elements[weight])
            }
          }
        }
        if let clip { sum = min(max(sum, Double(clip.minimum)), Double(clip.maximum)) }
        result.append(sum)
      }
    }
  }
  return result
}

struct ConvolutionCase: Sendable, CustomTestStringConvertible {
  var height = 7
  var width = 5
  var channels = 3
  var outputs = 5
  var groups = 1
  var window: FloatWindow
  var clip: ClipRange?

  var testDescription: String {
    "\(height)x\(width)x\(channels) -> \(outputs), groups \(groups), \(window.kernelHeight)x"
      + "\(window.kernelWidth) stride \(window.strideHeight),\(window.strideWidth) dilation "
      + "\(window.dilationHeight),\(window.dilationWidth) \(window.padding)"
  }

  static let odd = FloatWindow.Padding.explicit(top: 2, left: 0, bottom: 1, right: 3)
  static let one = FloatWindow.Padding.explicit(top: 1, left: 1, bottom: 1, right: 1)

  static let all: [ConvolutionCase] = [
    ConvolutionCase(window: FloatWindow(kernelHeight: 1, kernelWidth: 1)),
    // Panels: full, half, one more; rows: a block, its rest.
    ConvolutionCase(
      height: 5, width: 5, channels: 17, outputs: 16,
      window: FloatWindow(kernelHeight: 1, kernelWidth: 1), clip: .relu6),
    ConvolutionCase(
      height: 4, width: 4, channels: 8, outputs: 24,
      window: FloatWindow(kernelHeight: 1, kernelWidth: 1)),
    ConvolutionCase(
      height: 1, width: 1, channels: 33, outputs: 41,
      window: FloatWindow(kernelHeight: 1, kernelWidth: 1), clip: .relu),
    ConvolutionCase(
      channels: 4, outputs: 7,
      window: FloatWindow(kernelHeight: 1, kernelWidth: 1, strideHeight: 2, strideWidth: 3)),
    ConvolutionCase(
      window: FloatWindow(
        kernelHeight: 3, kernelWidth: 3, strideHeight: 2, strideWidth: 2, padding: .sameUpper)),
    ConvolutionCase(
      height: 8, width: 6,
      window: FloatWindow(
        kernelHeight: 3, kernelWidth: 3, strideHeight: 2, strideWidth: 2, padding: .sameUpper)),
    ConvolutionCase(
      height: 8, width: 6,
      window: FloatWindow(
        kernelHeight: 3, kernelWidth: 3, strideHeight: 2, strideWidth: 2, padding: .sameLower)),
    ConvolutionCase(
      outputs: 19, window: FloatWindow(kernelHeight: 5, kernelWidth: 2, padding: odd)),
    ConvolutionCase(
      height: 9, width: 11, channels: 6, outputs: 10, groups: 2,
      window: FloatWindow(
        kernelHeight: 3, kernelWidth: 3, dilationHeight: 2, dilationWidth: 3, padding: odd)),
    ConvolutionCase(
      channels: 6, outputs: 6, groups: 3, window: FloatWindow(kernelHeight: 1, kernelWidth: 1)),
    // Depthwise, with channels below, at and above the vectors' widths.
    ConvolutionCase(
      outputs: 3, groups: 3, window: FloatWindow(kernelHeight: 3, kernelWidth: 3, padding: one)),
    ConvolutionCase(
      channels: 85, outputs: 85, groups: 85,
      window: FloatWindow(
        kernelHeight: 3, kernelWidth: 3, strideHeight: 2, strideWidth: 2, padding: .sameUpper),
      clip: .relu6),
    ConvolutionCase(
      height: 2, width: 3, channels: 20, outputs: 20, groups: 20,
      window: FloatWindow(kernelHeight: 5, kernelWidth: 5, padding: .sameUpper)),
    ConvolutionCase(
      height: 9, width: 9, channels: 4, outputs: 4, groups: 4,
      window: FloatWindow(
        kernelHeight: 3, kernelWidth: 3, dilationHeight: 3, dilationWidth: 2, padding: odd)),
    // A channel multiplier.
    ConvolutionCase(
      outputs: 6, groups: 3, window: FloatWindow(kernelHeight: 3, kernelWidth: 3, padding: one)),
    // Padding wider than the kernel: whole windows in it.
    ConvolutionCase(
      window: FloatWindow(
        kernelHeight: 2, kernelWidth: 2, padding: .explicit(top: 3, left: 4, bottom: 3, right: 4))),
    ConvolutionCase(
      outputs: 3, groups: 3,
      window: FloatWindow(
        kernelHeight: 2, kernelWidth: 2, padding: .explicit(top: 3, left: 4, bottom: 3, right: 4))),
  ]
}

@Suite("Convolutions of the float executor")
struct FloatExecutorConvolutionTests {
  private func sketch(_ test: ConvolutionCase) -> (graph: FloatGraph, convolution: FloatConvolution)
  {
    var random = SeededGenerator(seed: 7)
    let convolution = FloatConvolution(
      weights: random.array([
        test.outputs, test.window.kernelHeight, test.window.kernelWidth,
        test.channels / test.groups,
      ]), bias: random.floats(test.outputs), groups: test.groups, window: test.window)
    var sketch = GraphSketch(height: test.height, width: test.width, channels: test.channels)
    sketch.add("conv", .convolution(convolution), clip: test.clip)
    return (sketch.graph(), convolution)
  }

  @Test("a convolution is what its definition says", arguments: ConvolutionCase.all)
  func definition(test: ConvolutionCase) throws {
    let (graph, convolution) = sketch(test)
    var random = SeededGenerator(seed: 1)
    let image = random.floats(test.height * test.width * test.channels)
    let geometry = try #require(
      test.window.geometry(inputHeight: test.height, inputWidth: test.width))
    let expected = naiveConvolution(
      image, (test.height, test.width, test.channels), convolution, geometry, clip: test.clip)
    #expect(largestDifference(try runGraph(graph), expected) < 2e-6)
  }

  @Test("a convolution of more pixels than a tile of patches holds")
  func tiles() throws {
    var test = ConvolutionCase(
      height: 12, width: 11, channels: 64, outputs: 3,
      window: FloatWindow(kernelHeight: 5, kernelWidth: 5, padding: .sameUpper))
    test.clip = .relu
    try definition(test: test)
  }
}
