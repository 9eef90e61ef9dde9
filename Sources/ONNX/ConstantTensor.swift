import Foundation

/// The element types of stored tensors that are read, with their numbers in the file.
enum ElementType: Int32 {
  case float = 1
  case uint8 = 2
  case int8 = 3
  case uint16 = 4
  case int16 = 5
  case int32 = 6
  case int64 = 7
  case bool = 9
  case float16 = 10
  case double = 11
  case uint32 = 12
  case uint64 = 13
  case bfloat16 = 16
  case uint4 = 21
  case int4 = 22

  var isFloat: Bool {
    switch self {
    case .float, .float16, .double, .bfloat16: true
    case .uint8, .int8, .uint16, .int16, .int32, .int64, .bool, .uint32, .uint64, .uint4, .int4:
      false
    }
  }

  /// What an integer type can hold; nil for floats and for uint64, which does not fit `Int64`.
  var range: ClosedRange<Int64>? {
    switch self {
    case .uint8: 0...255
    case .int8: -128...127
    case .uint16: 0...65535
    case .int16: -32768...32767
    case .int32: Int64(Int32.min)...Int64(Int32.max)
    case .int64: Int64.min...Int64.max
    case .bool: 0...1
    case .uint32: 0...Int64(UInt32.max)
    case .uint4: 0...15
    case .int4: -8...7
    case .float, .float16, .double, .bfloat16, .uint64: nil
    }
  }
}

/// A tensor that is known at import: weights, scales, shapes.
struct ConstantTensor {
  /// Floats of all widths become `Float`, integers and booleans `Int64`.
  enum Elements {
    case floats([Float])
    case integers([Int64])
  }

  var type: ElementType
  var shape: [Int]
  var elements: Elements
  /// Of floats that were stored as integers; nil after anything but a transposition.
  var given: GivenScales?

  /// `element = scale * integer`: one scale for each index of the axis, or one and no axis.
  struct GivenScales {
    var scales: [Float]
    var axis: Int?
  }

  init(type: ElementType, shape: [Int], elements: Elements) {
    self.type = type
    self.shape = shape
    self.elements = elements
    precondition(elementCount(shape) == count, "the elements do not fill the shape")
  }

  init(shape: [Int], floats: [Float]) {
    self.init(type: .float, shape: shape, elements: .floats(floats))
  }

  /// A list of int64, as shapes are.
  init(integers: [Int]) {
    self.init(
      type: .int64, shape: [integers.count], elements: .integers(integers.map(Int64.init)))
  }

  var count: Int {
    switch elements {
    case .floats(let elements): elements.count
    case .integers(let elements): elements.count
    }
  }

  /// The elements as floats, converted where they are integers.
  var floats: [Float] {
    switch elements {
    case .floats(let elements): elements
    case .integers(let elements): elements.map { Float($0) }
    }
  }

  /// The elements of an integer tensor.
  func integers(_ what: String) throws(ImportFailure) -> [Int] {
    guard case .integers(let elements) = elements else {
      throw .invalid("\(what) must be integers")
    }
    return elements.map { Int($0) }
  }

  /// The only element of a scalar or of a tensor with one element.
  func scalar(_ what: String) throws(ImportFailure) -> Float {
    guard count == 1 else { throw .invalid("\(what) must be one number, not \(text(shape))") }
    return floats[0]
  }

  /// The tensor with other elements taken from its own: element `i` is `self[indices[i]]`.
  func picking(_ indices: [Int], shape: [Int]) -> ConstantTensor {
    switch elements {
    case .floats(let elements):
      ConstantTensor(type: type, shape: shape, elements: .floats(indices.map { elements[$0] }))
    case .integers(let elements):
      ConstantTensor(type: type, shape: shape, elements: .integers(indices.map { elements[$0] }))
    }
  }

  /// Output axis `i` is axis `permutation[i]`.
  func transposed(_ permutation: [Int]) -> ConstantTensor {
    if permutation == Array(0..<shape.count) { return self }
    let indices = transposedIndices(shape: shape, permutation: permutation)
    var result = picking(indices, shape: permutation.map { shape[$0] })
    result.given = given
    if let axis = given?.axis { result.given?.axis = permutation.firstIndex(of: axis) }
    return result
  }

  /// The scales of weights whose outputs are the indices of the first axis.
  var givenWeightScales: [Float]? {
    guard let given, given.axis ?? 0 == 0 else { return nil }
    return given.scales
  }
}

/// Row-major distances between neighbours along each axis.
func strides(_ shape: [Int]) -> [Int] {
  var strides = [Int](repeating: 1, count: shape.count)
  for axis in shape.indices.dropLast().reversed() {
    strides[axis] = strides[axis + 1] * shape[axis + 1]
  }
  return strides
}

/// For each element of the transposed tensor, in row-major order, its index in the one before.
func transposedIndices(shape: [Int], permutation: [Int]) -> [Int] {
  let distances = strides(shape)
  return walk(shape: permutation.map { shape[$0] }, strides: permutation.map { distances[$0] })
}

/// The offsets that nested loops over `shape` visit where axis `i` advances by `strides[i]`.
func walk(shape: [Int], strides: [Int], from start: Int = 0) -> [Int] {
  var offsets = [start]
  for (extent, stride) in zip(shape, strides) {
    var next: [Int] = []
    next.reserveCapacity(offsets.count * extent)
    for offset in offsets {
      for index in 0..<extent { next.append(offset + index * stride) }
    }
    offsets = next
  }
  return offsets
}
