/// The rows of a record's table as its file has them: a list for each column.
///
/// Written row by row, the names of the columns would be most of the record, and a record stands in
/// every file of a model. A column that no row has is left out.
protocol RecordColumns: Codable, Sendable, Hashable {
  associatedtype Row
  init(_ rows: [Row])
  /// Cells that the file lacks are nil; rows end with the shortest column that every row has.
  var rows: [Row] { get }
}

/// The columns of ``QuantizationRecord/layers``.
struct LayerColumns: RecordColumns {
  var name: [String]
  var kind: [String]
  var shape: [[Int]]
  /// The smallest and the largest real number, one after the other.
  var range: [Float]
  var bits: [Int?]?
  var bytes: [Int?]?
  var rounding: [String?]?
  /// The places of the layers that fell back.
  var fellBack: [Int]?
  var alone: [Double?]?
  var accumulated: [Double?]?
  var clipped: [Double?]?
  var histogram: [String?]?
  var histogramMinimum: [Float?]?
  var histogramMaximum: [Float?]?

  init(_ rows: [QuantizationRecord.Layer]) {
    name = rows.map(\.name)
    kind = rows.map(\.kind)
    shape = rows.map(\.weightShape)
    range = rows.flatMap { [$0.rangeMinimum, $0.rangeMaximum] }
    bits = column(rows, \.bits)
    bytes = column(rows, \.weightBytes)
    rounding = column(rows, \.rounding)
    let places = rows.indices.filter { rows[$0].fellBack == true }
    fellBack = places.isEmpty ? nil : places
    alone = column(rows, \.aloneSQNR)
    accumulated = column(rows, \.accumulatedSQNR)
    clipped = column(rows, \.clippedShare)
    histogram = column(rows, \.histogram)
    histogramMinimum = column(rows, \.histogramMinimum)
    histogramMaximum = column(rows, \.histogramMaximum)
  }

  var rows: [QuantizationRecord.Layer] {
    let places = Set(fellBack ?? [])
    return (0..<min(name.count, kind.count, shape.count, range.count / 2)).map { index in
      var row = QuantizationRecord.Layer(
        name: name[index], kind: kind[index], rangeMinimum: range[2 * index],
        rangeMaximum: range[2 * index + 1])
      row.weightShape = shape[index]
      row.bits = cell(bits, index)
      row.weightBytes = cell(bytes, index)
      row.rounding = cell(rounding, index)
      row.fellBack = places.contains(index) ? true : nil
      row.aloneSQNR = cell(alone, index)
      row.accumulatedSQNR = cell(accumulated, index)
      row.clippedShare = cell(clipped, index)
      row.histogram = cell(histogram, index)
      row.histogramMinimum = cell(histogramMinimum, index)
      row.histogramMaximum = cell(histogramMaximum, index)
      return row
    }
  }
}

/// The columns of ``QuantizationRecord/classes``.
struct ClassColumns: RecordColumns {
  var index: [Int]
  var frames: [Int]
  var floatCorrect: [Int]
  var correct: [Int]
  var change: [Double]

  init(_ rows: [QuantizationRecord.ClassAccuracy]) {
    index = rows.map(\.classIndex)
    frames = rows.map(\.frameCount)
    floatCorrect = rows.map(\.floatCorrect)
    correct = rows.map(\.correct)
    change = rows.map(\.logProbabilityChange)
  }

  var rows: [QuantizationRecord.ClassAccuracy] {
    let count = min(index.count, frames.count, floatCorrect.count, correct.count, change.count)
    return (0..<count).map {
      .init(
        classIndex: index[$0], frameCount: frames[$0], floatCorrect: floatCorrect[$0],
        correct: correct[$0], logProbabilityChange: change[$0])
    }
  }
}

private func column<Row, Cell>(_ rows: [Row], _ path: KeyPath<Row, Cell?>) -> [Cell?]? {
  let cells = rows.map { $0[keyPath: path] }
  return cells.contains { $0 != nil } ? cells : nil
}

private func cell<Cell>(_ column: [Cell?]?, _ index: Int) -> Cell? {
  guard let column, index < column.count else { return nil }
  return column[index]
}
