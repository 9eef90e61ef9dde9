#if canImport(Quantization)
import ArgumentParser
import Evaluation
import Foundation
import Journal

/// What a person reads after a quantisation.
enum QuantizationText {
  static func summary(
    _ record: QuantizationRecord, path: String, bytes: [UInt8], sourceBytes: Int
  ) -> String {
    let count = bytes.count
    let share = 100 - 100 * Double(count) / Double(max(1, sourceBytes))
    var lines = [
      "\(escapedForTerminal(path)): \(megabytes(count)) MB, "
        + "\(fixed(share, 1)) % smaller than the \(megabytes(sourceBytes)) MB of "
        + escapedForTerminal(record.sourceName)
    ]
    let bits = Dictionary(grouping: record.layers.compactMap(\.bits), by: { $0 })
      .sorted { $0.key > $1.key }
      .map { "\($0.value.count) at \($0.key) bits" }
    let weighted = record.layers.filter { $0.bits != nil }
    let gram = weighted.count { $0.rounding == "gram" }
    let fellBack = weighted.count { $0.fellBack == true }
    lines.append(
      "layers: \(bits.joined(separator: ", ")); \(gram) of \(weighted.count) fitted to the frames"
        + (fellBack > 0 ? ", \(fellBack) fell back to nearest rounding" : ""))
    if let compressed = PackedSize.bytes(record, fileBytes: count) {
      lines.append(
        "6-bit weights are stored as bytes: packed they would bring the file to "
          + "\(megabytes(compressed)) MB")
    }
    let frames = record.accuracy.first?.frameCount ?? 0
    lines.append(
      "against the float network, on \(frames) of the \(record.calibrationCount) calibration frames:"
    )
    lines.append("  size   same answer      KL   SQNR dB    top-1   float")
    for entry in record.accuracy {
      let top1 = entry.top1.map { fixed(100 * $0, 1) + " %" } ?? "-"
      let float = entry.floatTop1.map { fixed(100 * $0, 1) + " %" } ?? "-"
      lines.append(
        "  " + left("\(entry.size)", 5) + right(fixed(100 * entry.agreement, 1) + " %", 13)
          + right(fixed(entry.meanKL, 4), 8) + right(fixed(entry.logitSQNR, 1), 10)
          + right(top1, 9) + right(float, 8))
    }
    lines.append(
      "these frames are few: measure on others with `vedette evaluate "
        + "\(escapedForTerminal(path)) DIR --against FLOAT.onnx`")
    return lines.map { $0 + "\n" }.joined()
  }

  static func json(_ record: QuantizationRecord) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(record), as: UTF8.self) + "\n"
  }

  private static func megabytes(_ count: Int) -> String { fixed(Double(count) / 1e6, 2) }

  private static func fixed(_ value: Double, _ places: Int) -> String {
    String(format: "%.\(places)f", value)
  }

  private static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
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
