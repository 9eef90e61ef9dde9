import Model
import Tensors
import Testing

/// From values to a file and back.
@Suite struct WriterTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let kind: OperatorKind
    let input: [Int]
    /// Weights and scale axis.
    var weights: ([Int], Int)?
    let output: [Int]
    var testDescription: String { "\(kind)" }
  }

  private static func window(
    _ stride: Int, _ padTop: Int = 0, _ padLeft: Int = 0, _ padding: Window.Padding = .valid,
    dilation: Int = 1
  ) -> Window {
    Window(
      strideHeight: stride, strideWidth: stride + 1, dilationHeight: dilation,
      dilationWidth: 1, padTop: padTop, padLeft: padLeft, padding: padding)
  }

  static let cases = [
    Case(
      kind: .conv2D(window(1, 2, 0, .same, dilation: 2), .relu6), input: [1, 9, 8, 4],
      weights: ([6, 3, 2, 2], 0), output: [1, 9, 4, 6]),
    Case(
      kind: .conv2D(window(2), .none), input: [1, 9, 8, 4], weights: ([6, 3, 2, 4], 0),
      output: [1, 4, 3, 6]),
    Case(
      kind: .depthwiseConv2D(window(1, 1, 0, .same), depthMultiplier: 3, .relu),
      input: [1, 9, 8, 2], weights: ([1, 3, 2, 6], 3), output: [1, 9, 4, 6]),
    Case(
      kind: .fullyConnected(.relu), input: [1, 3, 8], weights: ([5, 8], 0), output: [3, 5]),
    Case(
      kind: .fullyConnected(.none, keepDimensions: true), input: [1, 3, 8], weights: ([5, 8], 0),
      output: [1, 3, 5]),
    Case(kind: .mean(), input: [1, 3, 8, 7], output: [1, 7]),
    Case(kind: .mean(keepDimensions: true), input: [1, 3, 8, 7], output: [1, 1, 1, 7]),
    Case(
      kind: .averagePool2D(window(2), kernelHeight: 3, kernelWidth: 2, .relu6),
      input: [1, 9, 8, 4], output: [1, 4, 3, 4]),
    Case(
      kind: .maxPool2D(window(1, 1, 0, .same), kernelHeight: 3, kernelWidth: 2, .none),
      input: [1, 9, 8, 4], output: [1, 9, 4, 4]),
    Case(
      kind: .pad(before: [0, 1, 2, 3], after: [0, 4, 5, 6]), input: [1, 9, 8, 4],
      output: [1, 14, 15, 13]),
    Case(kind: .reshape(to: [2, -1]), input: [1, 3, 4], output: [2, 6]),
    Case(kind: .add(.relu), input: [1, 3, 4], output: [1, 3, 4]),
    Case(kind: .sub(.none), input: [1, 3, 4], output: [1, 3, 4]),
    Case(kind: .mul(.relu6), input: [1, 3, 4], output: [1, 3, 4]),
    Case(kind: .concatenation(axis: 2), input: [1, 3, 4], output: [1, 3, 8]),
    Case(kind: .logistic, input: [1, 3, 4], output: [1, 3, 4]),
    Case(kind: .hardSwish, input: [1, 3, 4], output: [1, 3, 4]),
    Case(kind: .leakyRelu(alpha: 0.25), input: [1, 3, 4], output: [1, 3, 4]),
    Case(kind: .activation(.relu), input: [1, 3, 4], output: [1, 3, 4]),
    Case(kind: .activation(.relu6), input: [1, 3, 4], output: [1, 3, 4]),
    Case(kind: .transpose(permutation: [0, 2, 1]), input: [1, 3, 4], output: [1, 4, 3]),
    Case(
      kind: .stridedSlice(begin: [0, 1, -3], end: [nil, 3, nil], strides: [1, 1, 2]),
      input: [1, 3, 4], output: [1, 2, 2]),
    Case(
      kind: .gather(axis: 2, indices: [3, 0, 0, 1, 2]), input: [1, 3, 4], output: [1, 3, 5]),
    Case(kind: .mean(axes: [3]), input: [1, 3, 8, 7], output: [1, 3, 8]),
    Case(kind: .softmax(beta: 0.5), input: [1, 3, 4], output: [1, 3, 4]),
    Case(kind: .quantize, input: [1, 3, 4], output: [1, 3, 4]),
    Case(kind: .dequantize, input: [1, 3, 4], output: [1, 3, 4]),
  ]

  @Test("Each operator comes back as it was written", arguments: cases)
  func roundTrip(test: Case) throws {
    var writer = ModelWriter(description: "round trip")
    let quantization = Quantization(scale: 0.5, zeroPoint: 3)
    let input = writer.addTensor(
      "input", shape: test.input, elementType: .int8, quantization: quantization)
    var inputs = [input]
    if let (shape, axis) = test.weights {
      let scales = (0..<shape[axis]).map { 0.25 + Float($0) }
      let zeros = [Int32](repeating: 0, count: scales.count)
      let weights = (0..<shape.reduce(1, *)).map { UInt8(truncatingIfNeeded: $0) }
      inputs.append(
        writer.addTensor(
          "weights", shape: shape, elementType: .int8,
          quantization: Quantization(scales: scales, zeroPoints: zeros, axis: axis),
          constant: weights))
      inputs.append(
        writer.addTensor(
          "bias", shape: [scales.count], elementType: .int32,
          quantization: Quantization(scales: scales.map { $0 * 0.5 }, zeroPoints: zeros),
          constant: [UInt8](repeating: 1, count: 4 * scales.count)))
    }
    var outputQuantization = quantization
    var outputType = ElementType.int8
    switch test.kind {
    case .softmax, .logistic: outputQuantization = Quantization(scale: 1.0 / 256, zeroPoint: -128)
    case .dequantize: (outputType, outputQuantization) = (.float32, nil)
    case .quantize:
      outputType = .uint8
      outputQuantization = Quantization(scale: 0.25, zeroPoint: 200)
    case .add, .sub, .mul, .concatenation: inputs.append(input)
    default: break
    }
    let output = writer.addTensor(
      "output", shape: test.output, elementType: outputType, quantization: outputQuantization,
      signature: [-1] + test.output.dropFirst())
    writer.addOperator(test.kind, inputs: inputs, output: output)
    writer.setEdges(inputs: [input], outputs: [output])
    let finished = writer.finish()
    let bytes = try #require(finished)
    let graph = try graph(bytes)
    #expect(graph.operators.map(\.kind) == [test.kind])
    #expect(graph.operators[0].inputs == inputs)
    #expect(graph.tensors[output].quantization == outputQuantization)
    #expect(graph.tensors[output].shape.extents == test.output)
    for index in inputs.dropFirst() where test.weights != nil {
      #expect(
        graph.tensors[index].quantization?.scales.count
          == graph.tensors[index].shape[
            graph.tensors[index].quantization?.axis ?? 0])
    }
  }

  @Test("Equal constants and equal zero points are written once")
  func sharing() throws {
    /// A network of `count` convolutions, each with its own copy of the same weights.
    func size(_ count: Int) throws -> Int {
      var writer = ModelWriter()
      var last = writer.addTensor(
        "x", shape: [1, 1, 1, 64], elementType: .int8,
        quantization: Quantization(scale: 1, zeroPoint: 0))
      let input = last
      for _ in 0..<count {
        let weights = writer.addTensor(
          "w", shape: [64, 1, 1, 64], elementType: .int8,
          quantization: Quantization(
            scales: Array(repeating: 0.5, count: 64), zeroPoints: Array(repeating: 0, count: 64)),
          constant: Array(repeating: 1, count: 4096))
        let output = writer.addTensor(
          "x", shape: [1, 1, 1, 64], elementType: .int8,
          quantization: Quantization(scale: 1, zeroPoint: 0))
        writer.addOperator(.conv2D(Window(), .none), inputs: [last, weights], output: output)
        last = output
      }
      writer.setEdges(inputs: [input], outputs: [last])
      let finished = writer.finish()
      return try #require(finished).count
    }
    // A convolution more costs its tables, not its 4096 bytes of weights or its 512 of zero points.
    #expect(try size(9) - size(1) < 8 * 400)
  }

  @Test("Labels, normalization and our own entries travel with the model")
  func extras() throws {
    var writer = ModelWriter()
    let quantization = Quantization(scale: 1, zeroPoint: 0)
    let input = writer.addTensor(
      "input", shape: [1, 2, 2, 3], elementType: .int8, quantization: quantization)
    let output = writer.addTensor(
      "output", shape: [1, 3], elementType: .int8, quantization: quantization)
    writer.addOperator(.mean(), inputs: [input], output: output)
    writer.setEdges(inputs: [input], outputs: [output])
    writer.addStandardMetadata(mean: [1, 2, 3], standardDeviation: [4], labelFile: "l.txt")
    writer.addMetadata("vedette.note", Array("hello".utf8))
    let finished = writer.finish()
    let bytes = try #require(finished)
    let archive = storedZipArchive(
      [("l.txt", Array("a\nb\nc\n".utf8))], precedingSize: bytes.count)
    let file = try read(bytes + archive)
    let (labels, note) = (file.labels, file.metadataBytes("vedette.note"))
    let preprocessing = file.preprocessing
    #expect(labels == ["a", "b", "c"])
    #expect(note == Array("hello".utf8))
    #expect(preprocessing.mean == [1, 2, 3])
    #expect(preprocessing.standardDeviation == [4, 4, 4])
    let id = file.modelID
    #expect(id.count == 64)
  }
}
