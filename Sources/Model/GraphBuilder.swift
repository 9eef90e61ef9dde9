import CTFLite
import Tensors

/// Builds a checked ``Graph`` from a verified file.
///
/// Operators are looked at first by name alone: "operator 12 TANH is not supported" helps more
/// than what an unknown operator's operands look like.
struct GraphBuilder {
  let path: String
  let file: ModelBytes

  private var tensors: [TensorInfo] = []
  private var inputs: Set<Int> = []
  private var outputs: Set<Int> = []
  /// Whether each tensor's elements are known by now: constants, graph inputs, what has been
  /// written.
  private var isAvailable: [Bool] = []

  /// The graph in `file`.
  static func build(_ file: ModelBytes, path: String) throws(ModelError) -> Graph {
    var builder = GraphBuilder(path: path, file: file)
    return try builder.build()
  }

  private init(path: String, file: ModelBytes) {
    self.path = path
    self.file = file
  }

  private mutating func build() throws(ModelError) -> Graph {
    guard file.model.subgraph_count == 1, let subgraph = file.subgraph(0) else {
      throw invalid(
        "it has \(file.model.subgraph_count) subgraphs; models of exactly one are supported")
    }
    guard subgraph.operator_count > 0 else { throw invalid("it has no operators") }
    var sources: [OperatorSource] = []
    for index in 0..<Int(subgraph.operator_count) {
      sources.append(try source(index, tensorCount: Int(subgraph.tensor_count)))
    }
    for index in 0..<Int(subgraph.tensor_count) {
      tensors.append(try tensor(index))
    }
    isAvailable = tensors.map(\.isConstant)
    let first = try edge(subgraph.inputs.int32s, "input")
    let last = try edge(subgraph.outputs.int32s, "output")
    inputs = Set(first)
    outputs = Set(last)
    for index in first { try begin(withInput: tensors[index]) }

    var operators: [Operator] = []
    for source in sources {
      operators.append(try check(source))
    }
    for index in last where !isAvailable[index] {
      throw wrong(tensors[index], "it is an output of the graph, but no operator writes it")
    }
    return Graph(tensors: tensors, operators: operators, inputs: first, outputs: last)
  }

  // MARK: The edges

  /// Graph inputs or outputs: at least one, each once, each a tensor.
  private func edge(_ indices: [Int32], _ what: String) throws(ModelError) -> [Int] {
    guard !indices.isEmpty else { throw invalid("the graph has no \(what)") }
    guard indices.count <= tensors.count else { throw invalid("the graph has too many \(what)s") }
    var seen: Set<Int32> = []
    for index in indices {
      guard tensors.indices.contains(Int(index)) else {
        throw invalid("graph \(what) \(index) is not one of its \(tensors.count) tensors")
      }
      guard seen.insert(index).inserted else {
        throw invalid("tensor \(index) is a graph \(what) twice")
      }
      guard !tensors[Int(index)].isConstant else {
        throw wrong(tensors[Int(index)], "it is a graph \(what), but a constant")
      }
    }
    return indices.map(Int.init)
  }

  private mutating func begin(withInput input: TensorInfo) throws(ModelError) {
    switch input.elementType {
    case .float32: break
    case .int8, .uint8:
      guard input.quantization?.isPerTensor == true else {
        throw wrong(input, "it is a graph input without one scale and zero point")
      }
    case .int32, .int64, .int16, .int4, .bool:
      throw wrong(
        input, "graph inputs may be int8, uint8 or float32; this one is \(input.elementType)")
    }
    guard input.shape.extents.first == 1 else {
      throw wrong(input, "its shape is \(input.shape): only batches of 1 are supported")
    }
    isAvailable[input.index] = true
  }

  func isGraphInput(_ tensor: TensorInfo) -> Bool { inputs.contains(tensor.index) }

  func isGraphOutput(_ tensor: TensorInfo) -> Bool { outputs.contains(tensor.index) }

  // MARK: The operators

  /// An operator as the file has it: a name that we know, indices that are in range.
  private func source(_ index: Int, tensorCount: Int) throws(ModelError) -> OperatorSource {
    guard let raw = file.operator(index) else { throw invalid("operator \(index) is missing") }
    guard let code = file.operatorCode(raw.code) else {
      throw .invalidOperator(
        path: path, index: index, name: "?",
        why: "operator code \(raw.code) is not one of \(file.model.operator_code_count)")
    }
    let number = Int(code.builtin)
    let name =
      number == VD_TFLITE_CUSTOM
      ? "CUSTOM \"\(printable(code.custom.text))\"" : builtinOperatorName(number)
    let source = OperatorSource(index: index, name: name, builtin: number, raw: raw)
    guard OperatorSource.supported.contains(number) else {
      let output = raw.outputs.int32s.first.flatMap { file.tensor(Int($0.magnitude)) }
      let target = output.map { "makes \"\(printable($0.name.text))\"; " } ?? ""
      let known = OperatorSource.supported.map(builtinOperatorName).sorted()
      throw .unsupportedOperator(
        path: path, index: index, name: name,
        why: "\(target)supported are \(known.joined(separator: ", "))")
    }
    guard source.outputs.count == 1 else {
      throw wrong(source, "it has \(source.outputs.count) outputs instead of 1")
    }
    for tensor in source.inputs where tensor < -1 || tensor >= tensorCount {
      throw wrong(source, "input \(tensor) is not one of the graph's \(tensorCount) tensors")
    }
    for tensor in source.outputs where tensor < 0 || tensor >= tensorCount {
      throw wrong(source, "output \(tensor) is not one of the graph's \(tensorCount) tensors")
    }
    return source
  }

  private mutating func check(_ source: OperatorSource) throws(ModelError) -> Operator {
    for index in source.inputs where index >= 0 && !isAvailable[index] {
      throw wrong(
        source,
        "it reads tensor \(index) \"\(printable(tensors[index].name))\" before it is written")
    }
    let output = tensors[source.outputs[0]]
    guard !isAvailable[output.index] else {
      let what =
        output.isConstant
        ? "is a constant" : isGraphInput(output) ? "is a graph input" : "is written twice"
      throw wrong(source, "its output, tensor \(output.index) \(label(output)), \(what)")
    }
    let (kind, inputs) = try kind(of: source)
    let shapes = inputs.map { tensors[$0].shape }
    guard let shape = outputShape(of: kind, inputs: shapes) else {
      let list = shapes.map(\.description).joined(separator: ", ")
      throw wrong(source, "its inputs' shapes do not fit together or its options: \(list)")
    }
    guard shape == output.shape else {
      throw wrong(source, "its output should have the shape \(shape), but has \(output.shape)")
    }
    isAvailable[output.index] = true
    return Operator(index: source.index, kind: kind, inputs: inputs, output: output.index)
  }

  /// Operand `position` of an operator, if it is there.
  func operand(_ source: OperatorSource, _ position: Int) -> TensorInfo? {
    guard source.inputs.indices.contains(position), source.inputs[position] >= 0 else {
      return nil
    }
    return tensors[source.inputs[position]]
  }

  func output(_ source: OperatorSource) -> TensorInfo { tensors[source.outputs[0]] }

  // MARK: Messages

  func label(_ tensor: TensorInfo) -> String { "\"\(printable(tensor.name))\"" }

  func invalid(_ why: String) -> ModelError { .invalidGraph(path: path, why: why) }

  func wrong(_ tensor: TensorInfo, _ why: String) -> ModelError {
    .invalidTensor(path: path, index: tensor.index, name: printable(tensor.name), why: why)
  }

  func wrong(_ source: OperatorSource, _ why: String) -> ModelError {
    .invalidOperator(path: path, index: source.index, name: source.name, why: why)
  }

  func unsupported(_ source: OperatorSource, _ why: String) -> ModelError {
    .unsupportedOperator(path: path, index: source.index, name: source.name, why: why)
  }
}

/// One operator of the file, before its operands are checked.
struct OperatorSource {
  let index: Int
  let name: String
  let builtin: Int
  let options: vd_tflite_options
  /// Tensor indices; -1 for an absent optional one.
  let inputs: [Int]
  let outputs: [Int]

  init(index: Int, name: String, builtin: Int, raw: vd_tflite_operator) {
    self.index = index
    self.name = name
    self.builtin = builtin
    options = raw.options
    inputs = raw.inputs.int32s.map(Int.init)
    outputs = raw.outputs.int32s.map(Int.init)
  }

  /// The built-in operators that ``GraphBuilder`` knows.
  static let supported: [Int] = [
    VD_TFLITE_ADD, VD_TFLITE_AVERAGE_POOL_2D, VD_TFLITE_CONCATENATION, VD_TFLITE_CONV_2D,
    VD_TFLITE_DEPTHWISE_CONV_2D, VD_TFLITE_DEQUANTIZE, VD_TFLITE_FULLY_CONNECTED,
    VD_TFLITE_LOGISTIC, VD_TFLITE_MAX_POOL_2D, VD_TFLITE_MUL, VD_TFLITE_RELU, VD_TFLITE_RELU6,
    VD_TFLITE_RESHAPE, VD_TFLITE_SOFTMAX, VD_TFLITE_PAD, VD_TFLITE_GATHER, VD_TFLITE_TRANSPOSE,
    VD_TFLITE_MEAN, VD_TFLITE_SUB, VD_TFLITE_STRIDED_SLICE, VD_TFLITE_LEAKY_RELU,
    VD_TFLITE_QUANTIZE, VD_TFLITE_HARD_SWISH,
  ]
}
