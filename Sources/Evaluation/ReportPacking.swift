/// How small a Huffman coder makes a file: what a compressed download or image of it takes, nearly.
///
/// Weights hold next to no repeated strings, so this is close to what gzip finds, and costs a pass
/// over the bytes. It shows what 6-bit weights save that are stored in bytes of 8.
public enum ReportPacking {
  /// As gzip starts a new code now and then, so does this, every 64 KiB.
  private static let blockSize = 1 << 16

  /// Bytes of all blocks, each with a code of its own and the lengths of that code, some 100 bytes.
  public static func huffmanByteCount(_ bytes: UnsafeRawBufferPointer) -> Int {
    var total = 0
    for start in stride(from: 0, to: bytes.count, by: blockSize) {
      var counts = [Int](repeating: 0, count: 256)
      for byte in bytes[start..<min(start + blockSize, bytes.count)] { counts[Int(byte)] += 1 }
      total += (bitCount(counts) + 7) / 8 + 100
    }
    return total
  }

  /// Of the text of which `counts` are the symbols' counts: the sum of the inner nodes of the code's
  /// tree. Huffman, "A Method for the Construction of Minimum-Redundancy Codes" (Proc. IRE 40,
  /// 1952), with the two queues of van Leeuwen (ICALP 1976).
  package static func bitCount(_ counts: [Int]) -> Int {
    let leaves = counts.filter { $0 > 0 }.sorted()
    // A symbol needs a bit even where there is no other.
    guard leaves.count > 1 else { return leaves.first ?? 0 }
    var inner: [Int] = []
    var (leaf, node, sum) = (0, 0, 0)
    func least() -> Int {
      if node == inner.count || (leaf < leaves.count && leaves[leaf] <= inner[node]) {
        leaf += 1
        return leaves[leaf - 1]
      }
      node += 1
      return inner[node - 1]
    }
    for _ in 1..<leaves.count {
      let weight = least() + least()
      inner.append(weight)
      sum += weight
    }
    return sum
  }
}
