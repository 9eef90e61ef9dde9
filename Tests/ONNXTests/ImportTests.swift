import FloatGraph
import ONNX
import Testing

@Suite struct ImportTests {
  @Test("A group convolution's weights stand as [O, KH, KW, I / groups], values in place")
  func weights() throws {
    // Conv weights W[o, i, y, x] must be found at [o, y, x, i].
    let graph = try importedGraph("conv-groups")
    let convolution = try #require(graph.convolutions.first)
    #expect(convolution.weights.shape == [6, 3, 3, 2])
    #expect(convolution.groups == 2 && convolution.bias.count == 6)
    #expect(convolution.window.padding == .explicit(top: 1, left: 1, bottom: 1, right: 1))
    let stored = try RawWeights(model: "conv-groups", count: 6 * 2 * 3 * 3).floats
    for o in 0..<6 {
      for i in 0..<2 {
        for y in 0..<3 {
          for x in 0..<3 {
            let place = ((o * 3 + y) * 3 + x) * 2 + i
            #expect(convolution.weights.elements[place] == stored[((o * 2 + i) * 3 + y) * 3 + x])
          }
        }
      }
    }
  }

  @Test("A dense layer after Flatten has its columns in the order of NHWC")
  func columns() throws {
    let graph = try importedGraph("flatten-gemm")
    #expect(graph.kinds == ["convolution", "reshape", "fullyConnected"])
    guard case .reshape(let target) = graph.nodes[1].operation,
      case .fullyConnected(let weights, let bias) = graph.nodes[2].operation
    else {
      Issue.record("other operations")
      return
    }
    #expect(target == [0, -1] && weights.shape == [5, 84] && bias.count == 5)
    let stored = try RawWeights(model: "flatten-gemm", count: 5 * 84).floats
    for (c, y, x) in [(0, 0, 1), (1, 0, 0), (1, 5, 6), (0, 3, 2)] {
      let column = (y * 7 + x) * 2 + c
      #expect(weights.elements[84 + column] == stored[84 + (c * 6 + y) * 7 + x])
    }
  }

  @Test(
    "Idioms become single operations",
    arguments: [
      ("channel-shuffle", ["convolution", "gather", "slice", "slice", "clip", "concatenate"]),
      ("hard-swish-gate", ["hardSwish"]),
      ("hard-swish-spelled", ["hardSwish"]),
      ("hard-sigmoid-spelled", ["hardSigmoid"]),
      ("average-pool-whole", ["mean"]),
      ("normalise", ["affine", "affine"]),
      ("batch-norm", ["affine"]),
      ("add-image", ["binary"]),
      ("identities", []),
      ("squeeze", ["mean", "reshape"]),
      ("nhwc", ["convolution", "clip", "affine", "convolution"]),
      ("reshape-matmul", ["clip", "reshape", "fullyConnected", "affine"]),
      (
        "squeeze-excite",
        [
          "convolution", "mean", "convolution", "clip", "convolution", "hardSigmoid", "binary",
        ]
      ),
      (
        "squeeze-excite-dense",
        ["convolution", "mean", "fullyConnected", "sigmoid", "reshape", "binary"]
      ),
    ])
  func idioms(name: String, kinds: [String]) throws {
    #expect(try importedGraph(name).kinds == kinds)
  }

  @Test("The shuffled channels are those of a 2x3 matrix turned")
  func shuffle() throws {
    guard case .gather(3, let indices) = try importedGraph("channel-shuffle").nodes[1].operation
    else {
      Issue.record("no gather over the channels")
      return
    }
    #expect(indices == [0, 3, 1, 4, 2, 5])
  }

  @Test("Constants on the left of a subtraction turn the sign")
  func subtraction() throws {
    guard case .affine([-1], [1]) = try importedGraph("sub-from").nodes[0].operation else {
      Issue.record("not 1 - x")
      return
    }
  }

  @Test("An image of open size takes the size that it is given")
  func openSize() throws {
    let model = try ONNXModel(path: modelPath("open-shape.onnx"))
    #expect(try model.graph().inputExtents == ImageExtents(height: 224, width: 224, channels: 3))
    let graph = try model.graph(options: ImportOptions(height: 10, width: 6))
    #expect(graph.inputExtents == ImageExtents(height: 10, width: 6, channels: 3))
    // Neither holds the size: the one imported for 10x6 runs at 8x12.
    let shapes = try graph.shapes(height: 8, width: 12)
    #expect(shapes[graph.output] == [1, 4])
  }

  @Test(
    "A graph with a global pooling or a shuffle runs at other sizes",
    arguments: ["squeeze-excite", "squeeze-excite-dense", "average-pool-whole", "channel-shuffle"])
  func otherSizes(name: String) throws {
    let graph = try importedGraph(name)
    let shapes = try graph.shapes(height: 9, width: 12)
    #expect(shapes[graph.output].count == 4)
  }

  @Test("Any value within the graph can be the output; the rest is not looked at")
  func chosenOutput() throws {
    let model = try ONNXModel(path: modelPath("flatten-gemm.onnx"))
    let graph = try model.graph(options: ImportOptions(output: "conv_0"))
    #expect(graph.kinds == ["convolution"])
    #expect(throws: ONNXError.self) { try model.graph(options: ImportOptions(output: "none")) }
  }

  @Test("The file is described: hash, operator sets, producer, operators by frequency")
  func description() throws {
    let model = try ONNXModel(path: modelPath("squeeze-excite.onnx"))
    #expect(model.opset == 17 && model.irVersion == 10 && model.producer == "make_models")
    #expect(model.operatorCounts.first?.type == "Conv" && model.operatorCounts[0].count == 3)
    #expect(
      model.operatorCounts.map(\.type).dropFirst().sorted() == [
        "GlobalAveragePool", "HardSigmoid", "Mul", "Relu",
      ])
    #expect(model.sha256.count == 32 && model.byteCount > 100)
    #expect(model.operatorSets.map(\.version) == [17])
    let quantised = try ONNXModel(path: modelPath("qoperator.onnx"))
    #expect(quantised.operatorCounts.contains { $0.type == "com.microsoft:QLinearAdd" })
    #expect(quantised.metadata.contains { $0.key == "onnx.infer" })
  }
}

@Suite struct QuantisedImportTests {
  private let names = ["qdq", "qdq-tensor", "qoperator", "qoperator-channel"]

  @Test("The scales of activations are noted, and nothing of Q and DQ is left")
  func ranges() throws {
    for name in names {
      let graph = try importedGraph(name)
      #expect(graph.convolutions.count == 3 && graph.kinds.last == "fullyConnected")
      let input = try #require(graph.givenRanges[graph.input], "\(name)")
      // Calibrated on -2...2 in steps of 4/255.
      #expect((input.scale - 4.0 / 255).magnitude < 2e-4 && input.isUnsigned)
      #expect((126...129).contains(input.zeroPoint))
      #expect(graph.givenRanges[graph.output] != nil, "\(name)")
      #expect(graph.givenRanges.keys.allSatisfy { graph.values.indices.contains($0) })
      let covered = graph.nodes.filter { graph.givenRanges[$0.output] != nil }.count
      #expect(covered * 10 >= graph.nodes.count * 6, "\(name): \(covered) of \(graph.nodes.count)")
    }
  }

  @Test("What weights were stored with goes with them, through transpositions of a matrix as well")
  func weightScales() throws {
    for name in names {
      let graph = try importedGraph(name)
      let simple = try graph.simplified()
      for nodes in [graph.nodes, simple.nodes] {
        var weighted = 0
        for node in nodes {
          let weights: FloatArray
          switch node.operation {
          case .convolution(let convolution): weights = convolution.weights
          case .fullyConnected(let matrix, _): weights = matrix
          default:
            #expect(node.givenWeightScales == nil)
            continue
          }
          weighted += 1
          let scales = try #require(node.givenWeightScales, "\(name): \(node.name)")
          #expect(scales.count == 1 || scales.count == weights.shape[0])
          let depth = weights.elements.count / weights.shape[0]
          for (index, weight) in weights.elements.enumerated() {
            let steps = weight / scales[scales.count == 1 ? 0 : index / depth]
            #expect((steps - steps.rounded()).magnitude < 1e-3 && steps.magnitude < 255.5)
          }
        }
        #expect(weighted == 4)
      }
      let perChannel = graph.nodes.contains { ($0.givenWeightScales?.count ?? 0) > 1 }
      #expect(perChannel == (name == "qdq" || name == "qoperator-channel"))
    }
    #expect(try importedGraph("quantised").nodes.allSatisfy { $0.givenWeightScales == nil })
  }

  @Test("A ReLU that the zero point does is a clip in the float network")
  func clips() throws {
    for name in names {
      let clips = try importedGraph(name).nodes.compactMap { node -> ClipRange? in
        if case .clip(let range) = node.operation { range } else { nil }
      }
      #expect(clips.count >= 2 && clips.allSatisfy { $0.minimum == 0 }, "\(name): \(clips)")
    }
  }
}

/// The first float tensor of a model with so many elements, found in the file's bytes by its
/// length: raw_data is field 9 of a tensor, whose tag is 0x4A.
struct RawWeights {
  let floats: [Float]

  init(model: String, count: Int) throws {
    let bytes = try fileBytes(modelPath(model + ".onnx"))
    var length = count * 4
    var tag: [UInt8] = [0x4A]
    while length >= 0x80 {
      tag.append(UInt8(length & 0x7F) | 0x80)
      length >>= 7
    }
    tag.append(UInt8(length))
    let start = try #require(
      bytes.indices.first { bytes[$0...].starts(with: tag) }, "no tensor of \(count) floats")
    floats = (0..<count).map { place in
      let first = start + tag.count + place * 4
      return Float(
        bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[first + $1]) << (8 * UInt32($1)) })
    }
  }
}
