/// What the quantiser did and what it cost, as the `vedette.quantization` metadata entry (JSON) of
/// the file it wrote.
///
/// Readers take missing optional fields as unknown, so that later versions may add some. The tables
/// of layers and classes are written by column (``RecordColumns``).
public struct QuantizationRecord: Codable, Sendable, Hashable {
  /// 1. A reader refuses a higher one.
  public var version = 1
  public var toolVersion: String
  /// SHA-256 of the ONNX file, hexadecimal.
  public var sourceHash: String
  public var sourceName: String
  /// SHA-256 over the calibration frames' own SHA-256s in the order they were read, hexadecimal;
  /// empty where a source's own scales made frames unnecessary.
  public var calibrationHash: String
  public var calibrationCount: Int
  public var seed: UInt64
  /// What `--weights` and `--method` asked for.
  public var weights: String
  public var method: String
  /// Square input sizes that it was calibrated at, the first one the file's own.
  public var sizes: [Int]
  public var layers: [Layer] {
    get { layerColumns.rows }
    set { layerColumns = LayerColumns(newValue) }
  }
  /// By input size, measured by the quantiser on frames that it held out from the fit, or on all of
  /// them where there were fewer than three. Empty without frames.
  public var accuracy: [SizeAccuracy]
  /// By class; absent where the frames had no labels.
  public var classes: [ClassAccuracy]? {
    get { classColumns?.rows }
    set { classColumns = newValue.map(ClassColumns.init) }
  }

  private var layerColumns: LayerColumns
  private var classColumns: ClassColumns?

  private enum CodingKeys: String, CodingKey {
    case version, toolVersion, sourceHash, sourceName, calibrationHash, calibrationCount, seed
    case weights, method, sizes, accuracy
    case layerColumns = "layers"
    case classColumns = "classes"
  }

  public struct Layer: Sendable, Hashable {
    public var name: String
    /// TensorFlow Lite's name of the operator.
    public var kind: String
    /// Of the weights, `[O, KH, KW, I]`; empty for operators without.
    public var weightShape: [Int]
    /// Nil for operators without weights.
    public var bits: Int?
    /// "nearest", "gram" or "given" (the source's own integers); nil for operators without weights.
    public var rounding: String?
    /// True where the solver was tried and fell back to nearest rounding, else nil.
    public var fellBack: Bool?
    /// The real numbers that the output's -128 and 127 stand for.
    public var rangeMinimum: Float
    public var rangeMaximum: Float
    /// Signal to quantisation noise of the output, in dB, when this layer alone is quantised.
    public var aloneSQNR: Double?
    /// The same when everything up to it is.
    public var accumulatedSQNR: Double?
    /// The share of the float outputs that lie outside the range, 0...1.
    public var clippedShare: Double?
    /// The output's distribution from `histogramMinimum` to `histogramMaximum`, a digit a bin; see
    /// ``setHistogram(counts:minimum:maximum:)``.
    public var histogram: String?
    public var histogramMinimum: Float?
    public var histogramMaximum: Float?
    /// Bytes of the weights as stored.
    public var weightBytes: Int?

    public init(name: String, kind: String, rangeMinimum: Float, rangeMaximum: Float) {
      self.name = name
      self.kind = kind
      weightShape = []
      self.rangeMinimum = rangeMinimum
      self.rangeMaximum = rangeMaximum
    }
  }

  public struct SizeAccuracy: Codable, Sendable, Hashable {
    /// The square input's side.
    public var size: Int
    public var frameCount: Int
    /// Shares of 0...1; nil without labels.
    public var floatTop1: Double?
    public var top1: Double?
    public var top5: Double?
    /// The share of frames with the float network's own first answer.
    public var agreement: Double
    /// Mean KL(float || quantised) of the softmaxes, in nats.
    public var meanKL: Double
    /// Of the logits, in dB.
    public var logitSQNR: Double

    public init(size: Int, frameCount: Int, agreement: Double, meanKL: Double, logitSQNR: Double) {
      self.size = size
      self.frameCount = frameCount
      self.agreement = agreement
      self.meanKL = meanKL
      self.logitSQNR = logitSQNR
    }
  }

  public struct ClassAccuracy: Sendable, Hashable {
    public var classIndex: Int
    public var frameCount: Int
    public var floatCorrect: Int
    public var correct: Int
    /// Mean change of the true class's log-probability.
    public var logProbabilityChange: Double

    public init(
      classIndex: Int, frameCount: Int, floatCorrect: Int, correct: Int,
      logProbabilityChange: Double
    ) {
      self.classIndex = classIndex
      self.frameCount = frameCount
      self.floatCorrect = floatCorrect
      self.correct = correct
      self.logProbabilityChange = logProbabilityChange
    }
  }

  public init(
    toolVersion: String, sourceHash: String, sourceName: String, calibrationHash: String,
    calibrationCount: Int, seed: UInt64, weights: String, method: String, sizes: [Int],
    layers: [Layer], accuracy: [SizeAccuracy]
  ) {
    self.toolVersion = toolVersion
    self.sourceHash = sourceHash
    self.sourceName = sourceName
    self.calibrationHash = calibrationHash
    self.calibrationCount = calibrationCount
    self.seed = seed
    self.weights = weights
    self.method = method
    self.sizes = sizes
    layerColumns = LayerColumns(layers)
    self.accuracy = accuracy
  }
}
