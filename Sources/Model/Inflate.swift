/// The contents of a DEFLATE stream (RFC 1951) that holds exactly `size` bytes, or nil if it is
/// damaged, longer or shorter.
///
/// Our own, because the device half links no zlib and a label list is all that it unpacks: it goes
/// bit by bit, which is enough for that.
func inflate(_ packed: UnsafeRawBufferPointer, size: Int) -> [UInt8]? {
  var inflater = Inflater(packed: packed, size: size)
  return inflater.run() ? inflater.output : nil
}

private struct Inflater {
  private let packed: UnsafeRawBufferPointer
  private let size: Int
  private var bitPosition = 0
  private(set) var output: [UInt8] = []

  init(packed: UnsafeRawBufferPointer, size: Int) {
    self.packed = packed
    self.size = size
    output.reserveCapacity(size)
  }

  /// The next `count` bits, lowest first; nil at the end of the input.
  private mutating func bits(_ count: Int) -> Int? {
    guard bitPosition + count <= packed.count * 8 else { return nil }
    var value = 0
    for bit in 0..<count {
      value |= Int(packed[bitPosition >> 3] >> (bitPosition & 7) & 1) << bit
      bitPosition += 1
    }
    return value
  }

  mutating func run() -> Bool {
    while true {
      guard let isLast = bits(1), let kind = bits(2) else { return false }
      let good: Bool
      switch kind {
      case 0: good = storedBlock()
      case 1: good = block(literals: .fixedLiterals, distances: .fixedDistances)
      case 2: good = dynamicBlock()
      default: good = false
      }
      guard good else { return false }
      if isLast == 1 { return output.count == size }
    }
  }

  private mutating func storedBlock() -> Bool {
    bitPosition = (bitPosition + 7) & ~7
    guard let count = bits(16), let complement = bits(16), count == ~complement & 0xFFFF,
      count <= size - output.count, bitPosition / 8 + count <= packed.count
    else { return false }
    output.append(contentsOf: packed[bitPosition / 8..<bitPosition / 8 + count])
    bitPosition += 8 * count
    return true
  }

  /// RFC 1951, 3.2.7: the code lengths of both alphabets, themselves coded.
  private mutating func dynamicBlock() -> Bool {
    let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    guard let extraLiterals = bits(5), let extraDistances = bits(5), let extraLengths = bits(4)
    else { return false }
    let (literals, distances) = (extraLiterals + 257, extraDistances + 1)
    var lengthLengths = [Int](repeating: 0, count: order.count)
    for index in 0..<(extraLengths + 4) {
      guard let length = bits(3) else { return false }
      lengthLengths[order[index]] = length
    }
    guard let lengthCode = HuffmanCode(lengths: lengthLengths) else { return false }
    var lengths: [Int] = []
    while lengths.count < literals + distances {
      guard let symbol = symbol(lengthCode) else { return false }
      switch symbol {
      case 16:
        guard let last = lengths.last, let extra = bits(2) else { return false }
        lengths += Array(repeating: last, count: 3 + extra)
      case 17:
        guard let extra = bits(3) else { return false }
        lengths += Array(repeating: 0, count: 3 + extra)
      case 18:
        guard let extra = bits(7) else { return false }
        lengths += Array(repeating: 0, count: 11 + extra)
      default: lengths.append(symbol)
      }
    }
    guard lengths.count == literals + distances,
      let literalCode = HuffmanCode(lengths: Array(lengths[..<literals])),
      let distanceCode = HuffmanCode(lengths: Array(lengths[literals...]))
    else { return false }
    return block(literals: literalCode, distances: distanceCode)
  }

  private mutating func block(literals: HuffmanCode, distances: HuffmanCode) -> Bool {
    // RFC 1951, 3.2.5.
    let lengthBases = [
      3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115,
      131, 163, 195, 227, 258,
    ]
    let lengthBits = [
      0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
    ]
    let distanceBases = [
      1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537,
      2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
    ]
    let endOfBlock = 256
    while let symbol = symbol(literals) {
      if symbol == endOfBlock { return true }
      if symbol < endOfBlock {
        guard output.count < size else { return false }
        output.append(UInt8(symbol))
        continue
      }
      let row = symbol - endOfBlock - 1
      guard row < lengthBases.count, let more = bits(lengthBits[row]),
        let far = self.symbol(distances), far < distanceBases.count,
        let further = bits(max(0, far / 2 - 1))
      else { return false }
      let length = lengthBases[row] + more
      let distance = distanceBases[far] + further
      guard distance <= output.count, length <= size - output.count else { return false }
      for _ in 0..<length { output.append(output[output.count - distance]) }
    }
    return false
  }

  /// The next symbol of a code; nil if the bits are none, or the input ends.
  private mutating func symbol(_ code: HuffmanCode) -> Int? {
    var value = 0
    var first = 0
    var index = 0
    for count in code.counts.dropFirst() {
      guard let bit = bits(1) else { return nil }
      value = value << 1 | bit
      if value - first < count { return code.symbols[index + value - first] }
      index += count
      first = (first + count) << 1
    }
    return nil
  }
}

/// A canonical Huffman code: how many codes there are of each length, and the symbols in the order
/// of their codes.
private struct HuffmanCode {
  let counts: [Int]
  let symbols: [Int]

  private static let longest = 15

  /// Nil if more codes are given than their lengths leave room for.
  init?(lengths: [Int]) {
    var counts = [Int](repeating: 0, count: HuffmanCode.longest + 1)
    for length in lengths where length > 0 { counts[length] += 1 }
    var room = 1
    for count in counts.dropFirst() {
      room = room << 1 - count
      guard room >= 0 else { return nil }
    }
    self.counts = counts
    symbols = (1...HuffmanCode.longest).flatMap { length in
      lengths.indices.filter { lengths[$0] == length }
    }
  }

  static let fixedLiterals = HuffmanCode(
    complete: Array(repeating: 8, count: 144) + Array(repeating: 9, count: 112)
      + Array(repeating: 7, count: 24) + Array(repeating: 8, count: 8))

  static let fixedDistances = HuffmanCode(complete: Array(repeating: 5, count: 30))

  private init(complete lengths: [Int]) {
    guard let code = HuffmanCode(lengths: lengths) else {
      preconditionFailure("the code lengths of RFC 1951, 3.2.6 are a code")
    }
    self = code
  }
}
