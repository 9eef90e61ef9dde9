import Foundation

/// A node of the file with checked access to its attributes.
struct ONNXNode {
  let index: Int
  let name: String
  let type: String
  let domain: String
  /// Empty names stand for optional inputs that are not there.
  let inputs: [String]
  let outputs: [String]
  private let attributes: [ProtoAttribute]

  init(_ node: ProtoNode, index: Int) {
    self.index = index
    name = node.name
    type = node.opType
    domain = node.domain == "ai.onnx" ? "" : node.domain
    inputs = node.input
    outputs = node.output
    attributes = node.attribute
  }

  /// The operator, with its domain where that is not ONNX's own.
  var fullType: String { domain.isEmpty ? type : domain + ":" + type }

  /// A name for messages and for nodes of the float graph.
  var displayName: String { name.isEmpty ? outputs.first ?? type : name }

  /// `Conv 'features.0'`, for messages about its neighbours.
  var label: String { printable(fullType, limit: 40) + " '" + printable(displayName) + "'" }

  var hasSubgraph: Bool { attributes.contains { !$0.subgraph.isEmpty || !$0.subgraphs.isEmpty } }

  func hasInput(_ place: Int) -> Bool { place < inputs.count && !inputs[place].isEmpty }

  func hasAttribute(_ name: String) -> Bool { attributes.contains { $0.name == name } }

  func integer(_ name: String) throws(ImportFailure) -> Int? {
    try attribute(name, kind: 2).map { Int($0.i) }
  }

  func integer(_ name: String, default fallback: Int) throws(ImportFailure) -> Int {
    try integer(name) ?? fallback
  }

  func flag(_ name: String) throws(ImportFailure) -> Bool {
    try integer(name, default: 0) != 0
  }

  func float(_ name: String, default fallback: Float) throws(ImportFailure) -> Float {
    let value = try attribute(name, kind: 1)?.f ?? fallback
    guard value.isFinite else { throw .invalid("attribute '\(name)' is \(value)") }
    return value
  }

  /// As it is, infinite ones too.
  func bound(_ name: String) throws(ImportFailure) -> Float? {
    try attribute(name, kind: 1)?.f
  }

  func integers(_ name: String) throws(ImportFailure) -> [Int]? {
    try attribute(name, kind: 7)?.ints.map { Int($0) }
  }

  func floats(_ name: String) throws(ImportFailure) -> [Float]? {
    try attribute(name, kind: 6)?.floats
  }

  func string(_ name: String, default fallback: String) throws(ImportFailure) -> String {
    guard let attribute = try attribute(name, kind: 3) else { return fallback }
    return String(decoding: attribute.s, as: UTF8.self)
  }

  func tensor(_ name: String) throws(ImportFailure) -> ConstantTensor? {
    guard let attribute = try attribute(name, kind: 4) else { return nil }
    guard let tensor = attribute.t.last else {
      throw .invalid("attribute '\(name)' holds no tensor")
    }
    return try ConstantTensor(tensor)
  }

  /// `kind` is the number of the attribute's type in the file; 0, from old exporters, is any.
  private func attribute(_ name: String, kind: Int32) throws(ImportFailure) -> ProtoAttribute? {
    guard let attribute = attributes.first(where: { $0.name == name }) else { return nil }
    guard attribute.type == kind || attribute.type == 0 else {
      throw .invalid("attribute '\(name)' has type \(attribute.type), not \(kind)")
    }
    return attribute
  }
}

/// The index of an axis that may be counted from the end.
func axisIndex(_ axis: Int, rank: Int) throws(ImportFailure) -> Int {
  guard axis >= -rank, axis < rank else {
    throw .invalid("there is no axis \(axis) in a tensor of \(rank) axes")
  }
  return axis < 0 ? axis + rank : axis
}

/// The indices of different axes, in ascending order.
func axisIndices(_ axes: [Int], rank: Int) throws(ImportFailure) -> [Int] {
  var result: [Int] = []
  for axis in axes {
    let index = try axisIndex(axis, rank: rank)
    guard !result.contains(index) else { throw .invalid("axis \(axis) is named twice") }
    result.append(index)
  }
  return result.sorted()
}

/// The dimensions that `Reshape` asks for of a tensor of this shape: 0 copies an extent (unless
/// `allowsZero`), -1 takes what is left.
func resolvedShape(
  _ wanted: [Int], of shape: [Int], allowsZero: Bool
) throws(ImportFailure) -> [Int] {
  guard wanted.count <= GraphLimits.rank else {
    throw .invalid("\(wanted.count) axes are too many")
  }
  var result = wanted
  for (axis, extent) in wanted.enumerated() where extent == 0 && !allowsZero {
    guard axis < shape.count else { throw .invalid("axis \(axis) has no extent to copy") }
    result[axis] = shape[axis]
  }
  let total = elementCount(shape) ?? 0
  let open = result.indices.filter { result[$0] == -1 }
  if let axis = open.first, open.count == 1 {
    result[axis] = 1
    if let others = elementCount(result), others > 0, total % others == 0 {
      result[axis] = total / others
    }
  }
  guard open.count <= 1, elementCount(result) == total else {
    throw .invalid("\(text(shape)) cannot be seen as \(text(wanted))")
  }
  return result
}

/// The shape of two operands after broadcasting as NumPy does.
func broadcastShape(_ a: [Int], _ b: [Int]) throws(ImportFailure) -> [Int] {
  let rank = max(a.count, b.count)
  let left = Array(repeating: 1, count: rank - a.count) + a
  let right = Array(repeating: 1, count: rank - b.count) + b
  var result: [Int] = []
  for (x, y) in zip(left, right) {
    guard x == y || x == 1 || y == 1 else {
      throw .invalid("the shapes \(text(a)) and \(text(b)) do not broadcast")
    }
    result.append(x == 1 ? y : x)
  }
  return result
}
