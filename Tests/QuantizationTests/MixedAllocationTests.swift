import Quantization
import Testing

@Suite("Mixed allocation")
struct MixedAllocationTests {
  static func layers(_ count: Int, forms: Int, seed: UInt64, size: Int = 1000)
    -> [[MixedAllocation.Choice]]
  {
    var noise = Noise(seed: seed)
    return (0..<count).map { _ in
      let size = 10 + noise.below(size)
      let cost = Double(noise.uniform())
      return (0..<forms).map { form in
        // Not always monotone: some forms are beaten by others.
        let bits = 8 - 2 * form
        return MixedAllocation.Choice(
          bits: bits, bytes: size * bits / 8,
          cost: cost * Double((1 << (2 * form)) + noise.below(5)))
      }
    }
  }

  /// Every selection's bytes and cost.
  static func all(_ layers: [[MixedAllocation.Choice]]) -> [(bytes: Int, cost: Double)] {
    layers.reduce([(0, 0)]) { sums, choices in
      sums.flatMap { sum in choices.map { (sum.0 + $0.bytes, sum.1 + $0.cost) } }
    }
  }

  @Test("it finds what trying everything finds", arguments: 1...12)
  func exhaustive(seed: Int) throws {
    let layers = Self.layers(1 + seed % 6, forms: 4, seed: UInt64(seed))
    let allocation = MixedAllocation(layers: layers)
    let all = Self.all(layers)
    let least = try #require(all.map(\.bytes).min())
    let most = try #require(all.map(\.bytes).max())
    for part in 0...10 {
      let budget = least + (most - least) * part / 10
      let found = try #require(allocation.cheapest(withinBytes: budget))
      let best = try #require(all.filter { $0.bytes <= budget }.map(\.cost).min())
      #expect(found.bytes <= budget)
      #expect(abs(found.cost - best) < 1e-12)
      let smallest = try #require(allocation.smallest(withinCost: found.cost))
      let fewest = try #require(all.filter { $0.cost <= found.cost + 1e-12 }.map(\.bytes).min())
      #expect(smallest.bytes == fewest)
      #expect(
        found.indices.enumerated().reduce(0) { $0 + layers[$1.offset][$1.element].bytes }
          == found.bytes)
    }
    #expect(allocation.cheapest(withinBytes: least - 1) == nil)
    #expect(allocation.smallest(withinCost: -1) == nil)
  }

  @Test("with few sums kept it stays near the best, and inside the budget")
  func thinned() throws {
    let layers = Self.layers(25, forms: 3, seed: 99)
    let exact = MixedAllocation(layers: layers, stateLimit: 1 << 20)
    let thin = MixedAllocation(layers: layers, stateLimit: 512)
    let sizes = exact.front.map(\.bytes)
    let least = try #require(sizes.first)
    let most = try #require(sizes.last)
    for part in 0...10 {
      let budget = least + (most - least) * part / 10
      let best = try #require(exact.cheapest(withinBytes: budget))
      let found = try #require(thin.cheapest(withinBytes: budget))
      #expect(found.bytes <= budget)
      #expect(found.cost <= 1.02 * best.cost)
    }
  }

  @Test("the front rises in bytes and falls in cost")
  func front() {
    let front = MixedAllocation(layers: Self.layers(6, forms: 4, seed: 5)).front
    for (smaller, larger) in zip(front, front.dropFirst()) {
      #expect(smaller.bytes < larger.bytes)
      #expect(smaller.cost > larger.cost)
    }
  }

  @Test("no layers need no bytes")
  func empty() {
    #expect(MixedAllocation(layers: []).cheapest(withinBytes: 0)?.indices == [])
  }
}
