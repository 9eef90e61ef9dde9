import FloatGraph
import Model
import Tensors

// Windows: from rows of padding to TensorFlow Lite's rules.
extension Lowering {
  /// A window's tensor and rule: VALID or SAME where that puts every window of every size of the
  /// ladder where the node does, else VALID behind a PAD.
  mutating func windowed(
    _ node: FloatNode, _ window: FloatWindow, tensor: Int, value: Int
  ) throws(QuantizationError) -> (input: Int, window: Window) {
    if let rule = try rule(node, window, value: value) {
      return (tensor, window.written(rule))
    }
    let (before, after) = try padding(node, window, value: value)
    let shape = tensors[tensor].shape
    let padded = addInner(
      .pad(before: before, after: after), [tensor],
      shape: shape.indices.map { shape[$0] + before[$0] + after[$0] },
      quantization: quantization(ofTensor: tensor))
    return (padded, window.written(.valid))
  }

  /// How the windows lie at each size.
  private func geometries(
    _ node: FloatNode, _ window: FloatWindow, value: Int
  ) throws(QuantizationError) -> [(height: Int, width: Int, geometry: WindowGeometry)] {
    var all: [(height: Int, width: Int, geometry: WindowGeometry)] = []
    for shapes in shapes {
      let shape = shapes[value]
      guard shape.count == 4,
        let geometry = window.geometry(inputHeight: shape[1], inputWidth: shape[2])
      else { throw unsupported(node, "its window does not fit \(shape)") }
      all.append((shape[1], shape[2], geometry))
    }
    return all
  }

  /// VALID or SAME if it says the same at all sizes, else nil.
  func rule(
    _ node: FloatNode, _ window: FloatWindow, value: Int
  ) throws(QuantizationError) -> Window.Padding? {
    let all = try geometries(node, window, value: value)
    for padding in [Window.Padding.valid, .same] {
      let written = window.written(padding)
      let equal = all.allSatisfy { height, width, geometry in
        guard
          let fitted = written.fitted(
            inputHeight: height, inputWidth: width, kernelHeight: window.kernelHeight,
            kernelWidth: window.kernelWidth)
        else { return false }
        return fitted.padTop == geometry.top && fitted.padLeft == geometry.left
          && window.extent(padding, height, vertical: true) == geometry.outputHeight
          && window.extent(padding, width, vertical: false) == geometry.outputWidth
      }
      if equal { return padding }
    }
    return nil
  }

  /// Constant rows and columns around the image behind which VALID windows lie as they should.
  private func padding(
    _ node: FloatNode, _ window: FloatWindow, value: Int
  ) throws(QuantizationError) -> (before: [Int], after: [Int]) {
    let all = try geometries(node, window, value: value)
    let first = all[0].geometry
    guard all.allSatisfy({ $0.geometry.top == first.top && $0.geometry.left == first.left }) else {
      throw unsupported(node, "its padding above or to the left depends on the image's size")
    }
    // At least what the last window reads, at most one row less than the next window would need.
    func end(_ needs: [Int], stride: Int) -> Int? {
      let least = max(0, needs.max() ?? 0)
      return needs.allSatisfy { least < $0 + stride } ? least : nil
    }
    let reachHeight = (window.kernelHeight - 1) * window.dilationHeight + 1
    let reachWidth = (window.kernelWidth - 1) * window.dilationWidth + 1
    guard
      let bottom = end(
        all.map {
          ($0.geometry.outputHeight - 1) * window.strideHeight + reachHeight - $0.height
            - $0.geometry.top
        }, stride: window.strideHeight),
      let right = end(
        all.map {
          ($0.geometry.outputWidth - 1) * window.strideWidth + reachWidth - $0.width
            - $0.geometry.left
        }, stride: window.strideWidth)
    else {
      throw unsupported(node, "its padding below or to the right depends on the image's size")
    }
    return ([0, first.top, first.left, 0], [0, bottom, right, 0])
  }

  mutating func lowerMaxPool(
    _ node: FloatNode, _ window: FloatWindow
  ) throws(QuantizationError) {
    let value = node.inputs[0]
    // Outside of the image a maximum sees nothing, and a PAD puts zeros there: the same only where
    // nothing is below 0.
    if try rule(node, window, value: value) == nil, !isNonNegative[value] {
      throw unsupported(
        node,
        "its padding is not TensorFlow's SAME, and its input can be negative: zeros around "
          + "it would win")
    }
    try addPool(node, window) { .maxPool2D($0, kernelHeight: $1, kernelWidth: $2, $3) }
  }

  mutating func lowerAveragePool(
    _ node: FloatNode, _ window: FloatWindow, countsPadding: Bool
  ) throws(QuantizationError) {
    let value = node.inputs[0]
    let all = try geometries(node, window, value: value)
    let rule = try rule(node, window, value: value)
    // TensorFlow Lite's SAME divides by what lies inside of the image.
    let counted = countsPadding && all.contains { $0.geometry.readsStatedPadding }
    if !counted {
      guard rule != nil else {
        throw unsupported(
          node, "its padding is not TensorFlow's SAME, and its divisor leaves the padding out")
      }
    } else {
      guard
        all.allSatisfy({
          $0.geometry.bottom <= $0.geometry.statedBottom
            && $0.geometry.right <= $0.geometry.statedRight
        })
      else {
        throw unsupported(
          node, "its divisor counts the stated padding but not what rounding up adds to it")
      }
    }
    try addPool(node, window, alwaysPads: counted) {
      .averagePool2D($0, kernelHeight: $1, kernelWidth: $2, $3)
    }
  }

  private mutating func addPool(
    _ node: FloatNode, _ window: FloatWindow, alwaysPads: Bool = false,
    _ kind: (Window, Int, Int, Activation) -> OperatorKind
  ) throws(QuantizationError) {
    guard window.dilationHeight == 1, window.dilationWidth == 1 else {
      throw unsupported(node, "a dilated pool")
    }
    let value = node.inputs[0]
    let tensor = try input(node)
    let (input, written): (Int, Window)
    if alwaysPads {
      let (before, after) = try padding(node, window, value: value)
      let shape = tensors[tensor].shape
      input = addInner(
        .pad(before: before, after: after), [tensor],
        shape: shape.indices.map { shape[$0] + before[$0] + after[$0] },
        quantization: quantization(ofTensor: tensor))
      written = window.written(.valid)
    } else {
      (input, written) = try windowed(node, window, tensor: tensor, value: value)
    }
    let from = quantization(ofTensor: input)
    let (height, width) = (window.kernelHeight, window.kernelWidth)
    if try quantization(of: node.output) == from {
      try addFinal(kind(written, height, width, fusedActivation(of: node)), [input], node)
    } else {
      try addUnfused(kind(written, height, width, .none), [input], node, writes: from)
    }
  }
}

extension WindowGeometry {
  /// Whether a window reads padding that the source states (not only what rounding up adds).
  fileprivate var readsStatedPadding: Bool {
    top > 0 || left > 0 || (bottom > 0 && statedBottom > 0) || (right > 0 && statedRight > 0)
  }
}

extension FloatWindow {
  fileprivate func written(_ padding: Window.Padding) -> Window {
    Window(
      strideHeight: strideHeight, strideWidth: strideWidth, dilationHeight: dilationHeight,
      dilationWidth: dilationWidth, padding: padding)
  }

  /// The output's extent by TensorFlow's rules, where the kernel fits.
  fileprivate func extent(_ padding: Window.Padding, _ input: Int, vertical: Bool) -> Int {
    let stride = vertical ? strideHeight : strideWidth
    let kernel = vertical ? kernelHeight : kernelWidth
    let dilation = vertical ? dilationHeight : dilationWidth
    switch padding {
    case .same: return (input + stride - 1) / stride
    case .valid: return (input - (kernel - 1) * dilation - 1) / stride + 1
    }
  }
}
