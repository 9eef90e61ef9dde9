/// Why a frame did not become pixels, or a model's input cannot be made from pixels.
public enum VisionError: Error, Sendable, Hashable {
  /// There are no bytes.
  case empty
  /// The bytes do not begin as a JPEG does; `found` names the format that they do begin like.
  case notJPEG(found: String?)
  /// A limit on bytes, extents, pixels or memory was passed; nothing was decoded.
  case tooLarge(reason: String)
  /// More scans than ``DecodeLimits/maximumScans``.
  case tooManyScans(reason: String)
  /// A part of the picture is missing. `offset` is how far into the file the decoder had read.
  case truncated(offset: Int, reason: String)
  /// The bytes break the format. `offset` is how far into the file the decoder had read.
  case corrupt(offset: Int, reason: String)
  /// A valid JPEG of a kind that is not decoded.
  case unsupported(reason: String)
  /// ``DecodeLimits/timeLimit`` was passed. `offset` is how far the decoder had read.
  case timeout(offset: Int, reason: String)
  /// The system has no memory left.
  case noMemory
  /// No pixels can be turned into this input of the network.
  case unsuitableInput(tensor: String, reason: String)
}

extension VisionError {
  /// A short stable name for machines: the journal, JSON, a quarantined file's reason.
  public var code: String {
    switch self {
    case .empty: "empty"
    case .notJPEG: "not-a-jpeg"
    case .tooLarge: "too-large"
    case .tooManyScans: "too-many-scans"
    case .truncated: "truncated"
    case .corrupt: "corrupt"
    case .unsupported: "unsupported"
    case .timeout: "timeout"
    case .noMemory: "no-memory"
    case .unsuitableInput: "unsuitable-input"
    }
  }

  /// A sentence for people, without the name of the file.
  public var message: String {
    switch self {
    case .empty:
      "the file is empty"
    case .notJPEG(let found?):
      "this is \(found), not a JPEG file"
    case .notJPEG(nil):
      "this is not a JPEG file: it does not begin with a start-of-image marker"
    case .tooLarge(let reason), .tooManyScans(let reason), .unsupported(let reason):
      reason
    case .truncated(let offset, let reason), .corrupt(let offset, let reason),
      .timeout(let offset, let reason):
      "\(reason) (at byte \(offset))"
    case .noMemory:
      "the system has no memory left"
    case .unsuitableInput(let tensor, let reason):
      "input '\(tensor)': \(reason)"
    }
  }
}

extension VisionError: CustomStringConvertible {
  public var description: String { "\(code): \(message)" }
}
