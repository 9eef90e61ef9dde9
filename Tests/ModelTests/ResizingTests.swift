import CTFLite
import Model
import Tensors
import Testing

/// One graph for several input sizes.
@Suite struct ResizingTests {
  /// A convolution, a depthwise one with stride 2, a slice and a mean: nothing of a fixed size.
  private func flexible() throws -> Graph {
    var model = RawModel.network()
    // MEAN instead of what follows the pooling of fixed size in the sample network.
    model["extents"].data = little([1, 2, -1])
    return try graph(model.bytes())
  }

  @Test("Shapes and paddings follow, the output stays")
  func follows() throws {
    let graph = try flexible()
    let larger = try graph.resized(height: 21, width: 9, path: "test.tflite")
    #expect(larger.tensors[larger.inputs[0]].shape == Shape([1, 21, 9, 3]))
    let shapes = larger.operators.prefix(7).map { larger.tensors[$0.output].shape.extents }
    #expect(
      shapes == [
        [1, 21, 9, 3], [1, 11, 5, 4], [1, 11, 5, 4], [1, 11, 5, 4], [1, 13, 7, 4], [1, 6, 3, 4],
        [1, 6, 3, 4],
      ])
    guard case .conv2D(let before, _) = graph.operators[1].kind,
      case .conv2D(let after, _) = larger.operators[1].kind
    else {
      Issue.record("operator 1 is a convolution")
      return
    }
    // 8 rows in steps of 2 need one row of padding, below; 21 need one on each side.
    #expect(before.padTop == 0)
    #expect(after.padTop == 1)
    #expect(larger.tensors[larger.outputs[0]].shape == graph.tensors[graph.outputs[0]].shape)
    let again = try larger.resized(height: 8, width: 8, path: "test.tflite")
    #expect(again.operators.map(\.kind) == graph.operators.map(\.kind))
    #expect(again.tensors.map(\.shape) == graph.tensors.map(\.shape))
    #expect(graph.macCount < larger.macCount)
  }

  @Test(
    "What cannot follow is named",
    arguments: [
      (0, 8, "test.tflite: an input of 8x0 is empty or too large"),
      (-4, 8, "an input of 8x-4 is empty or too large"),
      (.max, .max, "is empty or too large"),
      (1 << 14, 1 << 14, "is empty or too large"),
    ])
  func sizes(height: Int, width: Int, words: String) throws {
    let message = message(try flexible(), height, width)
    #expect(message.contains(words), "\(message)")
  }

  @Test("A RESHAPE of fixed extents, a kernel of a fixed size, a layer over whole images")
  func fixed() throws {
    func network(_ kinds: [(OperatorKind, [Int], weights: [Int]?)]) throws -> Graph {
      var writer = ModelWriter()
      let scale = Quantization(scale: 1, zeroPoint: 0)
      let input = writer.addTensor(
        "x", shape: [1, 4, 4, 2], elementType: .int8, quantization: scale)
      var last = input
      for (kind, shape, weights) in kinds {
        var inputs = [last]
        if let weights {
          inputs.append(
            writer.addTensor(
              "w", shape: weights, elementType: .int8, quantization: scale,
              constant: Array(repeating: 1, count: weights.reduce(1, *))))
        }
        last = writer.addTensor("y", shape: shape, elementType: .int8, quantization: scale)
        writer.addOperator(kind, inputs: inputs, output: last)
      }
      writer.setEdges(inputs: [input], outputs: [last])
      let finished = writer.finish()
      return try graph(try #require(finished))
    }
    let flat = try network([(.reshape(to: [1, 32]), [1, 32], nil)])
    #expect(
      message(flat, 8, 8)
        == "test.tflite: an input of 8x8 does not fit: operator 0 RESHAPE: it cannot take "
        + "[1, 8, 8, 2]")
    let window = Window()
    let pooled = try network([
      (
        .averagePool2D(window, kernelHeight: 4, kernelWidth: 4, .none), [1, 1, 1, 2], nil
      )
    ])
    #expect(message(pooled, 2, 8).contains("operator 0 AVERAGE_POOL_2D: its kernel is larger"))
    #expect(message(pooled, 5, 4).contains("the graph's output [1, 1, 1, 2] would become"))
    let dense = try network([
      (.reshape(to: [1, -1]), [1, 32], nil), (.fullyConnected(.none), [1, 5], [5, 32]),
    ])
    #expect(message(dense, 8, 8).contains("operator 1 FULLY_CONNECTED: its 1 rows would become 4"))
    #expect(message(dense, 5, 5).contains("operator 1 FULLY_CONNECTED: it cannot take [1, 50]"))
    let gathered = try network([
      (.gather(axis: 1, indices: [3, 0]), [1, 2, 4, 2], nil), (.mean(), [1, 2], nil),
    ])
    #expect(message(gathered, 4, 9) == "nothing")
    #expect(message(gathered, 3, 4).contains("operator 0 GATHER: it cannot take [1, 3, 4, 2]"))
    let sliced = try network([
      (
        .stridedSlice(begin: [0, 1, 0, 0], end: [nil, nil, nil, nil], strides: [1, 2, 1, 1]),
        [1, 2, 4, 2], nil
      ), (.mean(), [1, 2], nil),
    ])
    #expect(message(sliced, 9, 9) == "nothing")
    #expect(message(sliced, 1, 9).contains("operator 0 STRIDED_SLICE"))
  }

  private func message(_ graph: Graph, _ height: Int, _ width: Int) -> String {
    do {
      _ = try graph.resized(height: height, width: width, path: "test.tflite")
      return "nothing"
    } catch {
      return error.description
    }
  }

  @Test("The crop follows the size where it has a margin")
  func crop() throws {
    func recipe(_ text: String?) throws -> Preprocessing {
      var model = RawModel.network()
      if let text { model.metadata = [("vedette.preprocess", Array(text.utf8))] }
      return try read(model.bytes()).preprocessing
    }
    let standard = try recipe(nil)
    #expect(standard.crop == .centralSquare(numerator: 8, denominator: 40))
    #expect(standard.forInput(height: 192).crop == .centralSquare(numerator: 192, denominator: 224))
    let margin = try recipe("crop=central margin 10")
    #expect(margin.crop == .centralSquare(numerator: 8, denominator: 18))
    #expect(margin.forInput(height: 20).crop == .centralSquare(numerator: 20, denominator: 30))
    let fixed = try recipe("crop=central 7/8\nfilter=bilinear")
    #expect(fixed.forInput(height: 20) == fixed)
    #expect(try recipe("crop=whole").forInput(height: 20).crop == .whole)
    for recipe in [standard, margin, fixed, try recipe("crop=whole\nmean=1.5,2,3\nstd=0.1")] {
      #expect(try self.recipe(for: recipe) == recipe, "written and read again")
    }
  }

  private func recipe(for preprocessing: Preprocessing) throws -> Preprocessing {
    var model = RawModel.network()
    model.metadata = [("vedette.preprocess", Array(preprocessing.metadataText.utf8))]
    return try read(model.bytes()).preprocessing
  }

  @Test("A list of sizes is read and written")
  func sizes() throws {
    var model = RawModel.network()
    #expect(try sizes(of: model) == [])
    model.metadata = [("vedette.sizes", Array("8 12\n16".utf8))]
    #expect(try sizes(of: model) == [8, 12, 16])

    var writer = ModelWriter()
    let scale = Quantization(scale: 1, zeroPoint: 0)
    let input = writer.addTensor("x", shape: [1, 4, 4, 3], elementType: .int8, quantization: scale)
    let output = writer.addTensor("y", shape: [1, 3], elementType: .int8, quantization: scale)
    writer.addOperator(.mean(), inputs: [input], output: output)
    writer.setEdges(inputs: [input], outputs: [output])
    writer.addInputSizes([224, 192])
    writer.addPreprocessing(
      Preprocessing(
        crop: .whole, filter: .bilinear, mean: [1, 2, 3], standardDeviation: [4, 5, 6],
        cropMargin: 16))
    let finished = writer.finish()
    let file = try read(try #require(finished))
    let (listed, recipe) = (file.inputSizes, file.preprocessing)
    #expect(listed == [224, 192])
    #expect(recipe.crop == .centralSquare(numerator: 4, denominator: 20))
    #expect(recipe.filter == .bilinear)
    let shape = try file.graph(height: 192, width: 192).tensors[input].shape
    #expect(shape == Shape([1, 192, 192, 3]))
  }

  private func sizes(of model: RawModel) throws -> [Int] { try read(model.bytes()).inputSizes }

  // A closure among the arguments crashes Swift 6.0.3.
  private static let tooMany = (9...88).map { "\($0)" }.joined(separator: " ")

  @Test(
    "A list of sizes, wrong",
    arguments: [
      ("", "lists no size"), (" \n", "lists no size"), ("8 x", "\"x\" is not a size"),
      ("0", "\"0\" is not a size"), ("-8", "\"-8\" is not a size"), ("8 16 8", "8 is there twice"),
      ("99999999999999999999", "is not a size"), ("65537", "is not a size"),
      ("8,16", "\"8,16\" is not a size"), ("1", "1 does not fit the graph"),
      (tooMany, "more than 64 sizes"),
    ])
  func wrongSizes(text: String, words: String) {
    var model = RawModel.network()
    // A VALID pooling window of 4 rows, which an image of 1 has not.
    model[builtin: VD_TFLITE_AVERAGE_POOL_2D].options.padding = 0
    model[builtin: VD_TFLITE_MAX_POOL_2D].options.kernel_h = 4
    model["highest"].shape = [1, 2, 3, 4]
    model["averaged"].shape = [1, 2, 3, 4]
    model.metadata = [("vedette.sizes", Array(text.utf8))]
    let message = complaint(model.bytes()) ?? "nothing"
    #expect(message.contains("metadata entry \"vedette.sizes\": "), "\(message)")
    #expect(message.contains(words), "\(message)")
  }
}
