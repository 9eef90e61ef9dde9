/// Percentile intervals by drawing the frames anew.
package enum Bootstrap {
  static let resamples = 1000

  /// The 2.5th and the 97.5th percentile of (gained - lost) / count over 1000 samples of `count`
  /// frames, drawn with replacement. Efron and Tibshirani, "An Introduction to the Bootstrap"
  /// (1993), chapter 13.
  ///
  /// Takes count * 1000 random numbers; the same for the same seed on every machine.
  package static func interval(lost: Int, gained: Int, count: Int, seed: UInt64) -> ClosedRange<
    Double
  > {
    precondition(count > 0 && lost + gained <= count, "the changes are a part of the frames")
    guard lost + gained > 0 else { return 0...0 }
    var random = SplitMix64(seed: seed)
    let (lostEnd, gainedEnd) = (UInt64(lost), UInt64(lost + gained))
    var sums: [Int] = []
    sums.reserveCapacity(resamples)
    for _ in 0..<resamples {
      var sum = 0
      var drawn = 0
      while drawn < count {
        let frame = random.next(below: UInt64(count))
        if frame < lostEnd { sum -= 1 } else if frame < gainedEnd { sum += 1 }
        drawn += 1
      }
      sums.append(sum)
    }
    sums.sort()
    let tail = resamples * 25 / 1000
    return Double(sums[tail]) / Double(count)...Double(sums[resamples - 1 - tail]) / Double(count)
  }
}

/// A generator of random numbers: the finaliser of MurmurHash3 over a Weyl sequence.
/// Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (OOPSLA 2014).
struct SplitMix64 {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform over `0..<bound` but for a bias of at most bound / 2^64.
  mutating func next(below bound: UInt64) -> UInt64 {
    next().multipliedFullWidth(by: bound).high
  }
}
