import Evaluation
import Testing

@Suite("A comparison of two answers")
struct FrameComparisonTests {
  private let reference = ModelOutput([1, 0.5, 2.5, -1])
  private let candidate = ModelOutput([1.5, -0.25, 3, 0])

  @Test("divergence, log-probability and energies are those that SciPy gives")
  func figures() throws {
    let comparison = FrameComparison(
      candidate: candidate, reference: reference, trueClass: 2)
    // stats.entropy(softmax(reference), softmax(candidate)); special.log_softmax(candidate)
    #expect(abs(comparison.divergence - 0.053924943546986376) < 1e-14)
    let log = try #require(comparison.candidate.trueLogProbability)
    #expect(abs(log - -0.2713174771510472) < 1e-14)
    #expect(comparison.signal == 1 + 0.25 + 6.25 + 1)
    #expect(comparison.noise == 0.25 + 0.5625 + 0.25 + 1)
    #expect(comparison.candidate.top == 2)
    #expect(comparison.candidate.isCorrect == true)
  }

  @Test("ties go to the lower index", arguments: [(0, 2), (1, 0), (2, 1), (3, 3)])
  func ties(trueClass: Int, rank: Int) {
    let comparison = FrameComparison(
      candidate: ModelOutput([1, 2, 2, 1]), reference: nil, trueClass: trueClass)
    #expect(comparison.candidate.top == 1)
    #expect(comparison.candidate.trueRank == rank)
  }

  @Test("logits far from 0 and equal answers do no harm")
  func extremes() {
    let far = ModelOutput([1000, -1000, 999])
    let comparison = FrameComparison(candidate: far, reference: far, trueClass: 1)
    #expect(comparison.divergence == 0)
    #expect(comparison.noise == 0)
    #expect(comparison.candidate.trueLogProbability.map { $0 < -1999 && $0.isFinite } == true)
  }

  @Test("probabilities are taken as they are; beside logits, those become probabilities")
  func probabilities() {
    let half = ModelOutput([0.5, 0.5, 0], areProbabilities: true)
    let same = ModelOutput([3, 3, -100])
    let comparison = FrameComparison(candidate: half, reference: same, trueClass: nil)
    #expect(comparison.divergence < 1e-12)
    #expect(abs(comparison.signal - 0.5) < 1e-12)
    #expect(comparison.noise < 1e-12)
    #expect(abs(comparison.candidate.confidence - 0.5) < 1e-12)
  }
}
