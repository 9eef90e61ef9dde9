import Tensors

extension FloatGraph {
  /// The shape of every value, constants included, for an input of `height` x `width`.
  ///
  /// Each shape has passed ``Tensors/Shape``'s limits, so that arithmetic on it cannot overflow.
  /// This also checks the graph as a whole: whoever has the shapes may trust every index in it.
  /// Throws ``FloatGraphError``: `unsuitableSize` where the graph fits images of its own size but
  /// not of this one, else `invalidNode` or `invalidGraph`. Values that nothing computes or
  /// reads are errors only if a node reads them.
  public func shapes(height: Int, width: Int) throws(FloatGraphError) -> [[Int]] {
    do {
      return try inferredShapes(height: height, width: width)
    } catch .invalidNode(let name, let reason) {
      // The fault is the size's only if the graph's own size does not show it.
      guard height != inputExtents.height || width != inputExtents.width else {
        throw .invalidNode(name: name, reason: reason)
      }
      _ = try inferredShapes(height: inputExtents.height, width: inputExtents.width)
      throw .unsuitableSize(height: height, width: width, node: name, reason: reason)
    }
  }

  private func inferredShapes(
    height: Int, width: Int
  ) throws(FloatGraphError) -> [[Int]] {
    guard values.indices.contains(input), values.indices.contains(output) else {
      throw .invalidGraph(reason: "its input or its output is not one of its values")
    }
    guard let image = Shape([1, height, width, inputExtents.channels]) else {
      throw .invalidGraph(
        reason: "an image of \(width)x\(height) with \(inputExtents.channels) channels is empty or "
          + "above \(Shape.maximumElementCount) elements")
    }
    var shapes: [[Int]?] = []
    for value in values {
      guard let constant = value.constant else {
        shapes.append(nil)
        continue
      }
      guard let shape = Shape(constant.shape),
        shape.elementCount == constant.elements.count
      else {
        throw .invalidGraph(
          reason: "the constant '\(value.name)' is empty, too large, or not filled")
      }
      shapes.append(shape.extents)
    }
    guard shapes[input] == nil else {
      throw .invalidGraph(reason: "its input is a constant")
    }
    shapes[input] = image.extents
    for node in nodes {
      var operands: [[Int]] = []
      for value in node.inputs {
        guard values.indices.contains(value), let shape = shapes[value] else {
          throw .invalidNode(
            name: node.name, reason: "it reads a value that no node before it computes")
        }
        operands.append(shape)
      }
      guard values.indices.contains(node.output), shapes[node.output] == nil else {
        throw .invalidNode(
          name: node.name, reason: "its output is computed by another node as well")
      }
      shapes[node.output] = try node.outputShape(operands)
    }
    guard shapes[output] != nil else {
      throw .invalidGraph(reason: "no node computes its output '\(values[output].name)'")
    }
    return shapes.map { $0 ?? [] }
  }
}
