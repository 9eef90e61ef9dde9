/// What the log says about the model that is running.
public struct ModelDescription: Sendable, Hashable {
  public var path: String
  /// SHA-256 of the file, 64 hexadecimal digits.
  public var id: String
  /// The model, its input size, its threads: what design section 8 calls a level.
  public var level: String
  /// The most bits that a weight has.
  public var weightBits: Int
  /// Classes in its output.
  public var classCount: Int
  /// The highest instruction set in use.
  public var isa: String
}
