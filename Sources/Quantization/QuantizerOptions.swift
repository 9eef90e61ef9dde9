public import Model

/// What the person wants of a quantised network.
public struct QuantizerOptions: Sendable {
  /// The bits of the weights.
  public enum Weights: Sendable, Hashable {
    /// 8, 6, 4 or 2. Below 8, the stem, depthwise layers and the classifier keep 8 bits.
    case uniform(Int)
    /// Bits by layer, found under a budget.
    case mixed
  }

  /// How weights are rounded.
  public enum Method: String, Sendable, Hashable, CaseIterable {
    /// The source's own integers where it has some, else gram rounding, layer by layer checked
    /// against nearest rounding on held-out frames.
    case auto
    case nearest
    /// Gram rounding even where the held-out frames like nearest rounding better.
    case gram
  }

  public var weights: Weights = .uniform(8)
  public var method: Method = .auto
  /// The largest file that `mixed` may give, in bytes.
  public var budgetBytes: Int?
  /// The largest loss that `mixed` may cause on the held-out frames, as a share (0.01 is one
  /// point): of top-1 where the frames have labels, of agreement with the float network elsewhere.
  public var maximumDrop: Double?
  /// The sides of square inputs that the file must serve, its own first.
  public var sizes: [Int]
  /// Decides which frames are held out and which positions of images are looked at.
  public var seed: UInt64 = 1
  /// How a picture becomes the network's input.
  public var preprocessing: Preprocessing
  /// One for each class; empty for none.
  public var labels: [String] = []
  public var ranges: RangeMethod = .mse
  /// Whether scales are moved between neighbouring layers first.
  public var equalizes = false
  /// Threads to use; the result does not depend on them.
  public var threads = 1
  /// The name and the hash (SHA-256, hexadecimal) of the source, for the record.
  public var sourceName = ""
  public var sourceHash = ""
  public var toolVersion = ""

  public init(sizes: [Int], preprocessing: Preprocessing) {
    self.sizes = sizes
    self.preprocessing = preprocessing
  }

  /// "8", "mixed": as the command line has it.
  public var weightsName: String {
    switch weights {
    case .uniform(let bits): String(bits)
    case .mixed: "mixed"
    }
  }
}

/// How far the quantiser is.
public struct QuantizerProgress: Sendable, Hashable {
  public enum Phase: Sendable, Hashable {
    /// Float runs over the frames.
    case calibrating
    /// Layer by layer.
    case rounding
    /// One layer at a time with fewer bits.
    case searching
    /// The deployed kernels over the held-out frames.
    case measuring
  }

  public var phase: Phase
  public var done: Int
  public var total: Int
  /// The layer in hand, while rounding or searching.
  public var detail: String

  public init(phase: Phase, done: Int, total: Int, detail: String = "") {
    self.phase = phase
    self.done = done
    self.total = total
    self.detail = detail
  }
}

/// The quantiser's way to the person who waits. Called on the thread that runs it.
public struct QuantizerMonitor {
  public var progress: (QuantizerProgress) -> Void
  /// Asked between frames; once true, the quantiser stops with ``QuantizationError/cancelled``.
  public var isCancelled: () -> Bool

  public init(
    progress: @escaping (QuantizerProgress) -> Void = { _ in },
    isCancelled: @escaping () -> Bool = { false }
  ) {
    self.progress = progress
    self.isCancelled = isCancelled
  }
}
