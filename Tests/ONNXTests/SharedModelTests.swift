import FloatGraph
import ONNX
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Real models that other tools made; they are not in the repository.
private let shared: String = {
  if let folder = getenv("VEDETTE_SHARED") { return String(cString: folder) }
  let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
  return root.joined(separator: "/") + "/shared"
}()

private let models = ["", "import/", "peers/"].flatMap { folder in
  names(in: shared + "/models/" + folder).filter { $0.hasSuffix(".onnx") }.map { folder + $0 }
}

/// Convolutions and dense layers of the networks, by the start of the file's name.
private let layers: [(prefix: String, convolutions: Int, dense: Int)] = [
  ("efficientnet_lite0", 49, 1), ("mobilenet_v2", 52, 1), ("mobilenet_v3_small", 52, 2),
  ("shufflenet_v2", 56, 1), ("squeezenet1_1", 26, 0),
]

@Suite(.enabled(if: !models.isEmpty, "the shared models are not there"))
struct SharedModelTests {
  @Test("Real models are imported without transposes, and run at several sizes", arguments: models)
  func structure(name: String) throws {
    let model = try ONNXModel(path: shared + "/models/" + name)
    let graph = try model.graph()
    #expect(!graph.kinds.contains("transpose"))
    let file = name.split(separator: "/").last ?? ""
    let expected = try #require(layers.first { file.hasPrefix($0.prefix) })
    #expect(graph.convolutions.count == expected.convolutions)
    #expect(graph.kinds.filter { $0 == "fullyConnected" }.count == expected.dense)
    for size in [224, 192, 160, 128] {
      let shapes = try graph.shapes(height: size, width: size)
      #expect(shapes[graph.output] == [1, 1000])
    }
    let isQuantised = name.contains("u8")
    #expect(graph.givenRanges.isEmpty != isQuantised)
    if isQuantised {
      #expect(graph.givenRanges[graph.input] != nil && graph.givenRanges[graph.output] != nil)
      // ReLU6, which the quantiser left to the zero points.
      #expect(graph.kinds.filter { $0 == "clip" }.count >= 30)
    }
  }

  @Test("EfficientNet-Lite0 has 49 convolutions, 9 additions, and gathers nothing")
  func lite0() throws {
    let path = shared + "/models/efficientnet_lite0_224.fp32.onnx"
    let graph = try ONNXModel(path: path).graph()
    #expect(graph.convolutions.count == 49)
    #expect(graph.kinds.filter { $0 == "binary" }.count == 9)
    #expect(graph.convolutions.filter(\.isDepthwise).count == 16)
    #expect(Set(graph.kinds) == [
      "convolution", "clip", "binary", "mean", "reshape", "fullyConnected",
    ])
  }
}
