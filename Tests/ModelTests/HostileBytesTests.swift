import CTFLite
import Model
import Testing

@Suite struct HostileBytesTests {
  @Test("A model cut short at any byte is refused")
  func truncation() {
    let whole = RawModel.network().bytes()
    #expect(complaint(whole) == nil)
    for count in 0..<whole.count {
      let message = complaint(Array(whole[..<count]))
      #expect(message != nil, "cut to \(count) of \(whole.count)")
    }
  }

  @Test("Flipped bits give an error or a graph that keeps its promises", arguments: 0..<4)
  func bitFlips(seed: UInt64) {
    var random = SplitMix(state: seed)
    let whole = RawModel.network().bytes()
    var accepted = 0
    let rounds = 500
    for _ in 0..<rounds {
      var bytes = whole
      for _ in 0...(random.next() % 3) {
        let bit = Int(random.next() % UInt64(bytes.count * 8))
        bytes[bit / 8] ^= 1 << (bit % 8)
      }
      if expectPromises(bytes) { accepted += 1 }
    }
    // Some bits are weights or names, so that some graphs must still be good; many are offsets.
    #expect(accepted > 0 && accepted < rounds)
  }

  @Test("Bytes and words replaced by extremes keep the promises too", arguments: 0..<2)
  func extremes(seed: UInt64) {
    var random = SplitMix(state: seed &+ 77)
    let whole = RawModel.network().bytes()
    let values: [UInt32] = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF]
    for _ in 0..<500 {
      var bytes = whole
      let word = Int(random.next() % UInt64(bytes.count / 4)) * 4
      let value = values[Int(random.next() % UInt64(values.count))]
      for index in 0..<4 { bytes[word + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
      _ = expectPromises(bytes)
    }
  }

  @Test("What is not a model is refused", arguments: ["", "TFL3", "PNG", "\u{1C}\0\0\0TFL3"])
  func garbage(text: String) {
    #expect(complaint(Array(text.utf8))?.contains("not a TensorFlow Lite model") == true)
  }

  @Test("The identifier must be TFL3")
  func identifier() {
    var bytes = RawModel.network().bytes()
    bytes[7] = UInt8(ascii: "2")
    #expect(complaint(bytes)?.contains("the identifier is not TFL3") == true)
  }

  @Test("One name under thousands of tensors is not copied thousands of times")
  func sharing() {
    // A vector of offsets that all lead to the same tensor, whose name is 64 KiB: by hand, because
    // no writer does that. 20000 tensors would make 1.3 GB of names from a file of 150 KB.
    let tensorCount = 20000
    var words: [UInt32] = []
    func place() -> UInt32 { UInt32(words.count * 4) }
    // Header: root at 32; vtables: model (subgraphs in field 2), subgraph (tensors in field 0),
    // tensor (name in field 3).
    words = [32, 0x334C_4654]
    let modelTable: UInt32 = 32
    words += [10 | 8 << 16, 0, 4]  // vtable at 8: size 10, table 8, fields: 0, 0, 4
    words += [6 | 8 << 16, 4]  // vtable at 20: size 6, table 8, field 0 at 4
    words += [0]  // 28
    words += [modelTable - 8, 8]  // model at 32; subgraphs: 36 + 4 -> 44? set below
    // Vector of subgraphs.
    let subgraphs = place()
    words[9] = subgraphs - 36
    words += [1, 4]
    let subgraph = place()
    words += [subgraph - 20, 4]
    let tensors = place()
    words += [UInt32(tensorCount)]
    let firstSlot = place()
    let tensorVtable = firstSlot + UInt32(tensorCount * 4)
    let tensor = tensorVtable + 12
    for index in 0..<tensorCount { words.append(tensor - (firstSlot + UInt32(index * 4))) }
    #expect(place() == tensorVtable && tensors + 4 == firstSlot)
    words += [12 | 8 << 16, 0, 0 | 4 << 16]  // size 12, table 8, fields 0...2 absent, name at 4
    words += [tensor - tensorVtable, 4, 65536]
    words += Array(repeating: 0x6161_6161, count: 65536 / 4) + [0]
    let bytes = words.flatMap { word in withUnsafeBytes(of: word.littleEndian) { Array($0) } }
    #expect(complaint(bytes)?.contains("its name shares its bytes with too many others") == true)
  }

  @Test("Too many operators are refused before they are looked at")
  func tooMany() {
    var model = RawModel.classifier(classes: 3)
    model.operators = Array(repeating: model.operators[0], count: 8193)
    let message = complaint(model.bytes()) ?? ""
    #expect(message.contains("too many entries"), "\(message)")
  }

  /// Whether `bytes` are read as a model; if so, the graph is what ``Graph`` promises.
  private func expectPromises(_ bytes: [UInt8]) -> Bool {
    guard let file = try? read(bytes) else { return false }
    let graph = file.graph
    var known = Set(graph.inputs)
    known.formUnion(graph.tensors.filter(\.isConstant).map(\.index))
    var isGood = true
    for op in graph.operators {
      let shapes = op.inputs.map { graph.tensors[$0].shape }
      isGood = isGood && known.isSuperset(of: op.inputs) && known.insert(op.output).inserted
      isGood = isGood && outputShape(of: op.kind, inputs: shapes) == graph.tensors[op.output].shape
    }
    isGood = isGood && known.isSuperset(of: graph.outputs)
    for tensor in graph.tensors where tensor.isConstant {
      let count = file.withConstant(of: tensor) { $0.count }
      isGood = isGood && count == tensor.byteCount
    }
    #expect(isGood)
    return true
  }
}

/// Steele, Lea and Flood's SplitMix64: the same numbers everywhere.
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
