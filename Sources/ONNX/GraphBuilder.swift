import FloatGraph

/// A value that the import computes with: known now, or computed when the graph runs.
enum Binding {
  case constant(ConstantTensor)
  case activation(Activation)
}

/// A computed value: where it is in the float graph, and how ONNX's axes lie in it.
struct Activation {
  /// Index into the float graph's values.
  var value: Int
  var layout: Layout
  /// Between `QuantizeLinear` and `DequantizeLinear`, and among QLinear operators.
  var quantization: GivenQuantization?
  /// Known to be 0 or more: a quantised range that starts at 0 then clips nothing off.
  var isNonNegative = false

  var shape: [Int] { layout.shape }
  var rank: Int { layout.logical.count }
  var extent: Int { layout.logical.reduce(1) { $0 * $1.extent } }
}

/// The float graph while it grows, node by node of the file.
///
/// The functions that import operators stand in extensions, one file a family.
struct GraphBuilder {
  var values: [FloatValue] = []
  var nodes: [FloatNode] = []
  var givenRanges: [Int: GivenQuantization] = [:]
  /// The version of ONNX's own operators.
  let opset: Int
  /// What the names in the file stand for.
  var bindings: [String: Binding] = [:]
  /// The node that computes a value, by value.
  var producers: [Int: Int] = [:]
  var nextAtom = 0
  /// Values that were brought into another layout before, to do that once only.
  private var realized: [Realization: Int] = [:]

  private struct Realization: Hashable {
    var value: Int
    var physical: [[Atom]]
  }

  init(opset: Int) { self.opset = opset }

  // MARK: Operands

  /// What the input at `place` stands for; nil where it is left out.
  func operand(_ node: ONNXNode, _ place: Int) throws(ImportFailure) -> Binding? {
    guard node.hasInput(place) else { return nil }
    guard let binding = bindings[node.inputs[place]] else {
      throw .invalid(
        "its input '\(printable(node.inputs[place]))' is no input of the graph, no stored tensor "
          + "and no output of a node before it")
    }
    return binding
  }

  func activation(_ node: ONNXNode, _ place: Int) throws(ImportFailure) -> Activation {
    switch try operand(node, place) {
    case .activation(let activation): return activation
    case .constant:
      throw .unsupported("its input \(place) is constant; fold it with onnxsim or ORT's optimizer")
    case nil: throw .invalid("its input \(place) is missing")
    }
  }

  func constant(
    _ node: ONNXNode, _ place: Int, _ what: String
  ) throws(ImportFailure) -> ConstantTensor {
    guard let constant = try optionalConstant(node, place, what) else {
      throw .invalid("\(what) (input \(place)) is missing")
    }
    return constant
  }

  func optionalConstant(
    _ node: ONNXNode, _ place: Int, _ what: String
  ) throws(ImportFailure) -> ConstantTensor? {
    switch try operand(node, place) {
    case .constant(let constant): return constant
    case .activation: throw .unsupported("\(what) (input \(place)) is computed, not constant")
    case nil: return nil
    }
  }

  /// A list of integers from an attribute (older operator sets) or from an input (newer ones).
  func integers(
    _ node: ONNXNode, attribute: String, input place: Int
  ) throws(ImportFailure) -> [Int]? {
    if let list = try node.integers(attribute) { return list }
    return try optionalConstant(node, place, attribute)?.integers(attribute)
  }

  mutating func bind(_ node: ONNXNode, _ activation: Activation) throws(ImportFailure) {
    try bind(node, output: 0, .activation(activation))
  }

  mutating func bind(
    _ node: ONNXNode, output place: Int, _ binding: Binding
  ) throws(ImportFailure) {
    guard place < node.outputs.count, !node.outputs[place].isEmpty else {
      guard place > 0 else { throw .invalid("it has no output") }
      return
    }
    guard bindings.updateValue(binding, forKey: node.outputs[place]) == nil else {
      throw .invalid("its output '\(printable(node.outputs[place]))' has another maker as well")
    }
  }

  // MARK: Growing

  mutating func addConstant(_ name: String, _ array: FloatArray) -> Int {
    values.append(FloatValue(name: name, constant: array))
    return values.count - 1
  }

  /// Appends a node; returns the value that it computes.
  mutating func emit(
    _ name: String, _ operation: FloatOperation, _ inputs: [Int], to outputName: String
  ) -> Int {
    values.append(FloatValue(name: outputName))
    let output = values.count - 1
    producers[output] = nodes.count
    nodes.append(FloatNode(name: name, operation: operation, inputs: inputs, output: output))
    return output
  }

  /// Appends a node with weights; `stored` is the tensor that they come from, outputs first.
  mutating func emit(
    _ name: String, _ operation: FloatOperation, _ inputs: [Int], stored: ConstantTensor,
    to outputName: String
  ) -> Int {
    let output = emit(name, operation, inputs, to: outputName)
    nodes[nodes.count - 1].givenWeightScales = stored.givenWeightScales
    return output
  }

  /// The node of the float graph that computes this value, if a node does.
  func producer(of value: Int) -> FloatNode? { producers[value].map { nodes[$0] } }

  /// A layout of new atoms: this shape, in memory in the order of `permutation`.
  mutating func layout(
    shape: [Int], permutation: [Int], spatial: [Bool]
  ) throws(ImportFailure) -> Layout {
    guard shape.allSatisfy({ $0 > 0 && $0 <= GraphLimits.extent }),
      let count = elementCount(shape), count <= GraphLimits.elements,
      shape.count <= GraphLimits.rank
    else { throw .invalid("its output would have the shape \(text(shape))") }
    let logical = zip(shape, spatial).map { extent, isSpatial -> [Atom] in
      guard extent > 1 else { return [] }
      nextAtom += 1
      return [Atom(id: nextAtom - 1, extent: extent, isSpatial: isSpatial)]
    }
    return Layout(logical: logical, physical: permutation.map { logical[$0] })
  }

  /// Emits an operation on each element; the layout stays.
  mutating func elementwise(
    _ node: ONNXNode, _ operation: FloatOperation, _ input: Activation, isNonNegative: Bool
  ) throws(ImportFailure) -> Activation {
    let output = emit(node.displayName, operation, [input.value], to: node.outputName)
    return Activation(value: output, layout: input.layout, isNonNegative: isNonNegative)
  }

  // MARK: Layouts

  /// The order of the logical axes in which these operands (of one rank) are best laid out: the
  /// one in which the largest lies already, so that the fewest elements are moved.
  func permutation(for operands: [Activation]) -> [Int] {
    var largest = operands[0]
    for operand in operands where operand.extent > largest.extent { largest = operand }
    let usual = defaultPermutation(rank: largest.rank)
    let needed = usual.map { largest.layout.logical[$0] }.filter { !$0.isEmpty }
    if needed == largest.layout.physical.filter({ !$0.isEmpty }) { return usual }
    return largest.layout.permutation ?? usual
  }

  /// The activation with its logical axes in memory in the order of `permutation`.
  mutating func realize(
    _ activation: Activation, _ permutation: [Int]
  ) -> Activation {
    realize(activation, physical: permutation.map { activation.layout.logical[$0] })
  }

  /// The activation with the axes of memory as given: the same value where they are so already,
  /// else what reshaping, gathering or, at worst, transposing makes of it.
  mutating func realize(_ activation: Activation, physical wanted: [[Atom]]) -> Activation {
    guard activation.layout.physical != wanted else { return activation }
    var result = activation
    result.layout.physical = wanted
    let key = Realization(value: activation.value, physical: wanted)
    if let value = realized[key] {
      result.value = value
    } else {
      result.value = move(activation.value, from: activation.layout.physical, to: wanted)
      realized[key] = result.value
    }
    return result
  }

  private mutating func move(_ value: Int, from axes: [[Atom]], to wanted: [[Atom]]) -> Int {
    let name = values[value].name
    var value = value
    var current = axes
    // What moves values about leaves them as they are, their quantisation too.
    func emitMove(
      _ builder: inout GraphBuilder, _ operation: FloatOperation, _ suffix: String
    ) {
      let moved = builder.emit(name + suffix, operation, [value], to: name + suffix)
      builder.givenRanges[moved] = builder.givenRanges[value]
      value = moved
    }
    func reshape(_ builder: inout GraphBuilder, to target: [[Atom]]) {
      guard current != target else { return }
      emitMove(&builder, .reshape(to: reshapeTarget(from: current, to: target)), "/reshape")
      current = target
    }
    if let segments = Self.segments(of: current, like: wanted) {
      // The atoms of each wanted axis lie side by side, perhaps in another order.
      reshape(&self, to: segments)
      for (axis, atoms) in wanted.enumerated() where current[axis] != atoms {
        let order = indices(ofAtoms: atoms, in: current[axis])
        emitMove(&self, .gather(axis: axis, indices: order), "/shuffle")
        current[axis] = atoms
      }
      return value
    }
    if let permutation = Self.permutation(of: current, to: wanted) {
      emitMove(&self, .transpose(permutation: permutation), "/transpose")
      return value
    }
    let runs = Self.runs(of: current.flatMap { $0 }, like: wanted.flatMap { $0 })
    reshape(&self, to: runs)
    let order = wanted.flatMap { $0 }
    let target = runs.sorted { run, other in
      (order.firstIndex(of: run[0]) ?? 0) < (order.firstIndex(of: other[0]) ?? 0)
    }
    if let permutation = Self.permutation(of: runs, to: target) {
      emitMove(&self, .transpose(permutation: permutation), "/transpose")
      current = target
    }
    reshape(&self, to: wanted)
    return value
  }

  /// `axes` cut and joined so that each axis holds the atoms of the wanted one; nil where they do
  /// not lie side by side.
  private static func segments(of axes: [[Atom]], like wanted: [[Atom]]) -> [[Atom]]? {
    var rest = axes.flatMap { $0 }[...]
    var segments: [[Atom]] = []
    for axis in wanted {
      let segment = Array(rest.prefix(axis.count))
      guard segment.count == axis.count, axis.allSatisfy(segment.contains) else { return nil }
      segments.append(segment)
      rest = rest.dropFirst(axis.count)
    }
    return rest.isEmpty ? segments : nil
  }

  /// Which axis each wanted one is, where the axes stay whole.
  private static func permutation(of axes: [[Atom]], to wanted: [[Atom]]) -> [Int]? {
    guard axes.count == wanted.count else { return nil }
    var left = Array(axes.indices)
    var permutation: [Int] = []
    for axis in wanted {
      guard let place = left.firstIndex(where: { axes[$0] == axis }) else { return nil }
      permutation.append(left.remove(at: place))
    }
    return permutation
  }

  /// The longest runs of atoms that stay side by side.
  private static func runs(of atoms: [Atom], like wanted: [Atom]) -> [[Atom]] {
    var runs: [[Atom]] = []
    for atom in atoms {
      if let last = runs.last?.last, let place = wanted.firstIndex(of: last),
        place + 1 < wanted.count, wanted[place + 1] == atom
      {
        runs[runs.count - 1].append(atom)
      } else {
        runs.append([atom])
      }
    }
    return runs
  }
}

/// The operand of a reshape, as free of the image's extents as it can be: an axis that stays is 0,
/// and -1 stands for the first axis that the image's size changes, or else for the longest.
func reshapeTarget(from axes: [[Atom]], to wanted: [[Atom]]) -> [Int] {
  var target = wanted.map(\.extent)
  for (axis, atoms) in wanted.enumerated() where axis < axes.count && axes[axis] == atoms {
    target[axis] = 0
  }
  let changed = wanted.indices.filter { target[$0] != 0 && !wanted[$0].isEmpty }
  let open =
    changed.first { wanted[$0].isSpatial } ?? changed.max { wanted[$0].extent < wanted[$1].extent }
  if let open { target[open] = -1 }
  return target
}

extension ONNXNode {
  /// The name of the value that it computes.
  var outputName: String { outputs.first ?? displayName }
}
