#if canImport(Quantization)
import ArgumentParser
import Evaluation
import Foundation

/// What a person reads of a quantisation's record: after the work, and in `vedette inspect`.
///
/// Names come out as they are: who prints them escapes what could steer a terminal.
enum QuantizationText {
  static func summary(
    _ record: QuantizationRecord, path: String, byteCount: Int, source: String,
    sourceByteCount: Int
  ) -> [String] {
    let share = 100 - 100 * Double(byteCount) / Double(max(1, sourceByteCount))
    let change = share < 0 ? "\(fixed(-share, 1)) % larger" : "\(fixed(share, 1)) % smaller"
    var lines = [
      "\(path): \(fileSize(byteCount)), \(change) than the \(fileSize(sourceByteCount)) of "
        + record.sourceName,
      "weights: " + weights(record),
    ]
    if let packed = PackedSize.bytes(record, fileBytes: byteCount) {
      lines.append(
        "6-bit weights are stored as bytes: packed they would bring the file to "
          + fileSize(packed))
    }
    guard !record.accuracy.isEmpty else {
      return lines + [
        "nothing was measured without frames: measure with `vedette evaluate \(path) DIR --against "
          + "\(source)`"
      ]
    }
    return lines + accuracy(record)
      + [
        "these frames are few: measure on others with `vedette evaluate \(path) DIR --against "
          + "\(source)`"
      ]
  }

  /// "54 layers at 8 bits, 10 at 4; 60 of 64 fitted to the frames, 4 fell back to nearest rounding".
  static func weights(_ record: QuantizationRecord) -> String {
    let counts = bitCounts(record)
    guard let first = counts.first else { return "none" }
    var text = "\(plural(first.count, "layer")) at \(first.bits) bits"
    for next in counts.dropFirst() { text += ", \(next.count) at \(next.bits)" }
    let given = givenCount(record)
    text += given > 0 ? "; \(given) with the source's own integers" : ""
    text += "; \(fittedCount(record)) of \(counts.reduce(0) { $0 + $1.count }) fitted to the frames"
    let fellBack = fellBackCount(record)
    return fellBack > 0 ? text + ", \(fellBack) fell back to nearest rounding" : text
  }

  /// A table with a row for each input size.
  static func accuracy(_ record: QuantizationRecord) -> [String] {
    guard let first = record.accuracy.first else { return [] }
    let calibrated = plural(record.calibrationCount, "calibration frame")
    var lines = [
      first.frameCount < record.calibrationCount
        ? "against the float network, on \(first.frameCount) of \(calibrated), held out from the fit:"
        : "against the float network, on the \(calibrated):"
    ]
    let hasLabels = record.accuracy.contains { $0.top1 != nil }
    lines.append(
      "  size  same answer  KL nats  SQNR dB" + (hasLabels ? "    top-1  of float" : ""))
    for entry in record.accuracy {
      var line =
        "  " + right("\(entry.size)", 4) + right(percent(entry.agreement), 13)
        + right(fixed(entry.meanKL, 5), 9) + right(fixed(entry.logitSQNR, 1), 9)
      if hasLabels {
        line += right(entry.top1.map(percent) ?? "-", 9)
        line += right(entry.floatTop1.map(percent) ?? "-", 10)
      }
      lines.append(line)
    }
    return lines
  }

  /// How many layers have weights of how many bits, most bits first.
  static func bitCounts(_ record: QuantizationRecord) -> [(bits: Int, count: Int)] {
    Dictionary(grouping: record.layers.compactMap(\.bits), by: { $0 })
      .map { (bits: $0.key, count: $0.value.count) }.sorted { $0.bits > $1.bits }
  }

  static func fittedCount(_ record: QuantizationRecord) -> Int {
    record.layers.count { $0.bits != nil && $0.rounding == "gram" }
  }

  static func givenCount(_ record: QuantizationRecord) -> Int {
    record.layers.count { $0.bits != nil && $0.rounding == "given" }
  }

  static func fellBackCount(_ record: QuantizationRecord) -> Int {
    record.layers.count { $0.bits != nil && $0.fellBack == true }
  }

  static func plural(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
  }

  /// Decimal units, as file sizes are told.
  private static func fileSize(_ count: Int) -> String {
    count < 1_000_000
      ? "\(fixed(Double(count) / 1e3, 1)) kB" : "\(fixed(Double(count) / 1e6, 2)) MB"
  }

  private static func percent(_ share: Double) -> String { fixed(100 * share, 1) + " %" }

  private static func fixed(_ value: Double, _ places: Int) -> String {
    String(format: "%.\(places)f", value)
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}

/// What 6-bit weights would come to if they were stored as such.
enum PackedSize {
  /// Nil without such weights.
  static func bytes(_ record: QuantizationRecord, fileBytes: Int) -> Int? {
    let saved = record.layers.filter { $0.bits == 6 }
      .reduce(0) { $0 + ($1.weightBytes ?? 0) / 4 }
    return saved > 0 ? fileBytes - saved : nil
  }
}

/// "3.2MB", "900kB", "4194304": decimal units, as file sizes are told.
enum ByteCountText {
  static func bytes(_ text: String, option: String) throws -> Int {
    let units: [(String, Double)] = [
      ("KiB", 1024), ("MiB", 1_048_576), ("kB", 1e3), ("KB", 1e3), ("MB", 1e6), ("B", 1), ("", 1),
    ]
    for (unit, factor) in units where text.hasSuffix(unit) {
      let number = text.dropLast(unit.count).trimmingCharacters(in: .whitespaces)
      guard let value = Double(number), value > 0, value * factor < 1e12 else { break }
      return Int(value * factor)
    }
    throw ValidationError("\(option) takes a size such as 3.2MB or 900kB, not '\(text)'")
  }
}

/// "1pt", "0.5": points of a percentage.
enum PointsText {
  /// As a share of 0...1.
  static func share(_ text: String, option: String) throws -> Double {
    let number =
      text.hasSuffix("pt")
      ? text.dropLast(2)
      : text.hasSuffix("%")
        ? text.dropLast(1)
        : text[...]
    guard let value = Double(number.trimmingCharacters(in: .whitespaces)), (0...100).contains(value)
    else { throw ValidationError("\(option) takes points such as 1pt or 0.5, not '\(text)'") }
    return value / 100
  }
}
#endif
