import CFloat

extension [Int] {
  /// The steps of a row-major array of this shape.
  static func rowMajor(_ shape: [Int]) -> [Int] {
    var steps = shape
    var step = 1
    for axis in shape.indices.reversed() {
      steps[axis] = step
      step *= shape[axis]
    }
    return steps
  }

  /// The steps of a row-major array of `shape` when it is broadcast to `extents`: 0 where it
  /// repeats.
  static func broadcast(_ shape: [Int], to extents: [Int]) -> [Int] {
    let steps = rowMajor(shape)
    let lead = extents.count - shape.count
    return extents.indices.map { axis in
      axis < lead || shape[axis - lead] == 1 ? 0 : steps[axis - lead]
    }
  }
}

extension vd_float_walk {
  /// A walk over `extents` with the steps of both operands. Axes that both walk as one are merged,
  /// so that the inner loop is as long as can be.
  static func walk(extents: [Int], first: [Int], second: [Int]) -> vd_float_walk {
    var axes: [(extent: Int, first: Int, second: Int)] = []
    for axis in extents.indices where extents[axis] != 1 {
      let next = (extent: extents[axis], first: first[axis], second: second[axis])
      if let last = axes.last, last.first == next.first * next.extent,
        last.second == next.second * next.extent
      {
        axes[axes.count - 1] = (last.extent * next.extent, next.first, next.second)
      } else {
        axes.append(next)
      }
    }
    if axes.isEmpty { axes = [(1, 1, 1)] }
    var walk = vd_float_walk()
    walk.rank = axes.count
    withUnsafeMutableBytes(of: &walk.extents) { fill($0, axes.map(\.extent)) }
    withUnsafeMutableBytes(of: &walk.first_steps) { fill($0, axes.map(\.first)) }
    withUnsafeMutableBytes(of: &walk.second_steps) { fill($0, axes.map(\.second)) }
    return walk
  }

  private static func fill(_ bytes: UnsafeMutableRawBufferPointer, _ numbers: [Int]) {
    let target = bytes.bindMemory(to: Int.self)
    for (index, number) in numbers.enumerated() { target[index] = number }
  }
}

extension FloatStep.CopyPlan {
  /// The whole of an operand of `shape`, at `corner` of the output.
  static func placed(
    _ shape: [Int], at corner: [Int], in output: [Int], operand: Int = 0
  ) -> FloatStep.CopyPlan {
    let steps = [Int].rowMajor(output)
    return FloatStep.CopyPlan(
      operand: operand, inputOffset: 0,
      outputOffset: zip(corner, steps).reduce(0) { $0 + $1.0 * $1.1 },
      walk: .walk(extents: shape, first: .rowMajor(shape), second: steps))
  }

  static func slice(
    _ shape: [Int], axis: Int, start: Int, step: Int, _ output: [Int]
  ) -> FloatStep.CopyPlan {
    var steps = [Int].rowMajor(shape)
    let offset = start * steps[axis]
    // Where one index is taken no step is made; a large one could overflow.
    steps[axis] = output[axis] == 1 ? 0 : steps[axis] * step
    return FloatStep.CopyPlan(
      operand: 0, inputOffset: offset, outputOffset: 0,
      walk: .walk(extents: output, first: steps, second: .rowMajor(output)))
  }
}

extension FloatWindow {
  /// The geometry on an image whose size the shapes were worked out with.
  func planned(on shape: [Int]) -> WindowGeometry {
    guard let geometry = geometry(inputHeight: shape[1], inputWidth: shape[2]) else {
      preconditionFailure("the shapes were checked before")
    }
    return geometry
  }
}

extension vd_float_window {
  init(_ window: FloatWindow, _ geometry: WindowGeometry, image: [Int]) {
    self.init(
      input_height: image[1], input_width: image[2], channels: image[3],
      output_height: geometry.outputHeight, output_width: geometry.outputWidth,
      kernel_height: window.kernelHeight, kernel_width: window.kernelWidth,
      stride_height: window.strideHeight, stride_width: window.strideWidth,
      dilation_height: window.dilationHeight, dilation_width: window.dilationWidth,
      top: geometry.top, left: geometry.left)
  }
}
