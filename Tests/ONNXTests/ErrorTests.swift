import ONNX
import Testing

/// A file of one node, `output = type(input, c0, c1, …)`, put together by hand: the wire format is
/// simple, and make_models.py could not write what is wrong on purpose.
struct RawModel {
  var inputShape: [Int] = [1, 3, 4, 4]
  var opset = 17
  var inputs = ["input"]
  var outputs = ["output"]
  /// Type, domain, inputs, output, attributes.
  var nodes: [(type: String, domain: String, inputs: [String], output: String, [[UInt8]])] = []
  var tensors: [[UInt8]] = []

  mutating func node(
    _ type: String, domain: String = "", _ inputs: [String], _ output: String = "output",
    _ attributes: [[UInt8]] = []
  ) {
    nodes.append((type, domain, inputs, output, attributes))
  }

  mutating func floats(_ name: String, _ shape: [Int], count: Int? = nil) {
    let number = count ?? shape.reduce(1, *)
    let raw = [UInt8](repeating: 0, count: number * 4)
    tensors.append(shape.flatMap { field(1, $0) } + field(2, 1) + text(8, name) + bytes(9, raw))
  }

  mutating func integers(_ name: String, _ values: [Int]) {
    let body = values.flatMap { field(7, $0) }
    tensors.append(field(1, values.count) + field(2, 7) + body + text(8, name))
  }

  static func integers(_ name: String, _ values: [Int]) -> [UInt8] {
    text(1, name) + values.flatMap { field(8, $0) } + field(20, 7)
  }

  static func subgraph(_ name: String) -> [UInt8] {
    text(1, name) + bytes(6, [8, 1]) + field(20, 5)
  }

  var file: [UInt8] {
    var graph: [UInt8] = []
    for (index, node) in nodes.enumerated() {
      let attributes = node.4.flatMap { bytes(5, $0) }
      let body = node.inputs.flatMap { text(1, $0) } + text(2, node.output)
      graph += bytes(
        1, body + text(3, "n\(index)") + text(4, node.type) + attributes + text(7, node.domain))
    }
    graph += tensors.flatMap { bytes(5, $0) }
    let dimensions = inputShape.flatMap { bytes(1, field(1, $0)) }
    let type = bytes(1, field(1, 1) + bytes(2, dimensions))
    graph += inputs.flatMap { bytes(11, text(1, $0) + bytes(2, type)) }
    graph += outputs.flatMap { bytes(12, text(1, $0)) }
    return field(1, 10) + bytes(7, graph) + bytes(8, text(1, "") + field(2, opset))
  }

  /// What is said about it; nil if it can be imported.
  var complaint: String? { ErrorTests.complaint(file) }
}

private func varint(_ value: UInt64) -> [UInt8] {
  var rest = value
  var result: [UInt8] = []
  while rest >= 0x80 {
    result.append(UInt8(rest & 0x7F) | 0x80)
    rest >>= 7
  }
  return result + [UInt8(rest)]
}

private func field(_ number: Int, _ value: Int) -> [UInt8] {
  varint(UInt64(number) << 3) + varint(UInt64(bitPattern: Int64(value)))
}

private func bytes(_ number: Int, _ body: [UInt8]) -> [UInt8] {
  varint(UInt64(number) << 3 | 2) + varint(UInt64(body.count)) + body
}

private func text(_ number: Int, _ text: String) -> [UInt8] { bytes(number, Array(text.utf8)) }

@Suite struct ErrorTests {
  static func complaint(_ bytes: [UInt8]) -> String? {
    do throws(ONNXError) {
      _ = try ONNXModel(bytes: bytes, path: "a.onnx").graph()
      return nil
    } catch { return error.description }
  }

  @Test("The hand-made file is a good one unless something is wrong with it")
  func good() {
    var model = RawModel()
    model.floats("w", [2, 3, 1, 1])
    model.node("Conv", ["input", "w"])
    #expect(model.complaint == nil)
  }

  @Test("An unsupported node is named with its type, its domain and its neighbours")
  func unsupported() {
    var model = RawModel()
    model.node("Relu", ["input"], "a")
    model.node("Erf", ["a"], "b")
    model.node("Sigmoid", ["b"])
    let message = model.complaint ?? ""
    #expect(message.contains("node 1 'n1' of type Erf"))
    #expect(message.contains("after Relu 'n0'") && message.contains("before Sigmoid 'n2'"))
    #expect(message.contains("onnxsim"), "\(message)")
    model.nodes[1].type = "Fancy"
    model.nodes[1].domain = "org.example"
    #expect(model.complaint?.contains("of type org.example:Fancy") == true)
  }

  @Test("Control flow is named as such", arguments: ["If", "Loop", "Scan"])
  func controlFlow(type: String) {
    var model = RawModel()
    model.node(type, ["input"], "output", [RawModel.subgraph("body")])
    #expect(model.complaint?.contains("it is control flow; export the model by tracing") == true)
  }

  @Test(
    "Weights that do not fit are refused",
    arguments: [
      ([2, 4, 1, 1], nil, "do not fit an input of 1x3x4x4"),
      ([2, 3, 1], nil, "only convolutions over two axes"),
      ([2, 3, 9, 9], nil, "its window is larger than its input of 4x4"),
      ([2, 3, 1, 1], 5, "20 bytes do not hold 2x3x1x1 elements of 32 bits"),
      ([-2, 3, 1, 1], 0, "impossible shape"),
      ([Int.max, 3, Int.max, 1], 0, "impossible shape"),
      ([0, 3, 1, 1], 0, "do not fit an input"),
      ([1 << 40, 3, 1, 1], 6, "do not hold"),
    ] as [([Int], Int?, String)])
  func weights(shape: [Int], count: Int?, why: String) {
    var model = RawModel()
    model.floats("w", shape, count: count)
    model.node("Conv", ["input", "w"])
    #expect(model.complaint?.contains(why) == true, "\(model.complaint ?? "accepted")")
  }

  @Test(
    "Attributes out of range are refused, not computed with",
    arguments: [
      ("strides", [0, 1]), ("strides", [Int.max, 1]), ("dilations", [Int.max, Int.max]),
      ("pads", [Int.max, 0, Int.max, 0]), ("pads", [-1, 0, 0, 0]), ("pads", [1]),
      ("kernel_shape", [3, 3]), ("strides", [1, 1, 1]),
    ])
  func attributes(name: String, values: [Int]) {
    var model = RawModel()
    model.floats("w", [2, 3, 1, 1])
    model.node("Conv", ["input", "w"], "output", [RawModel.integers(name, values)])
    #expect(model.complaint?.contains("node 0 'n0' of type Conv") == true)
  }

  @Test("What the float graph refuses is refused at import")
  func padding() {
    var model = RawModel()
    model.node(
      "MaxPool", ["input"], "output",
      [RawModel.integers("kernel_shape", [2, 2]), RawModel.integers("pads", [0, 0, 0, 5])])
    #expect(model.complaint?.contains("its padding is larger than its window") == true)
  }

  @Test(
    "Shapes and indices out of range are refused",
    arguments: [
      ("Reshape", [1, -1, -1]), ("Reshape", [1, 7, -1]), ("Reshape", [Int.min, Int.max]),
      ("Reshape", [0, 0, 0, 0, 0]), ("Gather", [1]), ("Gather", [Int.min]),
      ("Squeeze", [1]), ("Squeeze", [Int.min]), ("Unsqueeze", [9]), ("Unsqueeze", [0, 0]),
      ("Pad", [0, 0, 0, Int.max, 0, 0, 0, Int.max]), ("Pad", [1]), ("Expand", [Int.max, 1, 1, 1]),
    ])
  func integers(type: String, values: [Int]) {
    var model = RawModel()
    model.integers("c", values)
    model.node(type, ["input", "c"])
    #expect(model.complaint?.contains("of type \(type)") == true, "\(model.complaint ?? "good")")
  }

  @Test(
    "Arithmetic on shapes does not overflow",
    arguments: [
      ("Mul", [Int.max], [2]), ("Add", [Int.max], [1]), ("Sub", [Int.min], [1]),
      ("Div", [1], [0]), ("Div", [Int.min], [-1]),
    ])
  func arithmetic(type: String, left: [Int], right: [Int]) {
    var model = RawModel()
    model.integers("a", left)
    model.integers("b", right)
    model.node(type, ["a", "b"], "c")
    model.node("Reshape", ["input", "c"])
    #expect(model.complaint?.contains("have no result") == true, "\(model.complaint ?? "good")")
  }

  @Test("A constant of a size beyond memory is refused before it is made")
  func hugeConstant() {
    var model = RawModel()
    model.integers("s", [1 << 20, 1 << 20])
    model.node("ConstantOfShape", ["s"], "c")
    model.node("Add", ["input", "c"])
    #expect(model.complaint?.contains("it would make a constant of") == true)
  }

  @Test("Ends of the graph that no classifier has are refused")
  func ends() {
    var model = RawModel()
    model.node("Relu", ["input"])
    model.inputs = ["input", "second"]
    #expect(model.complaint?.contains("it has 2 inputs ('input', 'second')") == true)
    model.inputs = []
    #expect(model.complaint?.contains("it has 0 inputs (none)") == true)
    model.inputs = ["input"]
    model.outputs = ["output", "input"]
    #expect(model.complaint?.contains("say which one is wanted") == true)
    model.outputs = ["nowhere"]
    #expect(model.complaint?.contains("does not depend on its input") == true)
    model.outputs = ["output"]
    model.inputShape = [8, 3, 4, 4]
    #expect(model.complaint?.contains("is fixed to 8 images at a time") == true)
    model.inputShape = [1, 3, 4]
    #expect(model.complaint?.contains("3 axes; an image has 4") == true)
    model.inputShape = [1, 3, 1 << 40, 1 << 40]
    #expect(model.complaint?.contains("would have the shape") == true)
    model.inputShape = [1, 3, 4, 4]
    model.opset = 8
    #expect(model.complaint?.contains("operator set 8; 9 to 28 can be imported") == true)
  }

  @Test("Edges that lead nowhere, backwards, or twice to the same name are refused")
  func edges() {
    var model = RawModel()
    model.node("Relu", ["b"], "a")
    model.node("Relu", ["a"], "b")
    model.node("Relu", ["b"])
    #expect(model.complaint?.contains("its input 'b' is no input of the graph") == true)
    model.nodes[0].inputs = ["input"]
    model.nodes[1].output = "a"
    model.nodes[2].inputs = ["a"]
    #expect(model.complaint != nil)
  }

  @Test("Elements in another file are refused with the way out")
  func externalData() {
    var model = RawModel()
    let entry = text(1, "location") + text(2, "weights.bin")
    model.tensors = [field(1, 6) + field(2, 1) + text(8, "w") + bytes(13, entry) + field(14, 1)]
    model.node("Add", ["input", "w"])
    let message = model.complaint ?? ""
    #expect(message.contains("tensor 'w'") && message.contains("'weights.bin'"), "\(message)")
    #expect(message.contains("save_as_external_data=False"))
  }

  @Test("Paths that are no models are refused")
  func paths() {
    for (path, part) in [("/nonexistent.onnx", "open: No such file"), ("/", "not a regular file")] {
      do throws(ONNXError) {
        _ = try ONNXModel(path: path)
        Issue.record("\(path) was read")
      } catch { #expect(error.description.contains(part)) }
    }
    #expect(Self.complaint([])?.contains("it is empty") == true)
    #expect(Self.complaint(Array("Not a model".utf8))?.contains("not an ONNX model") == true)
    #expect(Self.complaint([0x08, 0x07])?.contains("it holds no graph") == true)
  }

  @Test("Millions of empty messages are counted before they are decoded")
  func messages() {
    let nodes = [UInt8](repeating: 0, count: 2 * 500_001).indices.map {
      UInt8($0 % 2 == 0 ? 10 : 0)
    }
    #expect(Self.complaint(bytes(7, nodes))?.contains("it has more than 500000") == true)
  }
}
