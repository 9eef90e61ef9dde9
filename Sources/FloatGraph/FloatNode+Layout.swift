import Tensors

/// The shapes of what moves elements without computing.
extension FloatNode {
  func broadcast(_ first: [Int], _ second: [Int]) throws(FloatGraphError) -> [Int] {
    let rank = max(first.count, second.count)
    let left = Array(repeating: 1, count: rank - first.count) + first
    let right = Array(repeating: 1, count: rank - second.count) + second
    var result: [Int] = []
    for (a, b) in zip(left, right) {
      guard a == b || a == 1 || b == 1 else {
        throw invalid("\(first) and \(second) cannot be broadcast to one shape")
      }
      result.append(max(a, b))
    }
    return result
  }

  func concatenated(_ operands: [[Int]], axis: Int) throws(FloatGraphError) -> [Int] {
    guard var result = operands.first else { throw invalid("it has no inputs") }
    guard result.indices.contains(axis) else { throw invalid("\(result) has no axis \(axis)") }
    for operand in operands.dropFirst() {
      var aligned = operand
      guard aligned.count == result.count else {
        throw invalid("\(operand) has not the rank of \(result)")
      }
      aligned[axis] = result[axis]
      guard aligned == result else {
        throw invalid("\(operand) differs from \(result) in more than axis \(axis)")
      }
      // Two extents of at most 2^28: no overflow before the check of the sum.
      result[axis] += operand[axis]
      guard result[axis] <= Shape.maximumElementCount else {
        throw invalid("its output is above \(Shape.maximumElementCount) elements")
      }
    }
    return result
  }

  func padded(
    _ shape: [Int], before: [Int], after: [Int]
  ) throws(FloatGraphError) -> [Int] {
    guard before.count == shape.count, after.count == shape.count else {
      throw invalid("it does not give a padding for each axis of \(shape)")
    }
    guard (before + after).allSatisfy({ (0...Shape.maximumElementCount).contains($0) }) else {
      throw invalid("its padding \(before), \(after) is negative or too large")
    }
    return shape.indices.map { shape[$0] + before[$0] + after[$0] }
  }

  func sliced(
    _ shape: [Int], axis: Int, start: Int, count: Int?, step: Int
  ) throws(FloatGraphError) -> [Int] {
    guard shape.indices.contains(axis) else { throw invalid("\(shape) has no axis \(axis)") }
    let extent = shape[axis]
    guard step >= 1, (0..<extent).contains(start) else {
      throw invalid("it starts at \(start) by \(step) of an axis of \(extent)")
    }
    let available = (extent - start - 1) / step + 1
    guard (1...available).contains(count ?? available) else {
      throw invalid("it takes \(count ?? 0) where the axis has \(available)")
    }
    var result = shape
    result[axis] = count ?? available
    return result
  }

  func reshaped(_ shape: [Int], to target: [Int]) throws(FloatGraphError) -> [Int] {
    var result: [Int] = []
    var open: Int?
    for (axis, extent) in target.enumerated() {
      switch extent {
      case -1:
        guard open == nil else { throw invalid("two of its extents \(target) are open") }
        open = axis
        result.append(1)
      case 0:
        guard shape.indices.contains(axis) else {
          throw invalid("\(shape) has no axis \(axis) to keep")
        }
        result.append(shape[axis])
      default:
        result.append(extent)
      }
    }
    let elements = shape.reduce(1, *)
    guard let known = Shape(result) else { throw invalid("it cannot make \(target) of \(shape)") }
    if let open { result[open] = elements / known.elementCount }
    guard result.reduce(1, *) == elements else {
      throw invalid("\(shape) has not the elements of \(target)")
    }
    return result
  }
}
