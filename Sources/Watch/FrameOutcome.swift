public import Frames

/// What became of one frame. A failed frame is a value too: the service reports it and goes on.
public enum FrameOutcome: Sendable {
  case decided(Detection)
  case failed(FrameRefusal)
}

/// What the network saw in one picture.
public struct Detection: Sendable {
  /// One class that it named.
  public struct Candidate: Sendable, Hashable {
    /// Index in the network's output.
    public var index: Int
    /// The model's label, or "class N" where the model has none.
    public var label: String
    /// Probability, 0...1.
    public var score: Double
  }

  /// Most probable first; at least one.
  public var candidates: [Candidate]
  /// The picture's full size in pixels, upright.
  public var width: Int
  public var height: Int
  /// Decoding, turning, cropping and resizing.
  public var decodeTime: Duration
  /// The network.
  public var inferTime: Duration
  /// SHA-256 of the network's raw output, 64 hexadecimal digits, if it was asked for.
  public var outputDigest: String?

  public var best: Candidate { candidates[0] }
}
