extension MessageID {
  /// The fields that every entry of this kind has, beside `MESSAGE`, `PRIORITY`, `MESSAGE_ID`.
  ///
  /// The catalogue fills in these and no others: `journalctl -x` would print the bare name of a
  /// field that an entry lacks. An entry may have more; `FieldName.known` has them all.
  public var guaranteedFields: Set<FieldName> {
    switch self {
    case .detection:
      [
        .frameID, .source, .label, .labelIndex, .confidence, .top5, .modelID,
        .decodeMicroseconds, .inferMicroseconds, .latencyMicroseconds,
      ]
    case .frameRefused: [.frameID, .source, .reason, .detail]
    case .frameDropped: [.source, .count, .reason, .detail]
    case .frameRecovered: [.frameID, .source]
    case .sourceOverflow: [.source]
    case .sourcePolling: [.source, .intervalSeconds, .detail]
    case .sourceLost: [.source, .detail]
    case .sourceRecovered: [.source]
    case .spoolTrouble: [.source, .detail]
    case .modelLoaded: [.modelPath, .modelID]
    case .modelRefused: [.modelPath, .detail]
    case .configurationReloaded: [.configurationFile]
    case .configurationRefused: [.configurationFile, .detail]
    case .serviceReady: [.modelID]
    case .serviceStopped: [.framesDecided, .framesRefused, .framesDropped]
    case .pipelineStalled: [.intervalSeconds]
    case .entriesLost: [.count]
    case .noticesSuppressed: [.count, .intervalSeconds, .suppressedMessageID]
    }
  }

  /// True if the entry is of this kind and has every field that the kind promises.
  public func isComplete(_ entry: JournalEntry) -> Bool {
    let names = Set(entry.fields.map(\.name))
    return entry.messageID == self && guaranteedFields.allSatisfy { names.contains($0.text) }
  }
}
