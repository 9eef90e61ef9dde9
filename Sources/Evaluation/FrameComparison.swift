import Foundation

/// What a network gave for one frame.
public struct ModelOutput: Sendable, Hashable {
  /// One real number for each class.
  public var values: [Float]
  /// Whether they are probabilities already (the network ends in a softmax) rather than logits.
  public var areProbabilities: Bool

  public init(_ values: [Float], areProbabilities: Bool = false) {
    self.values = values
    self.areProbabilities = areProbabilities
  }

  public var isFinite: Bool { values.allSatisfy(\.isFinite) }

  /// The logarithms of the classes' probabilities, in nats: x - log(sum(exp(x))) of logits.
  ///
  /// A probability of 0 counts as 1e-9: an int8 output cannot say how small it was.
  var logProbabilities: [Double] {
    if areProbabilities { return values.map { log(max(Double($0), 1e-9)) } }
    let best = Double(values.max() ?? 0)
    let sum = values.reduce(0) { $0 + exp(Double($1) - best) }
    let logSum = log(sum)
    return values.map { Double($0) - best - logSum }
  }
}

/// One network's answer to one frame.
public struct FrameAnswer: Sendable, Hashable {
  /// The class with the highest output; among equals the lowest index.
  public let top: Int
  /// Its probability.
  public let confidence: Double
  /// How many classes come before the true one, equal ones with a lower index included: 0 is a
  /// right answer, below 5 is top-5. Nil without a true class.
  public let trueRank: Int?
  /// In nats; nil without a true class.
  public let trueLogProbability: Double?

  init(_ values: [Float], _ logProbabilities: [Double], trueClass: Int?) {
    var top = 0
    for index in values.indices where values[index] > values[top] { top = index }
    self.top = top
    confidence = exp(logProbabilities[top])
    guard let trueClass else {
      (trueRank, trueLogProbability) = (nil, nil)
      return
    }
    var rank = 0
    for index in values.indices
    where values[index] > values[trueClass]
      || (values[index] == values[trueClass] && index < trueClass)
    {
      rank += 1
    }
    trueRank = rank
    trueLogProbability = logProbabilities[trueClass]
  }

  /// Nil without a true class.
  public var isCorrect: Bool? { trueRank.map { $0 == 0 } }
}

/// All that an evaluation keeps of one frame: small, whatever the number of classes.
public struct FrameComparison: Sendable, Hashable {
  public let trueClass: Int?
  public let candidate: FrameAnswer
  public let reference: FrameAnswer?
  /// KL(reference || candidate) = sum of p * (log p - log q) over the classes, in nats. Kullback and
  /// Leibler, "On Information and Sufficiency", Ann. Math. Statist. 22 (1951), 79-86.
  public let divergence: Double
  /// The sum of the squares of the reference's outputs.
  public let signal: Double
  /// The sum of the squares of the outputs' differences.
  public let noise: Double

  /// - Parameters:
  ///   - candidate: of the network that is judged.
  ///   - reference: of the one that it is compared with, as many classes; usually the float one.
  ///   - trueClass: one of the classes, or nil.
  public init(candidate: ModelOutput, reference: ModelOutput?, trueClass: Int?) {
    precondition(
      reference == nil || reference?.values.count == candidate.values.count,
      "both networks have the same classes")
    precondition(!candidate.values.isEmpty, "a classifier has classes")
    precondition(
      trueClass.map(candidate.values.indices.contains) ?? true,
      "the true class is one of the network's")
    let q = candidate.logProbabilities
    self.trueClass = trueClass
    self.candidate = FrameAnswer(candidate.values, q, trueClass: trueClass)
    guard let reference else {
      self.reference = nil
      (divergence, signal, noise) = (0, 0, 0)
      return
    }
    let p = reference.logProbabilities
    self.reference = FrameAnswer(reference.values, p, trueClass: trueClass)
    var divergence = 0.0
    for index in p.indices { divergence += exp(p[index]) * (p[index] - q[index]) }
    // Rounding can leave a little less than the 0 that it is at least.
    self.divergence = max(0, divergence)
    // Logits can be compared with probabilities only as probabilities.
    let mixed = candidate.areProbabilities != reference.areProbabilities
    var (signal, noise) = (0.0, 0.0)
    for index in p.indices {
      let a = mixed ? exp(p[index]) : Double(reference.values[index])
      let b = mixed ? exp(q[index]) : Double(candidate.values[index])
      signal += a * a
      noise += (a - b) * (a - b)
    }
    self.signal = signal
    self.noise = noise
  }
}
