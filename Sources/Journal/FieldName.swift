/// The name of a journal field: A-Z, 0-9 and '_', first a letter, at most 64 characters.
///
/// The rules are journald's own (systemd.journal-fields(7)): it drops a field that breaks them
/// without a word, and names with a leading '_' are reserved for what it adds itself.
public struct FieldName: Hashable, Sendable {
  public static let maximumLength = 64

  public let text: String

  /// - Throws: `JournalError.fieldName` with the rule that the text breaks.
  public init(_ text: String) throws(JournalError) {
    if let why = Self.flaw(in: text) {
      throw .fieldName(text, why: why)
    }
    self.text = text
  }

  private static func flaw(in text: String) -> String? {
    guard let first = text.utf8.first else { return "is empty" }
    if text.utf8.count > maximumLength { return "is longer than \(maximumLength) characters" }
    if first == UInt8(ascii: "_") { return "starts with '_', which journald keeps for itself" }
    if isDigit(first) { return "starts with a digit" }
    let isValid = text.utf8.allSatisfy { byte in
      (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || isDigit(byte)
        || byte == UInt8(ascii: "_")
    }
    return isValid ? nil : "has a character other than A-Z, 0-9 and '_'"
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}

extension FieldName: ExpressibleByStringLiteral {
  /// A literal is the programmer's: a wrong one ends the program at its first use.
  public init(stringLiteral text: StaticString) {
    let text = text.description
    precondition(Self.flaw(in: text) == nil, "'\(text)' is not a journal field's name")
    self.text = text
  }
}

extension FieldName: CustomStringConvertible {
  public var description: String { text }
}

// The fields that entries of ours carry. The catalogue may name these and no others.
extension FieldName {
  /// One frame, from the claim to the journal; the same again if a crash makes us repeat it.
  public static let frameID: FieldName = "FRAME_ID"
  /// The source that the frame came from: the watch folder, the pipe.
  public static let source: FieldName = "SOURCE"
  /// The frame's file name below the source, byte for byte as the file system has it.
  public static let framePath: FieldName = "FRAME_PATH"
  public static let label: FieldName = "LABEL"
  public static let labelIndex: FieldName = "LABEL_INDEX"
  /// The score of `LABEL`, 0 to 1.
  public static let confidence: FieldName = "CONFIDENCE"
  /// One of the five best labels with its score; repeated, best first.
  public static let top5: FieldName = "TOP5"
  /// SHA-256 of the model file, in hexadecimal.
  public static let modelID: FieldName = "MODEL_ID"
  public static let modelPath: FieldName = "MODEL_PATH"
  /// The operating point that the frame ran on.
  public static let level: FieldName = "LEVEL"
  public static let weightBits: FieldName = "WEIGHT_BITS"
  public static let decodeMicroseconds: FieldName = "DECODE_US"
  public static let inferMicroseconds: FieldName = "INFER_US"
  /// From the frame's arrival to its entry.
  public static let latencyMicroseconds: FieldName = "LATENCY_US"
  public static let energyMicrojoules: FieldName = "ENERGY_UJ"
  /// A stable word for what went wrong, for machines to match.
  public static let reason: FieldName = "REASON"
  /// The same as a sentence, for people.
  public static let detail: FieldName = "DETAIL"
  /// How many things the entry speaks for: frames dropped, bytes skipped, entries lost.
  public static let count: FieldName = "COUNT"
  /// The time that `COUNT` was counted over.
  public static let intervalSeconds: FieldName = "INTERVAL_SEC"
  /// The message ID of the notices that a summary stands for.
  public static let suppressedMessageID: FieldName = "SUPPRESSED_MESSAGE_ID"
  /// The configuration file, and the place in it that an error is about.
  public static let configurationFile: FieldName = "CONFIG_FILE"
  public static let configurationLine: FieldName = "CONFIG_LINE"
  public static let configurationColumn: FieldName = "CONFIG_COLUMN"
  /// Totals since the service started.
  public static let framesDecided: FieldName = "FRAMES_DECIDED"
  public static let framesRefused: FieldName = "FRAMES_REFUSED"
  public static let framesDropped: FieldName = "FRAMES_DROPPED"

  /// Every field above, for the tests that hold the catalogue to this list.
  public static let known: Set<FieldName> = [
    .frameID, .source, .framePath, .label, .labelIndex, .confidence, .top5, .modelID, .modelPath,
    .level, .weightBits, .decodeMicroseconds, .inferMicroseconds, .latencyMicroseconds,
    .energyMicrojoules, .reason, .detail, .count, .intervalSeconds, .suppressedMessageID,
    .configurationFile, .configurationLine, .configurationColumn, .framesDecided, .framesRefused,
    .framesDropped,
  ]
}
