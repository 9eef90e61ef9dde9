import FloatGraph

/// One import: from the decoded file to the float graph, node by node.
struct GraphImport {
  let model: ONNXModel
  let options: ImportOptions
  private let nodes: [ONNXNode]
  /// Which node makes a value, by its name.
  private let makers: [String: Int]

  init(_ model: ONNXModel, _ options: ImportOptions) throws(ONNXError) {
    self.model = model
    self.options = options
    nodes = model.proto.graph.node.enumerated().map { ONNXNode($0.element, index: $0.offset) }
    var makers: [String: Int] = [:]
    for node in nodes {
      for output in node.outputs where !output.isEmpty { makers[output] = node.index }
    }
    self.makers = makers
  }

  func run() throws(ONNXError) -> FloatGraph {
    let graph = model.proto.graph
    let stored = Set(graph.initializer.map(\.name))
    let inputs = graph.input.filter { !stored.contains($0.name) }
    guard inputs.count == 1, let source = inputs.first else {
      throw refuse(
        "it has \(inputs.count) inputs (\(names(inputs))), not one image; export it with the "
          + "image as the only one")
    }
    let outputName = try chosenOutput()
    let needed = neededNodes(for: outputName)

    var builder = GraphBuilder(opset: model.opset)
    let (extents, input) = try bindInput(source, &builder)
    let used = Set(needed.flatMap { nodes[$0].inputs })
    for tensor in graph.initializer where used.contains(tensor.name) || tensor.name == outputName {
      do {
        builder.bindings[tensor.name] = .constant(try ConstantTensor(tensor))
      } catch { throw self.error(error, node: nil) }
    }
    for index in needed {
      do {
        try builder.importNode(nodes[index])
      } catch { throw self.error(error, node: nodes[index]) }
    }
    guard case .activation(var output)? = builder.bindings[outputName] else {
      throw refuse("its output '\(printable(outputName))' does not depend on its input")
    }
    if output.layout.physical != output.layout.logical {
      output = builder.realize(output, defaultPermutation(rank: output.rank))
    }
    let result = FloatGraph(
      name: printable(graph.name), values: builder.values, nodes: builder.nodes, input: input,
      output: output.value, inputExtents: extents, givenRanges: builder.givenRanges
    ).sweepingUnused()
    // What the float graph itself asks of its nodes, such as paddings smaller than their windows.
    do throws(FloatGraphError) {
      _ = try result.shapes(height: extents.height, width: extents.width)
    } catch { throw refuse("it is no network that can be run: \(error)") }
    return result
  }

  // MARK: Ends of the graph

  private func chosenOutput() throws(ONNXError) -> String {
    let outputs = model.proto.graph.output.map(\.name)
    if let wanted = options.output {
      guard outputs.contains(wanted) || makers[wanted] != nil else {
        throw refuse("it has no output '\(printable(wanted))'; it has \(list(outputs))")
      }
      return wanted
    }
    guard outputs.count == 1 else {
      throw refuse("it has \(outputs.count) outputs (\(list(outputs))); say which one is wanted")
    }
    return outputs[0]
  }

  /// The nodes that the output depends on, in the file's order.
  private func neededNodes(for output: String) -> [Int] {
    var needed = [Bool](repeating: false, count: nodes.count)
    var open = [output]
    while let name = open.popLast() {
      guard let maker = makers[name], !needed[maker] else { continue }
      needed[maker] = true
      open += nodes[maker].inputs
    }
    return needed.indices.filter { needed[$0] }
  }

  private func bindInput(
    _ source: ProtoValueInfo, _ builder: inout GraphBuilder
  ) throws(ONNXError) -> (ImageExtents, Int) {
    let type = source.type.tensorType
    let name = printable(source.name)
    guard let element = ElementType(rawValue: type.elemType),
      element.isFloat || element == .uint8 || element == .int8
    else { throw refuse("its input '\(name)' has element type \(type.elemType), not float") }
    let given = type.shape.dim.map { dimension -> Int? in
      if case .dimValue(let extent)? = dimension.kind, extent > 0 { Int(extent) } else { nil }
    }
    guard given.count == 4 else {
      throw refuse("its input '\(name)' has \(given.count) axes; an image has 4")
    }
    guard given[0] ?? 1 == 1 else {
      throw refuse(
        "its input '\(name)' is fixed to \(given[0] ?? 0) images at a time; export it with a "
          + "batch of 1, or with the batch left open")
    }
    let isNHWC = isChannelsLast(given, source.name)
    let order = isNHWC ? [1, 2, 3] : [2, 3, 1]
    guard let channels = given[order[2]] else {
      throw refuse("its input '\(name)' leaves the number of channels open; export it with 3")
    }
    let extents = ImageExtents(
      height: given[order[0]] ?? options.height, width: given[order[1]] ?? options.width,
      channels: channels)
    var shape = [1, extents.height, extents.width, extents.channels]
    if !isNHWC { shape = [1, channels, extents.height, extents.width] }
    builder.values.append(FloatValue(name: source.name))
    do {
      let layout = try builder.layout(
        shape: shape, permutation: isNHWC ? [0, 1, 2, 3] : [0, 2, 3, 1],
        spatial: shape.indices.map { $0 == order[0] || $0 == order[1] })
      builder.bindings[source.name] = .activation(Activation(value: 0, layout: layout))
    } catch { throw self.error(error, node: nil) }
    return (extents, 0)
  }

  /// Whether the input is `[N, H, W, C]`: it says so where the first thing done to it is to bring
  /// the channels to the front, or where the number of channels can only be the last extent.
  private func isChannelsLast(_ extents: [Int?], _ name: String) -> Bool {
    let readers = nodes.filter { $0.inputs.contains(name) }
    if !readers.isEmpty,
      readers.allSatisfy({ (try? $0.integers("perm")) == [0, 3, 1, 2] && $0.type == "Transpose" })
    {
      return true
    }
    let usual = 1...4
    return usual.contains(extents[3] ?? 0) && !usual.contains(extents[1] ?? 0)
  }

  // MARK: Errors

  private func refuse(_ why: String) -> ONNXError {
    .invalidGraph(path: model.path, why: why)
  }

  private func names(_ values: [ProtoValueInfo]) -> String { list(values.map(\.name)) }

  private func list(_ names: [String]) -> String {
    names.isEmpty
      ? "none"
      : names.prefix(4).map { "'\(printable($0))'" }.joined(separator: ", ")
        + (names.count > 4 ? ", …" : "")
  }

  private func error(_ failure: ImportFailure, node: ONNXNode?) -> ONNXError {
    if case .tensor(let name, let why) = failure {
      return .invalidTensor(path: model.path, name: name, why: why)
    }
    let why: String
    switch failure {
    case .invalid(let reason), .unsupported(let reason), .tensor(_, let reason): why = reason
    }
    guard let node else { return refuse(why) }
    let place = ONNXNodePlace(
      index: node.index, name: node.displayName, type: node.fullType,
      producers: neighbours(node.inputs.compactMap { makers[$0] }.map { nodes[$0] }),
      consumers: neighbours(
        nodes.filter { other in
          other.inputs.contains { !$0.isEmpty && node.outputs.contains($0) }
        }))
    if case .unsupported = failure {
      return .unsupportedNode(path: model.path, node: place, why: why)
    }
    return .invalidNode(path: model.path, node: place, why: why)
  }

  private func neighbours(_ nodes: [ONNXNode]) -> [String] {
    nodes.prefix(4).map(\.label)
  }
}

extension FloatGraph {
  /// Without the nodes and values that the output does not depend on.
  func sweepingUnused() -> FloatGraph {
    var isUsed = [Bool](repeating: false, count: values.count)
    isUsed[output] = true
    isUsed[input] = true
    var kept: [FloatNode] = []
    for node in nodes.reversed() where isUsed[node.output] {
      kept.append(node)
      for value in node.inputs { isUsed[value] = true }
    }
    var places = [Int](repeating: 0, count: values.count)
    var result = self
    result.values = []
    result.givenRanges = [:]
    for (index, value) in values.enumerated() where isUsed[index] {
      places[index] = result.values.count
      result.givenRanges[result.values.count] = givenRanges[index]
      result.values.append(value)
    }
    result.nodes = kept.reversed().map { node in
      var node = node
      node.inputs = node.inputs.map { places[$0] }
      node.output = places[node.output]
      return node
    }
    result.input = places[input]
    result.output = places[output]
    return result
  }
}
