#if canImport(Evaluation)
import Evaluation
import Foundation
import Journal
import Model
import Watch

/// The record that the quantiser left in a model.
///
/// - Returns: nil without one, and, after a warning, for one that this version cannot read.
func quantizationRecord(of file: borrowing ModelFile) -> QuantizationRecord? {
  guard let bytes = file.metadataBytes("vedette.quantization") else { return nil }
  func warn(_ what: String) {
    printTalk(
      escapedForTerminal(
        "vedette: warning: \(file.path): its quantisation record \(what), ignoring"))
  }
  do {
    let record = try JSONDecoder().decode(QuantizationRecord.self, from: Data(bytes))
    if record.version <= 1 { return record }
    warn("has version \(record.version)")
  } catch {
    warn("cannot be read")
  }
  return nil
}

/// What `vedette inspect` says of a record: how the file came about and what that cost.
struct InspectedRecord {
  let record: QuantizationRecord

  init?(_ file: borrowing ModelFile) {
    guard let record = quantizationRecord(of: file) else { return nil }
    self.record = record
  }

  var lines: [String] {
    let sizes = record.sizes.map { "\($0)x\($0)" }.joined(separator: ", ")
    let rows = [
      ("source", "\(record.sourceName), SHA-256 \(record.sourceHash)"),
      (
        "made",
        "by vedette \(record.toolVersion), weights \(record.weights), method \(record.method), seed "
          + "\(record.seed)"
      ),
      ("frames", "\(record.calibrationCount) to calibrate, SHA-256 \(record.calibrationHash)"),
      ("sizes", sizes), ("weights", QuantizationText.weights(record)),
    ]
    return rows.map { InspectCommand.row($0.0, $0.1) } + QuantizationText.accuracy(record)
  }

  var json: JSONText {
    .object([
      ("tool_version", .string(record.toolVersion)),
      ("source", .string(record.sourceName)), ("source_sha256", .string(record.sourceHash)),
      ("calibration_frames", .integer(record.calibrationCount)),
      ("calibration_sha256", .string(record.calibrationHash)),
      // A seed may be too large for a number that every reader of JSON takes.
      ("seed", .string("\(record.seed)")),
      ("weights", .string(record.weights)), ("method", .string(record.method)),
      ("sizes", .array(record.sizes.map { .integer($0) })),
      (
        "layers",
        .array(
          QuantizationText.bitCounts(record).map {
            .object([("bits", .integer($0.bits)), ("count", .integer($0.count))])
          })
      ),
      ("fitted", .integer(QuantizationText.fittedCount(record))),
      ("fell_back", .integer(QuantizationText.fellBackCount(record))),
      ("accuracy", .array(record.accuracy.map(jsonText))),
    ])
  }

  private func jsonText(_ entry: QuantizationRecord.SizeAccuracy) -> JSONText {
    func share(_ value: Double?) -> JSONText { value.map { .decimal($0, digits: 6) } ?? .null }
    return .object([
      ("size", .integer(entry.size)), ("frames", .integer(entry.frameCount)),
      ("float_top1", share(entry.floatTop1)), ("top1", share(entry.top1)),
      ("top5", share(entry.top5)), ("agreement", share(entry.agreement)),
      ("mean_kl", .decimal(entry.meanKL, digits: 6)),
      ("logit_sqnr", .decimal(entry.logitSQNR, digits: 4)),
    ])
  }
}
#endif
