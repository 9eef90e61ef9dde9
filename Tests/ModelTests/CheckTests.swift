import CTFLite
import Model
import Testing

/// One wrong thing at a time: the message must name the place and the fault.
@Suite struct CheckTests {
  struct Wrong: Sendable, CustomTestStringConvertible {
    /// What the message must say, in parts.
    let words: [String]
    let change: @Sendable (inout RawModel) -> Void
    var testDescription: String { words.joined(separator: " … ") }

    init(_ words: String..., change: @escaping @Sendable (inout RawModel) -> Void) {
      self.words = words
      self.change = change
    }
  }

  @Test("Tensors that are wrong in themselves", arguments: tensors)
  func tensor(wrong: Wrong) { expect(wrong) }

  @Test("Graphs that do not hang together", arguments: graphs)
  func graph(wrong: Wrong) { expect(wrong) }

  @Test("Operators whose operands or options do not fit", arguments: operators)
  func `operator`(wrong: Wrong) { expect(wrong) }

  @Test("Convolutions that do not fit", arguments: convolutions)
  func convolution(wrong: Wrong) { expect(wrong) }

  private func expect(_ wrong: Wrong) {
    var model = RawModel.network()
    wrong.change(&model)
    let message = complaint(model.bytes()) ?? "nothing"
    for word in ["test.tflite: "] + wrong.words {
      #expect(message.contains(word), "\(message)")
    }
    #expect(!message.contains("\n"))
  }

  static let tensors = [
    Wrong("tensor 1 \"quantized\"", "FLOAT16") { $0["quantized"].type = 1 },
    Wrong("tensor 1", "type 99") { $0["quantized"].type = 99 },
    Wrong("tensor 1", "extent below 1") { $0["quantized"].shape[1] = 0 },
    Wrong("tensor 1", "extent below 1") { $0["quantized"].shape[1] = -1 },
    Wrong("tensor 1", "more than 268435456 elements") {
      $0["quantized"].shape = [1, 65536, 65536, 1]
    },
    Wrong("tensor 1", "9 axes") { $0["quantized"].shape = Array(repeating: 1, count: 9) },
    Wrong("tensor 1", "variable") { $0["quantized"].isVariable = true },
    Wrong("\"conv/w\"", "sparse") { $0["conv/w"].isSparse = true },
    Wrong("tensor 1", "buffer 4000") { $0["quantized"].buffer = 4000 },
    Wrong("\"conv/w\"", "107 bytes", "takes 108") { $0["conv/w"].data?.removeLast() },
    Wrong("\"conv/w\"", "takes 54") { $0["conv/w"].type = VD_TFLITE_INT4 },
    Wrong("tensor 1", "scale 0.0") { $0["quantized"].scales = [0] },
    Wrong("tensor 1", "scale -0.5") { $0["quantized"].scales = [-0.5] },
    Wrong("tensor 1", "scale nan") { $0["quantized"].scales = [.nan] },
    Wrong("tensor 1", "scale inf") { $0["quantized"].scales = [.infinity] },
    Wrong("tensor 1", "zero point 128", "-128...127") { $0["quantized"].zeroPoints = [128] },
    Wrong("tensor 0", "zero point 256", "0...255") { $0["input"].zeroPoints = [256] },
    Wrong("\"conv/b\"", "zero point 1099511627776") {
      $0["conv/b"].zeroPoints = [1 << 40, 0, 0, 0]
    },
    Wrong("tensor 1", "1 scales, but 2 zero points") { $0["quantized"].zeroPoints = [0, 0] },
    Wrong("tensor 1", "1 scales, but 0 zero points") { $0["quantized"].zeroPoints = [] },
    Wrong("\"conv/w\"", "4 scales along axis 3") { $0["conv/w"].axis = 3 },
    Wrong("\"conv/w\"", "4 scales along axis 7") { $0["conv/w"].axis = 7 },
    Wrong("\"conv/w\"", "4 scales along axis -1") { $0["conv/w"].axis = -1 },
    Wrong("tensor 1", "blockwise") { $0["quantized"].quantizationDetails = 2 },
    Wrong("tensor 0 \"a?b?c\"", "buffer") {
      $0.tensors[0].name = "a\nb\u{1B}c"
      $0.tensors[0].buffer = 4000
    },
  ]

  static let graphs = [
    Wrong("3 subgraphs") { $0.extraSubgraphs = 2 },
    Wrong("no operators") { $0.operators = [] },
    Wrong("no input") { $0.inputs = [] },
    Wrong("no output") { $0.outputs = [] },
    Wrong("input 99 is not one of its") { $0.inputs = [99] },
    Wrong("output -1 is not one of its") { $0.outputs = [-1] },
    Wrong("graph input twice") { $0.inputs = [0, 0] },
    Wrong("\"conv/w\"", "a graph input, but a constant") { $0.inputs.append($0.index("conv/w")) },
    Wrong("\"unused\"", "no operator writes it") {
      $0.outputs.append($0.add(.activation("unused", [1])))
    },
    Wrong("tensor 0", "graph input without one scale") { $0["input"].scales = [] },
    Wrong("tensor 0", "this one is int32") { $0["input"].type = VD_TFLITE_INT32 },
    Wrong("tensor 0", "batches of 1") {
      $0["input"].shape[0] = 2
      $0["quantized"].shape[0] = 2
    },
    Wrong("operator 0 CONV_2D", "reads tensor 1 \"quantized\" before it is written") {
      $0.operators.removeFirst()
    },
    Wrong("operator 0 CONV_2D", "before it is written") { $0.operators.swapAt(0, 1) },
    Wrong("operator 2 DEPTHWISE_CONV_2D", "is written twice") {
      $0[builtin: VD_TFLITE_DEPTHWISE_CONV_2D].outputs = [$0.index("conv")]
    },
    Wrong("operator 0 QUANTIZE", "\"input\", is a graph input") {
      $0.operators[0].outputs = [0]
    },
    Wrong("operator 1 CONV_2D", "\"conv/w\", is a constant") {
      $0.operators[1].outputs = [$0.index("conv/w")]
    },
    Wrong("operator 1 CONV_2D", "input 77 is not one of") { $0.operators[1].inputs[1] = 77 },
    Wrong("operator 1 CONV_2D", "input -2 is not one of") { $0.operators[1].inputs[2] = -2 },
    Wrong("operator 1 CONV_2D", "output -1 is not one of") { $0.operators[1].outputs = [-1] },
    Wrong("operator 1 CONV_2D", "2 outputs instead of 1") { $0.operators[1].outputs += [3] },
    Wrong("operator 1 CONV_2D", "0 outputs instead of 1") { $0.operators[1].outputs = [] },
    Wrong("operator 1 ?", "operator code 55") { $0.operators[1].code = 55 },
    Wrong("operator 3 TANH is not supported", "makes \"sum\"", "CONV_2D") {
      $0.operators[3].builtin = 28
    },
    Wrong("operator 3 STABLEHLO_COMPOSITE is not supported") { $0.operators[3].builtin = 206 },
    Wrong("operator 3 builtin operator 5000 is not supported") {
      $0.operators[3].builtin = 5000
    },
    Wrong("operator 3 CUSTOM \"TFLite_Detection_PostProcess\" is not supported") {
      $0.operators[3].builtin = VD_TFLITE_CUSTOM
      $0.operators[3].custom = "TFLite_Detection_PostProcess"
    },
  ]

  static let operators = [
    Wrong("operator 0 QUANTIZE", "2 inputs instead of 1") { $0.operators[0].inputs += [0] },
    Wrong("operator 0 QUANTIZE", "an output of int16") {
      $0["quantized"].type = VD_TFLITE_INT16
    },
    Wrong("operator 0 QUANTIZE", "\"quantized\" lacks one scale") { $0["quantized"].scales = [] },
    Wrong("operator 0 QUANTIZE", "shape [1, 8, 8, 3], but has [1, 8, 3, 8]") {
      $0["quantized"].shape = [1, 8, 3, 8]
    },
    Wrong("operator 0 QUANTIZE", "options") {
      $0.operators[0].options.kind = UInt8(VD_TFLITE_OPTIONS_ADD)
    },
    Wrong("operator 11 DEQUANTIZE", "an output of int32") { $0["output"].type = VD_TFLITE_INT32 },
    Wrong("operator 12 QUANTIZE", "float32 in the middle of the graph") {
      $0.add(.activation("again", [1, 5]))
      $0.append(VD_TFLITE_QUANTIZE, ["output"], "again")
    },
    Wrong("operator 11 DEQUANTIZE", "float32 in the middle of the graph") {
      $0.outputs = [$0.index("probabilities")]
    },
    Wrong("operator 3 ADD", "[1, 4, 4, 4] and [1, 8, 8, 3] cannot be broadcast") {
      $0.operators[3].inputs[1] = 1
    },
    Wrong("operator 3 ADD", "its input \"constant\" lacks one scale") {
      $0.add(.weights("constant", [1, 4, 4, 4], axis: 3))
      $0.operators[3].inputs[1] = $0.index("constant")
    },
    Wrong("operator 3 ADD", "input 1 is missing") { $0.operators[3].inputs[1] = -1 },
    Wrong("operator 3 ADD", "TANH") { $0.operators[3].options.activation = 4 },
    Wrong("operator 3 ADD", "options") { $0.operators[3].options.kind = 9 },
    Wrong("operator 3 ADD", "\"sum\"", "int16") { $0["sum"].type = VD_TFLITE_INT16 },
    Wrong("operator 4 PAD", "shape [1, 6, 6, 4], but has [1, 6, 7, 4]") {
      $0["padded"].shape[2] = 7
    },
    Wrong("operator 4 PAD", "padding -1 is negative") {
      $0["paddings"].data = little([0, 0, -1, 1, 1, 1, 0, 0])
    },
    Wrong("operator 4 PAD", "shapes do not fit") {
      $0["paddings"].data = little([0, 0, 1 << 28, 1, 1, 1, 0, 0])
    },
    Wrong("operator 4 PAD", "do not have the shape [4, 2]") { $0["paddings"].shape = [2, 4] },
    Wrong("operator 4 PAD", "paddings", "not a constant") { $0.operators[4].inputs[1] = 1 },
    Wrong("operator 4 PAD", "paddings are uint8") {
      $0["paddings"].type = VD_TFLITE_UINT8
      $0["paddings"].shape = [4, 8]
    },
    Wrong("operator 4 PAD", "(0.25, -1) are not its input's (0.5, -1)") {
      $0["padded"].scales = [0.25]
    },
    Wrong("operator 5 MAX_POOL_2D", "(0.5, 0) are not its input's (0.5, -1)") {
      $0["highest"].zeroPoints = [0]
    },
    Wrong("operator 5 MAX_POOL_2D", "kernel side 0") { $0.operators[5].options.kernel_w = 0 },
    Wrong("operator 5 MAX_POOL_2D", "larger than [1, 6, 6, 4]") {
      $0.operators[5].options.kernel_h = 7
    },
    Wrong("operator 6 AVERAGE_POOL_2D", "stride -1") { $0.operators[6].options.stride_w = -1 },
    Wrong("operator 6 AVERAGE_POOL_2D", "RELU_N1_TO_1") {
      $0.operators[6].options.activation = 2
    },
    Wrong("operator 6 AVERAGE_POOL_2D", "options are missing") {
      $0.operators[6].options.kind = 0
    },
    Wrong("operator 7 MEAN", "shape [1, 3], but has [1, 4]") {
      $0["axes"].data = little([1, 3])
    },
    Wrong("operator 7 MEAN", "axes [2147483647, -2147483648]") {
      $0["axes"].data = little([.max, .min])
    },
    Wrong("operator 7 MEAN", "axes are int32 [9]") {
      $0["axes"].shape = [9]
      $0["axes"].data = little([1, 2, 1, 2, 1, 2, 1, 2, 1])
    },
    Wrong("operator 7 MEAN", "should have the shape [1, 1, 1, 4], but has [1, 4]") {
      $0.operators[7].options.keep_dims = 1
    },
    Wrong("operator 8 RESHAPE", "[1, 4] cannot become [1, 3, -1]") {
      $0["extents"].data = little([1, 3, -1])
    },
    Wrong("operator 8 RESHAPE", "cannot become [-1, 2, -1]") {
      $0["extents"].data = little([-1, 2, -1])
    },
    Wrong("operator 8 RESHAPE", "cannot become [0, 2, 2]") {
      $0["extents"].data = little([0, 2, 2])
    },
    Wrong("operator 8 RESHAPE", "new shape is missing") { $0.operators[8].inputs.removeLast() },
    Wrong("operator 9 FULLY_CONNECTED", "weights format 1") {
      $0.operators[9].options.weights_format = 1
    },
    Wrong("operator 9 FULLY_CONNECTED", "rows of 3") {
      $0["full/w"] = .weights("full/w", [5, 3], axis: 0)
    },
    Wrong("operator 9 FULLY_CONNECTED", "2 axes are needed") {
      $0["full/w"] = .weights("full/w", [5, 1, 4], axis: 0)
    },
    Wrong("operator 9 FULLY_CONNECTED", "fit together") {
      $0.operators[9].options.keep_dims = 1
    },
    Wrong("operator 9 FULLY_CONNECTED", "weights", "old uint8 quantisation", "Convert") {
      $0["full/w"].type = VD_TFLITE_UINT8
    },
    Wrong("operator 9 FULLY_CONNECTED", "weights", "not a constant") {
      $0.operators[9].inputs[1] = $0.index("means")
    },
    Wrong("operator 9 FULLY_CONNECTED", "1 inputs instead of 2 to 3") {
      $0.operators[9].inputs.removeLast(2)
    },
    Wrong("operator 9 FULLY_CONNECTED", "70000 output channels") {
      $0["full/w"] = .weights("full/w", [70000, 4], axis: 0)
    },
    Wrong("operator 10 SOFTMAX", "beta 0.0") { $0.operators[10].options.beta = 0 },
    Wrong("operator 10 SOFTMAX", "beta nan") { $0.operators[10].options.beta = .nan },
    Wrong("operator 10 SOFTMAX", "1/256 and -128") { $0["probabilities"].scales = [0.5] },
    Wrong("operator 10 SOFTMAX", "1/256 and -128") { $0["probabilities"].zeroPoints = [0] },
  ]

  static let convolutions = [
    Wrong("operator 1 CONV_2D", "4 inputs instead of 2 to 3") { $0.operators[1].inputs += [0] },
    Wrong("operator 1 CONV_2D", "options are missing") { $0.operators[1].options.kind = 0 },
    Wrong("operator 1 CONV_2D", "those of another operator") {
      $0.operators[1].options.kind = UInt8(VD_TFLITE_OPTIONS_POOL_2D)
    },
    Wrong("operator 1 CONV_2D", "stride 0") { $0.operators[1].options.stride_h = 0 },
    Wrong("operator 1 CONV_2D", "stride 1025") { $0.operators[1].options.stride_w = 1025 },
    Wrong("operator 1 CONV_2D", "dilation 0") { $0.operators[1].options.dilation_h = 0 },
    Wrong("operator 1 CONV_2D", "dilation 100000") {
      $0.operators[1].options.dilation_w = 100_000
    },
    Wrong("operator 1 CONV_2D", "padding 2 is neither") { $0.operators[1].options.padding = 2 },
    Wrong("operator 1 CONV_2D", "fused activation TANH") {
      $0.operators[1].options.activation = 4
    },
    Wrong("operator 1 CONV_2D", "fused activation activation 77") {
      $0.operators[1].options.activation = 77
    },
    Wrong("operator 1 CONV_2D", "should have the shape [1, 3, 3, 4], but has [1, 4, 4, 4]") {
      $0.operators[1].options.padding = 1
    },
    Wrong("operator 1 CONV_2D", "larger than [1, 8, 8, 3]") {
      $0.operators[1].options.padding = 1
      $0.operators[1].options.dilation_h = 4
    },
    Wrong("operator 1 CONV_2D", "do not divide 3 input channels") {
      $0["conv/w"] = .weights("conv/w", [4, 3, 3, 2], axis: 0)
    },
    Wrong("operator 1 CONV_2D", "do not divide 3 input channels") {
      $0["conv/w"] = .weights("conv/w", [4, 3, 3, 1], axis: 0)
    },
    Wrong("operator 1 CONV_2D", "4 axes are needed") {
      $0["conv/w"] = .weights("conv/w", [4, 27], axis: 0)
    },
    Wrong("operator 1 CONV_2D", "instead of [1, H, W, C]") {
      $0["input"].shape = [1, 8, 24]
      $0["quantized"].shape = [1, 8, 24]
    },
    Wrong("operator 1 CONV_2D", "scales run along axis 3; output channels are axis 0") {
      $0["conv/w"] = .weights("conv/w", [4, 3, 3, 3], axis: 3)
    },
    Wrong("operator 1 CONV_2D", "weights' zero points are not all 0") {
      $0["conv/w"].zeroPoints[2] = 1
    },
    Wrong("operator 1 CONV_2D", "have no scale") { $0["conv/w"].scales = [] },
    Wrong("operator 1 CONV_2D", "weights \"conv/w\" are float32") {
      $0["conv/w"].type = VD_TFLITE_FLOAT32
      $0["conv/w"].data = [UInt8](repeating: 0, count: 4 * 108)
    },
    Wrong("operator 1 CONV_2D", "its weights are missing") { $0.operators[1].inputs[1] = -1 },
    Wrong("operator 1 CONV_2D", "bias has the shape [5] for 4") {
      $0["conv/b"] = .bias("conv/b", 5)
    },
    Wrong("operator 1 CONV_2D", "bias has the shape [2, 2]") {
      $0["conv/b"].shape = [2, 2]
      $0["conv/b"].scales = []
    },
    Wrong("operator 1 CONV_2D", "bias \"conv/b\" is int16") {
      $0["conv/b"].type = VD_TFLITE_INT16
      $0["conv/b"].data?.removeLast(8)
    },
    Wrong("operator 1 CONV_2D", "bias \"unused\" is not a constant") {
      $0.inputs.append($0.add(.activation("unused", [1, 1])))
      $0.operators[1].inputs[2] = $0.index("unused")
    },
    Wrong("operator 1 CONV_2D", "bias's scale 0.25 of channel 3", "0.125") {
      $0["conv/b"].scales[3] = 0.25
    },
    Wrong("operator 1 CONV_2D", "bias's zero points are not all 0") {
      $0["conv/b"].zeroPoints[1] = 3
    },
    Wrong("operator 1 CONV_2D", "its input \"input\" is uint8", "old uint8 quantisation") {
      $0.operators[1].inputs[0] = 0
    },
    Wrong("operator 1 CONV_2D", "\"quantized\" is float32", "Convert the model") {
      $0["quantized"].type = VD_TFLITE_FLOAT32
      $0.inputs = [$0.index("quantized")]
      $0["input"].type = VD_TFLITE_INT8
      $0["input"].zeroPoints = [0]
      $0.inputs.append($0.index("input"))
      $0.add(.activation("copy", [1, 8, 8, 3]))
      $0.operators[0].outputs = [$0.index("copy")]
    },
    Wrong("operator 2 DEPTHWISE_CONV_2D", "a multiple of 4 channels") {
      $0["depthwise/w"] = .weights("depthwise/w", [1, 3, 3, 6], axis: 3)
    },
    Wrong("operator 2 DEPTHWISE_CONV_2D", "behind a 1") {
      $0["depthwise/w"] = .weights("depthwise/w", [2, 3, 3, 4], axis: 3)
    },
    Wrong("operator 2 DEPTHWISE_CONV_2D", "depth multiplier is 2") {
      $0.operators[2].options.depth_multiplier = 2
    },
    Wrong("operator 2 DEPTHWISE_CONV_2D", "scales run along axis 1") {
      $0["depthwise/w"] = .weights("depthwise/w", [1, 3, 3, 4], axis: 1)
    },
  ]
}
