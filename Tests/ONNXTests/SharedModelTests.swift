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
}.filter { name in
  // Hashing takes a second for 20 MB in a debug build.
  #if DEBUG
  name.contains("shufflenet") || name.contains("lite0_128")
  #else
  true
  #endif
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
}

/// Exports of Tests/compare/export_torchvision.py, with a golden each; meant for release builds.
private let exports = getenv("VEDETTE_TORCHVISION").map { String(cString: $0) } ?? ""
private let exported = names(in: exports).filter { $0.hasSuffix(".onnx") }

@Suite(.enabled(if: !exported.isEmpty, "VEDETTE_TORCHVISION names no folder of exports"))
struct TorchvisionTests {
  @Test("A network of torchvision computes what ONNX Runtime does", arguments: exported)
  func output(name: String) throws {
    let graph = try ONNXModel(path: exports + "/" + name).graph()
    #expect(!graph.kinds.contains("transpose"))
    let shapes = try graph.shapes(height: 192, width: 192)
    #expect(shapes[graph.output] == [1, 1000])
    let golden = try Golden(exports + "/" + name.dropLast(5) + ".golden", for: graph)
    var executor = try FloatExecutor(graph, height: 224, width: 224)
    let error = golden.relativeError(of: executor.run(input: golden.input))
    #expect(error <= 1e-4)
    print("\(name): \(graph.nodes.count) nodes, off by \(error) of the largest logit")
  }
}
