import FloatGraph
import ONNX
import Testing

/// Quantised models: ONNX Runtime rounds between the layers, the float network does not.
private let quantised: Set<String> = ["qdq", "qdq-tensor", "qoperator", "qoperator-channel"]
/// What cannot be laid out without moving memory about.
private let transposed: Set<String> = ["real-transpose", "reshape-across", "space-to-depth"]

@Suite struct GoldenTests {
  @Test("The models are there")
  func models() {
    #expect(modelNames.count >= 75)
    #expect(Set(modelNames).isSuperset(of: quantised.union(transposed)))
  }

  @Test("An imported model computes what ONNX Runtime does", arguments: modelNames)
  func output(name: String) throws {
    let graph = try importedGraph(name)
    let golden = try Golden(modelPath(name + ".golden"), for: graph)
    let extents = graph.inputExtents
    var executor = try FloatExecutor(graph, height: extents.height, width: extents.width)
    let error = golden.relativeError(of: executor.run(input: golden.input))
    // Half precision: 11 bits in each of a few products. Quantised: some steps of 1/255.
    let tolerance: Float = quantised.contains(name) ? 0.04 : name == "half" ? 2e-3 : 1e-5
    #expect(error <= tolerance)
  }

  @Test("No transpose is left but where memory has to be rearranged", arguments: modelNames)
  func transposes(name: String) throws {
    let kinds = try importedGraph(name).kinds
    #expect(kinds.contains("transpose") == transposed.contains(name), "\(kinds)")
  }
}
