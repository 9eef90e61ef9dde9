import CKernels
import Model
import Tensors

// The operators that move elements and leave their values alone.
extension Lowering {
  func transpose(_ step: Schedule.Step, _ permutation: [Int]) throws(InferenceError)
    -> PlannedStep.Kernel
  {
    let input = graph.tensors[step.view].shape
    let strides = input.strides
    return try strided(
      step, permutation.map { (extent: input[$0], stride: strides[$0]) }, offset: 0)
  }

  func slice(_ step: Schedule.Step, _ begin: [Int], _ end: [Int?], _ strides: [Int])
    throws(InferenceError) -> PlannedStep.Kernel
  {
    let input = graph.tensors[step.view].shape
    let steps = input.strides
    var offset = 0
    var loops: [(extent: Int, stride: Int)] = []
    for axis in input.extents.indices {
      let range = SliceRange(
        begin: begin[axis], end: end[axis], stride: strides[axis], extent: input[axis])
      offset += range.start * steps[axis]
      // With one index its stride is never gone; it may be larger than any tensor.
      loops.append((range.count, range.count == 1 ? 0 : strides[axis] * steps[axis]))
    }
    return try strided(step, loops, offset: offset)
  }

  /// A copy with these loops, outermost first; neighbours that make one run become one loop.
  private func strided(
    _ step: Schedule.Step, _ all: [(extent: Int, stride: Int)], offset: Int
  ) throws(InferenceError) -> PlannedStep.Kernel {
    var loops: [(extent: Int, stride: Int)] = []
    for loop in all where loop.extent > 1 {
      if let last = loops.last, last.stride == loop.extent * loop.stride {
        loops[loops.count - 1] = (last.extent * loop.extent, loop.stride)
      } else {
        loops.append(loop)
      }
    }
    guard loops.count <= 6 else {
      throw unsupported(step.source, "\(loops.count) loops; at most 6")
    }
    loops = Array(repeating: (1, 1), count: 6 - loops.count) + loops
    func six(_ values: [Int]) -> (Int32, Int32, Int32, Int32, Int32, Int32) {
      let v = values.map(Int32.init)
      return (v[0], v[1], v[2], v[3], v[4], v[5])
    }
    return .copyStrided(
      vd_copy_args(extents: six(loops.map(\.extent)), strides: six(loops.map(\.stride))),
      offset: offset)
  }

  mutating func gather(_ step: Schedule.Step, axis: Int, indices: [Int]) -> PlannedStep.Kernel {
    let input = graph.tensors[step.view].shape
    let offset = reserve(indices.count * 4)
    fills.append(.indices(indices.map(Int32.init), offset: offset))
    return .gather(
      vd_gather_args(
        outer: Int32(input.extents[..<axis].reduce(1, *)), extent: Int32(input[axis]),
        inner: Int32(input.extents[(axis + 1)...].reduce(1, *)), count: Int32(indices.count)),
      indices: offset)
  }

  /// One kernel call for each input.
  func concatenation(_ step: Schedule.Step, axis: Int) -> [PlannedStep.Kernel] {
    let output = graph.tensors[step.source.output].shape
    let inner = output.extents[(axis + 1)...].reduce(1, *)
    let rows = output.extents[..<axis].reduce(1, *)
    var offset = 0
    return step.source.inputs.map { tensor in
      let size = graph.tensors[tensor].shape[axis] * inner
      defer { offset += size }
      return .copyRows(
        rows: rows, size: size, outputStride: output[axis] * inner, offset: offset)
    }
  }
}

extension Shape {
  /// Elements between neighbours along each axis.
  fileprivate var strides: [Int] {
    var strides: [Int] = []
    var step = 1
    for extent in extents.reversed() {
      strides.append(step)
      step *= extent
    }
    return strides.reversed()
  }
}
