/// One quantised file and what it does on the report's frames.
public struct ReportBuild: Sendable, Hashable {
  public var name: String
  /// SHA-256 of the file, hexadecimal.
  public var modelID: String
  public var byteCount: Int
  /// What a Huffman coder makes of the file; nil if nobody asked.
  public var compressedByteCount: Int?
  public var timing: ReportTiming?
  /// A frame's, of the network alone; nil: not measured.
  public var energyMicrojoules: Double?
  public var top1: Double?
  public var top5: Double?
  /// Frames that float gets right and this build does not.
  public var lost: Int
  /// Frames that float gets wrong and this build right.
  public var gained: Int
  /// Frames with a first answer other than float's.
  public var changed: Int
  /// The share of frames with float's first answer.
  public var agreement: Double
  /// Mean KL(float || build) of the softmaxes, in nats.
  public var meanKL: Double
  /// Of the logits against float's, in dB; nil where they are equal.
  public var logitSQNR: Double?
  /// By input size, as the quantiser measured on calibration frames.
  public var sizes: [ReportSize]
  public var layers: [ReportLayer]
  /// By class, by group; in no particular order.
  public var breakdowns: [ReportBreakdown]
  /// Wrong answers that this build gives more often than float, most gained first.
  public var confusions: [ReportConfusion]
  /// Of this build alone: the quantiser's settings, hashes.
  public var facts: [ReportFact]

  public init(
    name: String, modelID: String, byteCount: Int, lost: Int = 0, gained: Int = 0, changed: Int,
    agreement: Double, meanKL: Double, logitSQNR: Double?
  ) {
    self.name = name
    self.modelID = modelID
    self.byteCount = byteCount
    self.lost = lost
    self.gained = gained
    self.changed = changed
    self.agreement = agreement
    self.meanKL = meanKL
    self.logitSQNR = logitSQNR
    sizes = []
    layers = []
    breakdowns = []
    confusions = []
    facts = []
  }
}

/// Of one run of the network, in milliseconds.
public struct ReportTiming: Sendable, Hashable {
  public var median: Double
  /// 95 of 100 runs took at most this.
  public var p95: Double

  public init(median: Double, p95: Double) {
    self.median = median
    self.p95 = p95
  }
}

/// A change of accuracy, as a share of 0...1, and how far chance alone may move it.
public struct PairedChange: Sendable, Hashable {
  /// Negative: a loss.
  public var change: Double
  public var standardError: Double

  /// Of `count` frames, `lost` went from right to wrong and `gained` the other way: the mean of
  /// +1, 0 and -1 over the frames and the standard error of that mean. Nil without frames.
  public init?(lost: Int, gained: Int, count: Int) {
    guard count > 0, lost >= 0, gained >= 0, lost <= count, gained <= count - lost else {
      return nil
    }
    let n = Double(count)
    change = (Double(gained) - Double(lost)) / n
    let variance = (Double(gained) + Double(lost)) / n - change * change
    standardError = (max(variance, 0) / n).squareRoot()
  }
}

/// Accuracy at one input size.
public struct ReportSize: Sendable, Hashable {
  /// The square input's side.
  public var size: Int
  public var frameCount: Int
  public var floatTop1: Double?
  public var top1: Double?
  public var agreement: Double
  public var meanKL: Double
  /// Nil where the logits are equal.
  public var logitSQNR: Double?

  public init(
    size: Int, frameCount: Int, floatTop1: Double? = nil, top1: Double? = nil, agreement: Double,
    meanKL: Double, logitSQNR: Double?
  ) {
    self.size = size
    self.frameCount = frameCount
    self.floatTop1 = floatTop1
    self.top1 = top1
    self.agreement = agreement
    self.meanKL = meanKL
    self.logitSQNR = logitSQNR
  }
}

/// One operator of a build. What nobody measured is nil.
public struct ReportLayer: Sendable, Hashable {
  public var name: String
  /// TensorFlow Lite's name of the operator.
  public var kind: String
  public var weightShape: [Int]
  public var bits: Int?
  public var rounding: String?
  public var fellBack: Bool?
  public var rangeMinimum: Double?
  public var rangeMaximum: Double?
  public var aloneSQNR: Double?
  public var accumulatedSQNR: Double?
  /// 0...1.
  public var clippedShare: Double?
  public var histogram: ReportHistogram?
  public var weightBytes: Int?

  public init(name: String, kind: String, weightShape: [Int] = []) {
    self.name = name
    self.kind = kind
    self.weightShape = weightShape
  }
}

/// Counts over bins of equal width.
public struct ReportHistogram: Sendable, Hashable {
  public var counts: [Int]
  public var minimum: Double
  public var maximum: Double

  public init(counts: [Int], minimum: Double, maximum: Double) {
    self.counts = counts
    self.minimum = minimum
    self.maximum = maximum
  }
}
