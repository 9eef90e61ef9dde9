import Inference
import Model
import Tensors
import Testing

/// What the plan leaves out must not be missed: each graph gives the bits of a twin in which nothing
/// could be left out.
@Suite("The schedule")
struct ScheduleTests {
  static let kernel = randomInt8(4 * 3 * 3 * 2, seed: 5, in: -20...20)

  struct Padding: Sendable, CustomTestStringConvertible {
    var before: [Int]
    var after: [Int]
    var testDescription: String { "\(before) \(after)" }
  }

  /// PAD then CONV_2D or DEPTHWISE_CONV_2D; `second` reads the padded tensor as well, which keeps the
  /// PAD.
  private func padded(
    _ window: Window, depthwise: Bool, padding: Padding, second: Bool
  ) throws -> ModelFile {
    var model = SmallModel()
    let (height, width) = (
      7 + padding.before[1] + padding.after[1], 5 + padding.before[2] + padding.after[2]
    )
    let input = model.activation("in", [1, 7, 5, 2])
    let pad = model.activation("padded", [1, height, width, 2])
    model.add(.pad(before: padding.before, after: padding.after), [input], pad)
    let weights =
      depthwise
      ? model.weights([1, 3, 3, 4], Array(ScheduleTests.kernel.prefix(36)))
      : model.weights([4, 3, 3, 2], ScheduleTests.kernel)
    let kind: OperatorKind =
      depthwise
      ? .depthwiseConv2D(window, depthMultiplier: 2, .none) : .conv2D(window, .none)
    let shapes = try [
      Shape([1, height, width, 2]), Shape(depthwise ? [1, 3, 3, 4] : [4, 3, 3, 2]),
    ]
    .map { try #require($0) }
    let shape = try #require(outputShape(of: kind, inputs: shapes))
    let convolved = model.activation("convolved", shape.extents, scale: 8)
    model.add(kind, [pad, weights], convolved)
    guard second else { return try model.finish(inputs: [input], outputs: [convolved]) }
    // A second reader, far from the output.
    let unused = model.activation("unused", [1, height, width, 2])
    model.add(.add(.none), [pad, pad], unused)
    return try model.finish(inputs: [input], outputs: [convolved])
  }

  static let windows: [Window] = [
    Window(), Window(strideHeight: 2, strideWidth: 2), Window(dilationHeight: 2, dilationWidth: 1),
    Window(padding: .same), Window(strideHeight: 3, strideWidth: 2, padding: .same),
  ]
  static let paddings: [Padding] = [
    .init(before: [0, 1, 1, 0], after: [0, 1, 1, 0]),
    .init(before: [0, 0, 1, 0], after: [0, 2, 0, 0]),
    // Whole windows see nothing but padding.
    .init(before: [0, 9, 4, 0], after: [0, 5, 11, 0]),
  ]

  @Test(
    "A PAD folds into the convolution behind it, and the result stays", arguments: windows,
    paddings)
  func folding(_ window: Window, _ padding: Padding) throws {
    let input = randomBytes(7 * 5 * 2, seed: 11)
    for depthwise in [false, true] {
      let alone = try padded(window, depthwise: depthwise, padding: padding, second: false)
      let shared = try padded(window, depthwise: depthwise, padding: padding, second: true)
      for name in KernelSelection.names {
        let kernels = try #require(KernelSelection(upTo: name))
        var folded = try Network(alone, kernels: kernels)
        var kept = try Network(shared, kernels: kernels)
        let names = (folded.steps.map(\.kernelName), kept.steps.map(\.kernelName))
        #expect(names.0.count == 1 && !names.0.contains("pad_s8"))
        #expect(names.1.count == 3 && names.1.contains("pad_s8"))
        let outputs = (folded.outputBytes(of: input), kept.outputBytes(of: input))
        #expect(outputs.0 == outputs.1)
        // A constant output would agree whatever the padding did.
        #expect(Set(outputs.0).count > 4)
      }
    }
  }

  @Test("A PAD stays where it adds channels, is the output, or something else reads it")
  func keptPads() throws {
    // Channels.
    var model = SmallModel()
    var input = model.activation("in", [1, 4, 4, 1])
    var pad = model.activation("padded", [1, 4, 4, 3])
    model.add(.pad(before: [0, 0, 0, 1], after: [0, 0, 0, 1]), [input], pad)
    let weights = model.weights([1, 1, 1, 3], [64, 4, 64])
    var output = model.activation("out", [1, 4, 4, 1])
    model.add(.conv2D(Window(), .none), [pad, weights], output)
    var network = try Network(try model.finish(inputs: [input], outputs: [output]))
    let first = network.steps.first?.kernelName
    #expect(first == "pad_s8")
    let bytes = randomBytes(16, seed: 3)
    // A weight of 4 * 0.25 is 1; the added channels hold zero.
    let outputs = network.outputBytes(of: bytes)
    #expect(outputs == bytes)

    // The graph's output.
    model = SmallModel()
    input = model.activation("in", [1, 2, 2, 1])
    pad = model.activation("padded", [1, 3, 2, 1])
    model.add(.pad(before: [0, 1, 0, 0], after: [0, 0, 0, 0]), [input], pad)
    network = try Network(try model.finish(inputs: [input], outputs: [pad]))
    let zero = UInt8(bitPattern: Int8(SmallModel.zeroPoint))
    let padded = network.outputBytes(of: [1, 2, 3, 4])
    #expect(padded == [zero, zero, 1, 2, 3, 4])

    // A pooling behind it: its average must not count padding as pixels that are missing.
    model = SmallModel()
    input = model.activation("in", [1, 2, 2, 1])
    pad = model.activation("padded", [1, 4, 4, 1])
    output = model.activation("out", [1, 2, 2, 1])
    model.add(.pad(before: [0, 1, 1, 0], after: [0, 1, 1, 0]), [input], pad)
    model.add(
      .averagePool2D(
        Window(strideHeight: 2, strideWidth: 2), kernelHeight: 2, kernelWidth: 2, .none), [pad],
      output)
    network = try Network(try model.finish(inputs: [input], outputs: [output]))
    let averages = network.outputBytes(of: [1, 5, 9, 13])
    #expect(averages == [-2, -1, 0, 1].map { UInt8(bitPattern: Int8($0)) })
  }

  @Test("A RESHAPE costs nothing in the middle and at the output, and one copy of the input")
  func reshapes() throws {
    let values = randomInt8(6 * 4, seed: 8, in: -30...30)
    /// FULLY_CONNECTED [1, 6] -> [1, 4] with reshapes where they are wanted.
    func network(first: Bool, middle: Int, last: Int) throws -> Network {
      var model = SmallModel()
      var shapes: [[Int]] = [[1, 2, 3], [1, 6], [1, 3, 2], [1, 1, 1, 6]]
      let input = model.activation("in", [1, 6])
      var at = input
      if first {
        at = model.activation("first", [1, 2, 3])
        model.add(.reshape(to: [1, 2, 3]), [input], at)
      }
      let weights = model.weights([6, 6], randomInt8(36, seed: 2, in: -9...9))
      var next = model.activation("a", [1, 6], scale: 4)
      model.add(.fullyConnected(.none), [at, weights], next)
      at = next
      for step in 0..<middle {
        shapes.append(shapes.removeFirst())
        next = model.activation("middle \(step)", shapes[0], scale: 4)
        model.add(.reshape(to: shapes[0]), [at], next)
        at = next
      }
      let others = model.weights([4, 6], values)
      next = model.activation("b", [1, 4], scale: 16)
      model.add(.fullyConnected(.none), [at, others], next)
      at = next
      for step in 0..<last {
        let shape = step % 2 == 0 ? [2, 2] : [4, 1]
        next = model.activation("last \(step)", shape, scale: 16)
        model.add(.reshape(to: shape), [at], next)
        at = next
      }
      return try Network(try model.finish(inputs: [input], outputs: [at]), kernels: .scalar)
    }
    let bytes = randomBytes(6, seed: 77)
    var plain = try network(first: false, middle: 0, last: 0)
    let expected = plain.outputBytes(of: bytes)
    #expect(Set(expected).count > 1)
    for first in [false, true] {
      for (middle, last) in [(0, 1), (1, 0), (3, 2)] {
        var other = try network(first: first, middle: middle, last: last)
        let names = other.steps.map(\.kernelName)
        #expect(names.count == 2 + (first ? 1 : 0))
        #expect(names.filter { $0 == "copy" }.count == (first ? 1 : 0))
        let outputs = other.outputBytes(of: bytes)
        #expect(outputs == expected)
      }
    }
  }

  @Test("A RESHAPE is copied to the output where its source has other readers too")
  func sharedReshape() throws {
    var model = SmallModel()
    let input = model.activation("in", [1, 1, 1, 4])
    let sum = model.activation("sum", [1, 1, 1, 4])
    let output = model.activation("out", [1, 4])
    let unused = model.activation("unused", [1, 1, 1, 4])
    model.add(.maxPool2D(Window(), kernelHeight: 1, kernelWidth: 1, .relu), [input], sum)
    model.add(.add(.none), [sum, sum], unused)
    model.add(.reshape(to: [1, 4]), [sum], output)
    var network = try Network(try model.finish(inputs: [input], outputs: [output]))
    let last = network.steps.last?.kernelName
    #expect(last == "copy")
    let outputs = network.outputBytes(of: [250, 1, 200, 9])
    #expect(outputs == [253, 1, 253, 9])  // relu: nothing below the zero point, -3
  }

  @Test("A tensor of the input that nothing computes with comes out as it went in")
  func reshapeOnly() throws {
    var model = SmallModel()
    let input = model.activation("in", [1, 2, 2, 1])
    let output = model.activation("out", [1, 4])
    model.add(.reshape(to: [1, -1]), [input], output)
    var network = try Network(try model.finish(inputs: [input], outputs: [output]))
    let outputs = network.outputBytes(of: [4, 3, 2, 1])
    #expect(outputs == [4, 3, 2, 1])
  }

  @Test("Two residual branches that cross keep what both still need")
  func residuals() throws {
    // a = relu(in); b = conv(a); c = conv(b); d = b + c; e = a + d; out = e + in
    var model = SmallModel()
    let shape = [1, 3, 3, 2]
    let input = model.activation("in", shape, zeroPoint: 0)
    let names = ["a", "b", "c", "d", "e", "out"]
    var tensors: [String: Int] = [:]
    for name in names { tensors[name] = model.activation(name, shape, zeroPoint: 0) }
    func at(_ name: String) throws -> Int { try #require(tensors[name]) }
    // Identity: a weight of 4 * 0.25 = 1 on the diagonal.
    let identity = model.weights([2, 1, 1, 2], [4, 0, 0, 4])
    model.add(.maxPool2D(Window(), kernelHeight: 1, kernelWidth: 1, .relu), [input], try at("a"))
    model.add(.conv2D(Window(), .none), [try at("a"), identity], try at("b"))
    model.add(.conv2D(Window(), .none), [try at("b"), identity], try at("c"))
    model.add(.add(.none), [try at("b"), try at("c")], try at("d"))
    model.add(.add(.none), [try at("a"), try at("d")], try at("e"))
    model.add(.add(.none), [try at("e"), input], try at("out"))
    let file = try model.finish(inputs: [input], outputs: [try at("out")])
    var network = try Network(file, kernels: .scalar)
    let values = randomInt8(18, seed: 21, in: -30...30)
    let outputs = network.outputBytes(of: values.map { UInt8(bitPattern: $0) })
    // e = 3 relu(in), out = e + in
    #expect(outputs.map { Int8(bitPattern: $0) } == values.map { 3 * max(0, $0) + $0 })
  }
}
