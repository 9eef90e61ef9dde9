/// Chooses one form for each layer under a budget of bytes, or under a bound of the summed cost.
///
/// All sums that some choice reaches and no other beats are kept layer by layer (the exact dynamic
/// programme of the knapsack), up to 8192 of them; beyond that the best of each of 8192 strips of
/// bytes, after which single layers are still improved into what the budget leaves. Equal input,
/// equal choice; of equal costs the fewest bytes win, of equal bytes the earlier form.
public struct MixedAllocation: Sendable {
  public struct Choice: Sendable, Hashable {
    public var bits: Int
    public var bytes: Int
    /// What the choice loses; 0 or more.
    public var cost: Double

    public init(bits: Int, bytes: Int, cost: Double) {
      self.bits = bits
      self.bytes = bytes
      self.cost = cost
    }
  }

  /// One form for each layer.
  public struct Selection: Sendable, Hashable {
    /// Indices into the layers' choices.
    public var indices: [Int]
    public var bytes: Int
    public var cost: Double
  }

  private let layers: [[Choice]]
  private let stateLimit: Int
  /// By layer: the sums reached after it, bytes ascending and costs descending.
  private var stages: [[State]] = []

  private struct State {
    var bytes: Int
    var cost: Double
    var previous: Int
    var choice: Int
  }

  /// - Parameter layers: for each layer its forms, at least one; bytes of 0 or more and finite
  ///   costs.
  public init(layers: [[Choice]], stateLimit: Int = 8192) {
    precondition(layers.allSatisfy { !$0.isEmpty }, "every layer has a form to choose")
    precondition(
      layers.joined().allSatisfy { $0.bytes >= 0 && $0.bytes < 1 << 48 && $0.cost.isFinite },
      "bytes are counts and costs are finite")
    precondition(stateLimit > 1, "there is room for two sums")
    self.layers = layers
    self.stateLimit = stateLimit
    var states = [State(bytes: 0, cost: 0, previous: 0, choice: 0)]
    for choices in layers {
      states = extended(states, choices)
      stages.append(states)
    }
  }

  /// The selections that no other beats in both bytes and cost, bytes ascending: the curve of what
  /// a byte buys.
  public var front: [Selection] {
    (stages.last ?? []).indices.map { selection($0) }
  }

  /// The selection of least cost with at most `budget` bytes; nil if even the smallest is larger.
  public func cheapest(withinBytes budget: Int) -> Selection? {
    guard let states = stages.last else { return Selection(indices: [], bytes: 0, cost: 0) }
    guard let index = states.lastIndex(where: { $0.bytes <= budget }) else { return nil }
    return improved(selection(index), budget)
  }

  /// The selection of fewest bytes whose cost is at most `bound`; nil if there is none.
  public func smallest(withinCost bound: Double) -> Selection? {
    guard let states = stages.last else { return Selection(indices: [], bytes: 0, cost: 0) }
    return states.firstIndex { $0.cost <= bound }.map { selection($0) }
  }

  private func extended(_ states: [State], _ choices: [Choice]) -> [State] {
    var sums: [State] = []
    sums.reserveCapacity(states.count * choices.count)
    for (index, state) in states.enumerated() {
      for (choice, form) in choices.enumerated() {
        sums.append(
          State(
            bytes: state.bytes + form.bytes, cost: state.cost + form.cost, previous: index,
            choice: choice))
      }
    }
    sums.sort {
      if $0.bytes != $1.bytes { return $0.bytes < $1.bytes }
      if $0.cost != $1.cost { return $0.cost < $1.cost }
      return $0.previous != $1.previous ? $0.previous < $1.previous : $0.choice < $1.choice
    }
    var front: [State] = []
    for sum in sums where sum.cost < front.last?.cost ?? .infinity { front.append(sum) }
    return thinned(front)
  }

  /// The dearest-in-bytes of each strip, which is the cheapest in cost, and always both ends.
  private func thinned(_ front: [State]) -> [State] {
    guard front.count > stateLimit, let first = front.first, let last = front.last else {
      return front
    }
    let extent = last.bytes - first.bytes + 1
    var kept = [first]
    var strip = -1
    for state in front.dropFirst() {
      let place = Int(
        Double(state.bytes - first.bytes) / Double(extent) * Double(stateLimit - 1))
      if place == strip {
        kept[kept.count - 1] = state
      } else {
        kept.append(state)
        strip = place
      }
    }
    return kept
  }

  private func selection(_ index: Int) -> Selection {
    var indices = [Int](repeating: 0, count: stages.count)
    var at = index
    for layer in stages.indices.reversed() {
      indices[layer] = stages[layer][at].choice
      at = stages[layer][at].previous
    }
    let end = stages.last?[index]
    return Selection(indices: indices, bytes: end?.bytes ?? 0, cost: end?.cost ?? 0)
  }

  /// Single changes that lower the cost and still fit, the largest gain first. Does nothing where
  /// the programme was exact.
  private func improved(_ selection: Selection, _ budget: Int) -> Selection {
    var best = selection
    while true {
      var found: (layer: Int, choice: Int, gain: Double)?
      for layer in layers.indices {
        let held = layers[layer][best.indices[layer]]
        for (choice, form) in layers[layer].enumerated() {
          let gain = held.cost - form.cost
          if gain > found?.gain ?? 0, best.bytes - held.bytes + form.bytes <= budget {
            found = (layer, choice, gain)
          }
        }
      }
      guard let found else { return best }
      let held = layers[found.layer][best.indices[found.layer]]
      best.bytes += layers[found.layer][found.choice].bytes - held.bytes
      best.indices[found.layer] = found.choice
      best.cost = best.indices.enumerated().reduce(0) { $0 + layers[$1.offset][$1.element].cost }
    }
  }
}
