import CTFLite
import Model
import Tensors
import Testing

@Suite struct ReadingTests {
  @Test("A network with one of each operator is read as it was written")
  func everyOperator() throws {
    let model = RawModel.network()
    let bytes = model.bytes()
    let file = try read(bytes)
    let graph = file.graph
    let id = file.modelID
    #expect(id == hexadecimal(SHA256.hash(bytes)))
    #expect(
      graph.operators.map(\.kind.name) == [
        "QUANTIZE", "CONV_2D", "DEPTHWISE_CONV_2D", "ADD", "PAD", "MAX_POOL_2D", "AVERAGE_POOL_2D",
        "MEAN", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX", "DEQUANTIZE",
      ])
    let same = Window(
      strideHeight: 2, strideWidth: 2, padTop: 0, padLeft: 0, padding: .same)
    #expect(graph.operators[1].kind == .conv2D(same, .relu6))
    var one = same
    (one.strideHeight, one.strideWidth, one.padTop, one.padLeft) = (1, 1, 1, 1)
    #expect(graph.operators[2].kind == .depthwiseConv2D(one, depthMultiplier: 1, .relu))
    #expect(graph.operators[3].kind == .add(.none))
    #expect(graph.operators[4].kind == .pad(before: [0, 1, 1, 0], after: [0, 1, 1, 0]))
    #expect(
      graph.operators[5].kind
        == .maxPool2D(
          Window(strideHeight: 2, strideWidth: 2), kernelHeight: 2, kernelWidth: 2, .none))
    #expect(graph.operators[6].kind == .averagePool2D(one, kernelHeight: 3, kernelWidth: 3, .none))
    #expect(graph.operators[7].kind == .mean(keepDimensions: false))
    #expect(graph.operators[8].kind == .reshape(to: [1, 2, -1]))
    #expect(graph.operators[9].kind == .fullyConnected(.none, keepDimensions: false))
    #expect(graph.operators[10].kind == .softmax(beta: 1))
    #expect(graph.operators[1].inputs == ["quantized", "conv/w", "conv/b"].map(model.index))
    #expect(graph.operators[7].inputs == [model.index("averaged")])
    #expect(graph.inputs == [model.index("input")])
    #expect(graph.outputs == [model.index("output")])
    for (tensor, raw) in zip(graph.tensors, model.tensors) {
      #expect(tensor.name == raw.name)
      #expect(tensor.shape.extents == raw.shape)
      #expect(tensor.isConstant == (raw.data != nil))
    }
    let weights = graph.tensors[model.index("depthwise/w")].quantization
    #expect(
      weights
        == Quantization(
          scales: [0.25, 0.25, 0.25, 0.25], zeroPoints: [0, 0, 0, 0], axis: 3))
    let about = file.modelDescription
    #expect(about == "made by a test")
    let size = file.fileSize
    #expect(size == bytes.count)
  }

  @Test("Constants are lent as they stand in the file")
  func constants() throws {
    let model = RawModel.network()
    let file = try read(model.bytes())
    for name in ["conv/w", "full/b", "axes"] {
      let tensor = file.graph.tensors[model.index(name)]
      let contents = file.withConstant(of: tensor) { Array($0) }
      #expect(contents == model[name].data)
    }
  }

  @Test("MACs are out-elements times taps, and the summary adds them up")
  func summary() throws {
    let graph = try graph(RawModel.network().bytes())
    let macs = graph.operators.map(graph.macCount(of:))
    let conv = 4 * 4 * 4 * 27
    let depthwise = 4 * 4 * 4 * 9
    #expect(macs == [0, conv, depthwise, 0, 0, 0, 0, 0, 0, 20, 0, 0])
    let summary = ModelSummary(graph)
    #expect(summary.macCount == conv + depthwise + 20)
    #expect(summary.rows[1].details == "3x3 stride 2 same relu6")
    #expect(summary.rows[1].weightBits == 8)
    #expect(summary.rows[1].weightBytes == 108 + 16)
    #expect(summary.rows[1].outputScale == 0.5)
    #expect(summary.rows[1].outputZeroPoint == -1)
    #expect(summary.rows[3].weightBits == nil)
    #expect(summary.rows[11].outputType == .float32)
    #expect(summary.rows[11].outputScale == nil)
    #expect(summary.weightBytes == 124 + 52 + 40)
  }

  @Test("Variants that are in use are read", arguments: Variant.all)
  func variants(variant: Variant) throws {
    var model = RawModel.network()
    variant.change(&model)
    #expect(complaint(model.bytes()) == nil)
  }

  struct Variant: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let change: @Sendable (inout RawModel) -> Void

    static let all: [Variant] = [
      Variant(testDescription: "mean over negative axes, in any order") {
        $0["axes"].data = little([-2, -3])
      },
      Variant(testDescription: "mean that keeps dimensions") {
        $0[builtin: VD_TFLITE_MEAN].options.keep_dims = 1
        $0["means"].shape = [1, 1, 1, 4]
      },
      Variant(testDescription: "paddings of int64") {
        $0["paddings"].type = VD_TFLITE_INT64
        $0["paddings"].data = little([0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0])
      },
      Variant(testDescription: "the new shape in the options alone") {
        $0[builtin: VD_TFLITE_RESHAPE].inputs.removeLast()
        $0[builtin: VD_TFLITE_RESHAPE].newShape = [1, 2, 2]
      },
      Variant(testDescription: "a bias that is absent") {
        $0[builtin: VD_TFLITE_FULLY_CONNECTED].inputs[2] = -1
        $0[builtin: VD_TFLITE_CONV_2D].inputs.removeLast()
      },
      Variant(testDescription: "a bias without a scale") {
        $0["conv/b"].scales = []
        $0["conv/b"].zeroPoints = []
      },
      Variant(testDescription: "a bias whose scale is rounded") {
        $0["conv/b"].scales[2] *= 1.005
      },
      Variant(testDescription: "weights with one scale") {
        $0["conv/w"].scales = [0.25]
        $0["conv/w"].zeroPoints = [0]
        $0["conv/b"].scales = [0.125]
        $0["conv/b"].zeroPoints = [0]
      },
      Variant(testDescription: "one zero point for many scales") {
        $0["conv/w"].zeroPoints = [0]
      },
      Variant(testDescription: "groups") {
        $0["conv/w"] = .weights("conv/w", [6, 3, 3, 1], axis: 0)
        $0["conv/b"] = .bias("conv/b", 6)
        for name in ["conv", "depthwise", "sum"] { $0[name].shape[3] = 6 }
        for name in ["padded", "highest", "averaged"] { $0[name].shape[3] = 6 }
        $0["depthwise/w"] = .weights("depthwise/w", [1, 3, 3, 6], axis: 3)
        $0["depthwise/b"] = .bias("depthwise/b", 6)
        $0["means"].shape[1] = 6
        $0["reshaped"].shape = [1, 2, 3]
        $0["full/w"] = .weights("full/w", [5, 6], axis: 0)
      },
      Variant(testDescription: "int4 weights, two in a byte") {
        $0["conv/w"].type = VD_TFLITE_INT4
        $0["conv/w"].data = [UInt8](repeating: 0x17, count: 54)
        $0["depthwise/w"].type = VD_TFLITE_INT4
        $0["depthwise/w"].data?.removeLast(18)
        $0["full/w"].type = VD_TFLITE_INT4
        $0["full/w"].data = [UInt8](repeating: 0x17, count: 10)
      },
      Variant(testDescription: "a depth multiplier that is left at 0") {
        $0[builtin: VD_TFLITE_DEPTHWISE_CONV_2D].options.depth_multiplier = 0
      },
      Variant(testDescription: "extents that the signature leaves open") {
        $0["input"].signature = [-1, -1, -1, 3]
      },
      Variant(testDescription: "options left out where the defaults will do") {
        $0[builtin: VD_TFLITE_ADD].options.kind = 0
        $0[builtin: VD_TFLITE_FULLY_CONNECTED].options.kind = 0
      },
      Variant(testDescription: "an int8 edge without QUANTIZE and DEQUANTIZE") {
        $0.operators.removeFirst()
        $0.operators.removeLast()
        $0.inputs = [$0.index("quantized")]
        $0.outputs = [$0.index("probabilities")]
      },
      Variant(testDescription: "a float input and a uint8 output") {
        $0["input"].type = VD_TFLITE_FLOAT32
        $0["output"].type = VD_TFLITE_UINT8
        $0["output"].scales = [Float(1) / 256]
        $0["output"].zeroPoints = [0]
        $0[builtin: VD_TFLITE_DEQUANTIZE].builtin = VD_TFLITE_QUANTIZE
      },
    ]
  }

  @Test("Elements may stand behind the FlatBuffer, as in files above 2 GiB")
  func outsideBuffer() throws {
    var model = RawModel.classifier(classes: 3)
    let elements = (0..<12).map { UInt8($0 + 100) }
    model["w"].data = nil
    model["w"].buffer = 1
    model.outsideBuffers = [(2, 12)]
    let size = model.bytes().count
    model.outsideBuffers = [(UInt64(size), 12)]
    let bytes = model.bytes()
    #expect(bytes.count == size)
    let file = try read(bytes + elements)
    let contents = file.withConstant(of: file.graph.tensors[1]) { Array($0) }
    #expect(contents == elements)
    #expect(complaint(bytes + elements.dropLast())?.contains("out of bounds") == true)
  }
}
