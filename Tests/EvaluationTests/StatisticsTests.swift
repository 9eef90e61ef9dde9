import Evaluation
import Testing

// The expected numbers are SciPy 1.16's, printed in full: 2 * stats.t.sf(t, d),
// stats.binomtest(a, a + b).pvalue, stats.false_discovery_control(p), special.gammaln(x),
// stats.ttest_1samp(d, 0).

private func isClose(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool {
  abs(a - b) <= tolerance * max(abs(b), 1e-300)
}

@Suite("Statistics")
struct StatisticsTests {
  @Test(
    "Student's t",
    arguments: [
      (0, 5, 1), (1e-6, 7, 0.9999992300170983), (2.2281388519649385, 10, 0.05000000000180864),
      (12.706204736, 1, 0.050000000000684656), (1.5, 3, 0.23058386524482294),
      (0.3, 199, 0.7644902948244987), (4.5, 49, 4.19256849651404e-05),
      (2, 100000, 0.04550296345750651), (40, 30, 1.3726045194406417e-27),
      (9, 5, 0.00028267997424389707), (-9, 5, 0.00028267997424389707),
      (.infinity, 3, 0),
    ] as [(Double, Int, Double)])
  func t(t: Double, degrees: Int, expected: Double) {
    #expect(isClose(StudentT.twoSided(t, degrees: degrees), expected, 1e-10))
  }

  @Test(
    "the logarithm of the gamma function",
    arguments: [
      (0.5, 0.5723649429247), (1, 0), (1.5, -0.12078223763524526), (3.7, 1.428072326665388),
      (11.9, 17.25847745059552), (12.1, 17.74700727079874), (100.5, 361.43554046777757),
      (1e6, 12815504.569147611),
    ])
  func gamma(x: Double, expected: Double) {
    #expect(abs(LogGamma.value(x) - expected) <= 2e-13 * max(1, abs(expected)))
  }

  @Test(
    "the sign test",
    arguments: [
      (0, 6, 0.03125), (3, 9, 0.14599609375), (10, 10, 1), (1, 0, 1), (0, 0, 1),
      (40, 70, 0.005447429511444476), (70, 40, 0.005447429511444476),
      (900, 1100, 8.45708953550381e-06), (2, 30, 2.4633482098579407e-07),
      (100000, 100900, 0.044886148461475976),
    ])
  func sign(a: Int, b: Int, expected: Double) {
    #expect(isClose(SignTest.twoSided(a, b), expected, 1e-8))
  }

  @Test("Benjamini and Hochberg's correction")
  func benjaminiHochberg() {
    let adjusted = BenjaminiHochberg.adjusted([0.01, 0.04, 0.03, 0.2, 0.8, 0.005, 0.04])
    let expected = [0.035, 0.056, 0.056, 0.7 / 3, 0.8, 0.035, 0.056]
    #expect(zip(adjusted, expected).allSatisfy { isClose($0, $1, 1e-12) })
    #expect(BenjaminiHochberg.adjusted([]) == [])
    #expect(BenjaminiHochberg.adjusted([0.3]) == [0.3])
  }

  @Test("a paired test: t from 20 differences on, signs for fewer, nothing for too few")
  func paired() throws {
    let differences = (0..<25).map { Double($0 * 37 % 23 - 10) / 10 }
    let test = PairedTest(differences)
    #expect(test.kind == .t)
    #expect(isClose(test.mean, 0.068, 1e-12))
    #expect(isClose(try #require(test.standardError), 0.1378066278038421, 1e-12))
    #expect(isClose(try #require(test.probability), 0.6261834305028696, 1e-10))

    let few = PairedTest([1, 2, 3, 0, 1, 1, 4])
    #expect(few.kind == .sign)
    #expect(isClose(try #require(few.probability), 0.03125, 1e-12))
    // All the same: the t statistic would be infinite.
    #expect(PairedTest(Array(repeating: 0, count: 30)).probability == 1)
    #expect(PairedTest(Array(repeating: 1, count: 30)).kind == .sign)
    #expect(PairedTest([1, 1, 1, 1, 1]).probability == nil)
    #expect(PairedTest([]).mean == 0)
  }

  @Test("the bootstrap's interval is the normal one where that holds, and the seed's own")
  func bootstrap() {
    let interval = Bootstrap.interval(lost: 30, gained: 20, count: 1000, seed: 7)
    // -0.01 +- 1.96 * sqrt((0.05 - 0.0001) / 1000) = -0.0238...0.0038
    #expect(abs(interval.lowerBound - -0.0238) < 0.002)
    #expect(abs(interval.upperBound - 0.0038) < 0.002)
    #expect(interval == Bootstrap.interval(lost: 30, gained: 20, count: 1000, seed: 7))
    #expect(interval != Bootstrap.interval(lost: 30, gained: 20, count: 1000, seed: 8))
    #expect(Bootstrap.interval(lost: 0, gained: 0, count: 5, seed: 0) == 0...0)
    #expect(Bootstrap.interval(lost: 5, gained: 0, count: 5, seed: 0) == -1 ... -1)
  }
}
