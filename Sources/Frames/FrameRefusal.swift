/// Why a picture was not taken, for people and for machines.
public struct FrameRefusal: Sendable, Hashable, CustomStringConvertible {
  /// A short lower-case word with hyphens; one of `FrameRefusal.Code`, or a decoder's own.
  public let code: String
  /// What exactly was found, where; on one line.
  public let detail: String

  public init(code: String, detail: String) {
    self.code = code
    self.detail = detail
  }

  public var description: String { "\(code): \(detail)" }

  /// The codes that this module gives.
  public enum Code {
    /// It ends before the end-of-image marker.
    public static let truncated = "truncated"
    /// It holds no bytes.
    public static let empty = "empty"
    /// It does not start as a JPEG does.
    public static let notJPEG = "not-a-jpeg"
    /// It starts as a JPEG but breaks the format's structure.
    public static let malformed = "malformed"
    /// It has more bytes than the limit.
    public static let tooLarge = "too-large"
    /// The writer of a pipe stopped in the middle of it.
    public static let stalled = "stalled"
    /// The daemon stopped twice while it worked on this frame.
    public static let crashedTwice = "crashed-twice"
    /// The file cannot be opened or read.
    public static let unreadable = "unreadable"
    /// It is a symbolic link, a FIFO, a socket or a device.
    public static let notARegularFile = "not-a-regular-file"
  }
}
