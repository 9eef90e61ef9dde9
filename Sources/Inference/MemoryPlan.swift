/// Where each activation lies in the arena: tensors that live at the same time do not overlap,
/// others may share memory.
///
/// Worked out once, by size: the largest tensor is placed first, each at the lowest offset where it
/// fits between those already placed whose lifetimes meet its own. (The "greedy by size" order of
/// Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020.)
package struct MemoryPlan: Sendable {
  /// One activation: its size and the steps between which it must keep its contents.
  package struct Lifetime: Sendable {
    package var tensor: Int
    package var byteCount: Int
    /// The step that writes it.
    package var firstStep: Int
    /// The last step that reads it.
    package var lastStep: Int

    package init(tensor: Int, byteCount: Int, firstStep: Int, lastStep: Int) {
      self.tensor = tensor
      self.byteCount = byteCount
      self.firstStep = firstStep
      self.lastStep = lastStep
    }
  }

  /// Offset in bytes by tensor index; multiples of ``alignment``.
  package let offsets: [Int: Int]
  package let byteCount: Int

  package static let alignment = 64

  package init(_ lifetimes: [Lifetime]) {
    var placed: [(lifetime: Lifetime, offset: Int, size: Int)] = []
    var byteCount = 0
    let order = lifetimes.sorted { ($0.byteCount, $1.tensor) > ($1.byteCount, $0.tensor) }
    for lifetime in order {
      let size = MemoryPlan.alignedUp(lifetime.byteCount)
      let neighbours =
        placed
        .filter {
          $0.lifetime.firstStep <= lifetime.lastStep && lifetime.firstStep <= $0.lifetime.lastStep
        }
        .sorted { $0.offset < $1.offset }
      var offset = 0
      for neighbour in neighbours {
        if offset + size <= neighbour.offset { break }
        offset = max(offset, neighbour.offset + neighbour.size)
      }
      placed.append((lifetime, offset, size))
      byteCount = max(byteCount, offset + size)
    }
    offsets = Dictionary(uniqueKeysWithValues: placed.map { ($0.lifetime.tensor, $0.offset) })
    self.byteCount = byteCount
  }

  package static func alignedUp(_ count: Int) -> Int {
    (count + alignment - 1) / alignment * alignment
  }
}
