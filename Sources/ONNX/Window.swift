import FloatGraph

/// The window attributes that convolutions and poolings share.
struct WindowAttributes {
  var window: FloatWindow
  /// Rows and columns of the output.
  var height: Int
  var width: Int

  /// - Parameters:
  ///   - kernel: its height and width.
  ///   - input: the image's height and width.
  init(_ node: ONNXNode, kernel: [Int], input: [Int]) throws(ImportFailure) {
    let strides = try Self.pair(node, "strides", default: [1, 1])
    let dilations = try Self.pair(node, "dilations", default: [1, 1])
    guard kernel.count == 2 else { throw .unsupported("only windows over two axes are") }
    let positive = kernel + strides + dilations
    guard positive.allSatisfy({ $0 >= 1 && $0 <= GraphLimits.window }) else {
      throw .invalid("a kernel, stride or dilation is outside 1...\(GraphLimits.window)")
    }
    let roundsUp = try node.flag("ceil_mode")
    let automatic = try node.string("auto_pad", default: "NOTSET")
    var pads = [0, 0, 0, 0]
    var padding: FloatWindow.Padding?
    switch automatic {
    case "NOTSET", "":
      pads = try node.integers("pads") ?? pads
      guard pads.count == 4, pads.allSatisfy({ $0 >= 0 && $0 <= GraphLimits.window }) else {
        throw .unsupported("pads \(pads.prefix(8)) are not four numbers from 0 up")
      }
    case "VALID": break
    case "SAME_UPPER": padding = .sameUpper
    case "SAME_LOWER": padding = .sameLower
    default: throw .invalid("auto_pad is '\(printable(automatic))'")
    }
    window = FloatWindow(
      kernelHeight: kernel[0], kernelWidth: kernel[1], strideHeight: strides[0],
      strideWidth: strides[1], dilationHeight: dilations[0], dilationWidth: dilations[1],
      padding: padding
        ?? .explicit(top: pads[0], left: pads[1], bottom: pads[2], right: pads[3]),
      roundsUp: roundsUp)
    var extents: [Int] = []
    for axis in 0..<2 {
      if padding != nil {
        extents.append((input[axis] - 1) / strides[axis] + 1)
        continue
      }
      // The largest of these is 2^32: nothing overflows.
      let room = input[axis] + pads[axis] + pads[axis + 2] - (kernel[axis] - 1) * dilations[axis]
      guard room >= 1 else {
        throw .invalid("its window is larger than its input of \(text(input))")
      }
      var extent = (room - 1 + (roundsUp ? strides[axis] - 1 : 0)) / strides[axis] + 1
      if roundsUp && (extent - 1) * strides[axis] >= input[axis] + pads[axis] { extent -= 1 }
      extents.append(extent)
    }
    height = extents[0]
    width = extents[1]
  }

  private static func pair(
    _ node: ONNXNode, _ name: String, default fallback: [Int]
  ) throws(ImportFailure) -> [Int] {
    guard let list = try node.integers(name) else { return fallback }
    guard list.count == 2 else {
      throw .unsupported("'\(name)' has \(list.count) entries; only windows over two axes are")
    }
    return list
  }
}
