/// Where each activation lies in the executor's memory: values that live at the same time do not
/// overlap, others may share memory.
///
/// Values are placed in the order in which they are computed, each at the lowest offset where it
/// fits between those that still live. That is close enough to the least: a float network has one
/// or two wide values at a time.
struct ActivationPlan {
  /// One value: its size and the steps between which it keeps its contents.
  struct Lifetime {
    var value: Int
    var count: Int
    var firstStep: Int
    var lastStep: Int
  }

  /// Offset in floats by value; nil for what has no place.
  private(set) var offsets: [Int?]
  /// In floats.
  private(set) var count = 0

  /// 64 bytes: a cache line, and the width of the widest vector.
  static let alignment = 16

  /// `lifetimes` ascend by their first step.
  init(_ lifetimes: [Lifetime], valueCount: Int) {
    offsets = Array(repeating: nil, count: valueCount)
    // Those that still live, ascending by offset.
    var living: [(offset: Int, end: Int, lastStep: Int)] = []
    for lifetime in lifetimes {
      living.removeAll { $0.lastStep < lifetime.firstStep }
      let size = ActivationPlan.aligned(lifetime.count)
      var offset = 0
      var position = living.count
      for (index, neighbour) in living.enumerated() {
        if offset + size <= neighbour.offset {
          position = index
          break
        }
        offset = neighbour.end
      }
      living.insert((offset, offset + size, lifetime.lastStep), at: position)
      offsets[lifetime.value] = offset
      count = max(count, offset + size)
    }
  }

  static func aligned(_ count: Int) -> Int {
    (count + alignment - 1) / alignment * alignment
  }
}
