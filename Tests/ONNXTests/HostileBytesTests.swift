import FloatGraph
import ONNX
import Testing

@Suite struct HostileBytesTests {
  /// Together they hold every family of operators.
  private static let samples = [
    "conv-groups", "channel-shuffle", "open-shape", "squeeze-excite-dense", "qoperator", "qdq",
    "slice-strided", "flatten-gemm", "typed-fields", "gather-channel",
  ]

  @Test("A model cut short at any byte is refused", arguments: ["conv-same-upper", "open-shape"])
  func truncation(name: String) throws {
    let whole = try fileBytes(modelPath(name + ".onnx"))
    #expect(Self.accepts(whole))
    for count in 0..<whole.count {
      #expect(!Self.accepts(Array(whole[..<count])), "cut to \(count) of \(whole.count)")
    }
  }

  @Test("Flipped bits give an error or a graph that keeps its promises", arguments: samples)
  func bitFlips(name: String) throws {
    let whole = try fileBytes(modelPath(name + ".onnx"))
    var random = SplitMix(state: UInt64(name.utf8.count))
    var accepted = 0
    let rounds = 150
    for _ in 0..<rounds {
      var bytes = whole
      for _ in 0...(random.next() % 3) {
        let bit = Int(random.next() % UInt64(bytes.count * 8))
        bytes[bit / 8] ^= 1 << (bit % 8)
      }
      if Self.accepts(bytes) { accepted += 1 }
    }
    // Some bits are weights, so that some graphs must still be good; many are lengths and names.
    #expect(accepted > 0 && accepted < rounds)
  }

  @Test("Bytes replaced by extremes keep the promises, too", arguments: samples)
  func extremes(name: String) throws {
    let whole = try fileBytes(modelPath(name + ".onnx"))
    var random = SplitMix(state: 77)
    for _ in 0..<150 {
      var bytes = whole
      let place = Int(random.next() % UInt64(bytes.count))
      bytes[place] = [0, 1, 0x7F, 0x80, 0xFF][Int(random.next() % 5)]
      _ = Self.accepts(bytes)
    }
  }

  /// Whether it is imported; if so, it must be a graph: each node reads what is there before it.
  private static func accepts(_ bytes: [UInt8]) -> Bool {
    let options = ImportOptions(height: 6, width: 7)
    guard let graph = try? ONNXModel(bytes: bytes, path: "hostile").graph(options: options) else {
      return false
    }
    var known = Set(graph.values.indices.filter { graph.values[$0].constant != nil })
    known.insert(graph.input)
    var isGood = true
    for node in graph.nodes {
      isGood = isGood && known.isSuperset(of: node.inputs) && known.insert(node.output).inserted
    }
    isGood = isGood && known.contains(graph.output) && known.count == graph.values.count
    isGood = isGood && graph.givenRanges.keys.allSatisfy(known.contains)
    // And what the reader believes of the shapes is what the float graph finds.
    let extents = graph.inputExtents
    if extents.height * extents.width < 1000, !graph.nodes.isEmpty {
      isGood = isGood && (try? graph.shapes(height: extents.height, width: extents.width)) != nil
    }
    #expect(isGood)
    return true
  }
}
