import Inference
import Model
import Tensors
import Testing

@Suite("Classes and their probabilities")
struct LogitsTests {
  /// A network whose output is its input, by one operator that keeps values, and what may follow.
  private func network(
    classes: Int, scale: Float = 0.5, zeroPoint: Int32 = -3, softmax: Bool = false,
    edge: ElementType = .int8
  ) throws -> Network {
    var model = SmallModel()
    let input = model.activation("in", [1, 1, 1, classes], scale: scale, zeroPoint: zeroPoint)
    var at = model.activation("pooled", [1, 1, 1, classes], scale: scale, zeroPoint: zeroPoint)
    model.add(.maxPool2D(Window(), kernelHeight: 1, kernelWidth: 1, .none), [input], at)
    if softmax {
      let next = model.activation(
        "probabilities", [1, 1, 1, classes], scale: 1 / 256, zeroPoint: -128)
      model.add(.softmax(beta: 1), [at], next)
      let reshaped = model.activation("reshaped", [1, classes], scale: 1 / 256, zeroPoint: -128)
      model.add(.reshape(to: [1, classes]), [next], reshaped)
      at = reshaped
    }
    if edge != .int8 {
      let (scale, zeroPoint) = softmax ? (1 / 256, -128) : (scale, zeroPoint)
      let next = model.activation(
        "out", softmax ? [1, classes] : [1, 1, 1, classes], type: edge, scale: scale,
        zeroPoint: zeroPoint + 128)
      model.add(edge == .float32 ? .dequantize : .quantize, [at], next)
      at = next
    }
    return try Network(try model.finish(inputs: [input], outputs: [at]), kernels: .scalar)
  }

  private func top(
    _ count: Int, of values: [Int8], _ network: inout Network
  ) -> [ClassScore] {
    var input = Tensor(
      shape: network.input.shape, elementType: .int8, quantization: network.input.quantization)
    var output = Tensor(
      shape: network.output.shape, elementType: network.output.elementType,
      quantization: network.output.quantization)
    input.withUnsafeMutableBytes { $0.copyBytes(from: values.map { UInt8(bitPattern: $0) }) }
    network.run(input: input, output: &output)
    return network.topClasses(count, of: output)
  }

  @Test("come most probable first; among equals the lower index")
  func order() throws {
    var network = try network(classes: 6)
    let scores = top(4, of: [5, 9, -100, 9, 127, 9], &network)
    #expect(scores.map(\.index) == [4, 1, 3, 5])
    #expect(scores[1].score == scores[2].score && scores[2].score == scores[3].score)
    #expect(scores[0].score > scores[1].score)
    let all = top(100, of: [5, 9, -100, 9, 127, 9], &network)
    #expect(all.map(\.index) == [4, 1, 3, 5, 0, 2])
    let none = top(0, of: [5, 9, -100, 9, 127, 9], &network)
    #expect(none.isEmpty)
  }

  @Test("are a softmax of the real outputs", arguments: [ElementType.int8, .uint8, .float32])
  func softmaxOfLogits(edge: ElementType) throws {
    let values: [Int8] = [-128, 3, 1, 0, 7, 7, -50, 2, 100]
    var network = try network(classes: values.count, scale: 0.125, edge: edge)
    let isProbability = network.outputIsProbability
    #expect(!isProbability)
    let scores = top(values.count, of: values, &network)
    let sum = scores.reduce(0) { $0 + $1.score }
    #expect(abs(sum - 1) < 1e-12)
    // e^((v - 100) / 8) relative to the best; the zero point cancels.
    for score in scores {
      let ratio = deterministicExponential(Double(Int(values[score.index]) - 100) / 8)
      #expect(abs(score.score / scores[0].score - ratio) <= 1e-12 * ratio)
    }
    #expect(scores.first?.index == 8)
  }

  @Test(
    "are the outputs themselves where the model ends in a softmax",
    arguments: [ElementType.int8, .uint8, .float32])
  func probabilities(edge: ElementType) throws {
    var network = try network(classes: 3, scale: 0.5, softmax: true, edge: edge)
    let isProbability = network.outputIsProbability
    #expect(isProbability)
    let scores = top(3, of: [2, 10, 4], &network)
    #expect(scores.map(\.index) == [1, 2, 0])
    // e^0, e^-3, e^-4 over their sum, in 256ths.
    #expect(scores.map { ($0.score * 256).rounded() } == [240, 12, 4])
    // One class takes all: 255/256, the most that int8 can say.
    let certain = top(1, of: [127, -128, -128], &network)
    #expect(certain == [ClassScore(index: 0, score: 255.0 / 256)])
  }

  @Test("of numbers that are none count as zero")
  func notFinite() throws {
    let network = try network(classes: 4, edge: .float32)
    var output = Tensor(shape: network.output.shape, elementType: .float32)
    output.withUnsafeMutableBytes { bytes in
      for (index, value) in [Float.nan, 1, .infinity, -1].enumerated() {
        bytes.storeBytes(of: value, toByteOffset: 4 * index, as: Float.self)
      }
    }
    let reals = network.realOutputs(output)
    #expect(reals == [0, 1, 0, -1])
    let scores = network.topClasses(4, of: output)
    #expect(scores.map(\.index) == [1, 0, 2, 3])
    #expect(abs(scores.reduce(0) { $0 + $1.score } - 1) < 1e-12)
  }

  @Test("stay finite for scales at the ends of float")
  func extremeScales() throws {
    for scale: Float in [1e-38, 1e30] {
      var network = try network(classes: 3, scale: scale, zeroPoint: 0)
      let scores = top(3, of: [-128, 0, 127], &network)
      #expect(scores.allSatisfy { $0.score.isFinite && (0...1).contains($0.score) })
      #expect(scores.first?.index == 2)
    }
  }
}
