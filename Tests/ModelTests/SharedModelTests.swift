import Model
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

private func isThere(_ name: String) -> Bool { access("\(shared)/\(name)", R_OK) == 0 }

private let lite0 = "models/efficientnet_lite0_224.int8.tflite"
private let mobileNet = "models/peers/mobilenet_v2.litert_int8.tflite"

@Suite struct SharedModelTests {
  @Test("EfficientNet-Lite0 by LiteRT's converter", .enabled(if: isThere(lite0)))
  func efficientNet() throws {
    let file = try ModelFile(path: "\(shared)/\(lite0)")
    let graph = file.graph
    #expect(
      counts(graph) == [
        "CONV_2D": 33, "DEPTHWISE_CONV_2D": 16, "ADD": 9, "MEAN": 1, "FULLY_CONNECTED": 1,
      ])
    // macs.json beside the peers' models gives the same for the float graph.
    #expect(graph.macCount == 385_187_552)
    #expect(graph.classCount == 1000)
    let input = graph.tensors[graph.inputs[0]]
    #expect(input.shape.extents == [1, 224, 224, 3])
    #expect(input.quantization?.zeroPoint == -1)
    let preprocessing = file.preprocessing
    #expect(
      preprocessing
        == Preprocessing(
          crop: .centralSquare(numerator: 224, denominator: 256), filter: .bicubic,
          mean: [127, 127, 127], standardDeviation: [128, 128, 128], cropMargin: 32))
    let id = file.modelID
    #expect(id == "1e6c89fddb9b5a5250c3e265738e00731fbbd862323ba0241297fb5b4a2d21a1")
    let names = Set(file.metadata.keys)
    #expect(names == ["min_runtime_version", "keep_stablehlo_constant"])
    let rows = ModelSummary(graph).rows
    #expect(rows.reduce(0) { $0 + $1.weightBytes } > 4_600_000)
    let labels = file.labels
    #expect(labels == nil)
  }

  @Test("MobileNetV2 by LiteRT's converter", .enabled(if: isThere(mobileNet)))
  func mobileNetV2() throws {
    let file = try ModelFile(path: "\(shared)/\(mobileNet)")
    let graph = file.graph
    #expect(graph.operators.count == 69)
    #expect(counts(graph)["PAD"] == 5)
    #expect((290_000_000...310_000_000).contains(graph.macCount))
    let id = file.modelID
    #expect(id == "a0fde89601ff6fd71192ba3272a9a801dd10ef4b081d2334a0e926c7cdc388ac")
  }

  private func counts(_ graph: Graph) -> [String: Int] {
    graph.operators.reduce(into: [:]) { $0[$1.kind.name, default: 0] += 1 }
  }
}
