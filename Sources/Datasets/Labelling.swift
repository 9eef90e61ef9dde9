#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Finds the class and the fields of each frame of a set.
struct Labelling {
  private(set) var classes: [Int?]
  private(set) var fields: [[String]]
  private(set) var fieldNames: [String] = []
  private(set) var origin = FrameSet.LabelOrigin.none
  private(set) var warnings: [DatasetWarning] = []

  /// - Parameters:
  ///   - folder: with a slash at its end.
  ///   - names: of the frames, relative to the folder, sorted.
  init(
    _ choice: FrameSet.LabelChoice, folder: String, names: [String], classes known: ClassNames?
  ) throws(DatasetError) {
    classes = Array(repeating: nil, count: names.count)
    fields = Array(repeating: [], count: names.count)
    switch choice {
    case .none: break
    case .table(let path): try readTable(path, names, known)
    case .folderNames: try nameByFolders(names, known)
    case .automatic:
      let path = folder + FrameSet.tableName
      if access(path, F_OK) == 0 {
        try readTable(path, names, known)
      } else {
        try nameByFolders(names, known)
      }
    }
  }

  // MARK: Folders

  private mutating func nameByFolders(
    _ names: [String], _ known: ClassNames?
  ) throws(DatasetError) {
    guard let known else { return }
    var indices: [Substring: Int?] = [:]
    var unmatched: Set<String> = []
    var unmatchedCount = 0
    for (frame, name) in names.enumerated() {
      let folders = name.split(separator: "/").dropLast()
      // The innermost folder that says a class: in cat/garden/1.jpg that is the outer one.
      for folder in folders.reversed() where classes[frame] == nil {
        if indices[folder] == nil { indices[folder] = .some(known.index(of: String(folder))) }
        classes[frame] = indices[folder] ?? nil
      }
      if classes[frame] == nil, let innermost = folders.last {
        unmatched.insert(String(innermost))
        unmatchedCount += 1
      }
    }
    if classes.contains(where: { $0 != nil }) { origin = .folderNames }
    if !unmatched.isEmpty {
      warnings.append(
        .unmatchedFolders(names: unmatched.sorted(), frameCount: unmatchedCount))
    }
  }

  // MARK: A table

  /// Which columns of a table mean what.
  private struct Columns {
    let file: Int
    let index: Int?
    let label: Int?
    let others: [Int]
  }

  private mutating func readTable(
    _ path: String, _ names: [String], _ known: ClassNames?
  ) throws(DatasetError) {
    var bytes: [UInt8] = []
    try FileBytes.read(path, limit: CSVReader.maximumByteCount, into: &bytes)
    var reader = CSVReader(bytes, path: path)
    guard let header = try reader.next() else {
      throw .malformedTable(path: path, line: 1, reason: "it is empty; a first line is needed")
    }
    let columns = try Labelling.columns(header, path)
    fieldNames = columns.others.map { header.fields[$0] }
    origin = .table(path: path)
    var frames: [String: Int] = [:]
    for (index, name) in names.enumerated() { frames[name] = index }
    var isListed = [Bool](repeating: false, count: names.count)
    var missing = (count: 0, example: "")
    while let row = try reader.next() {
      let name = Labelling.relative(row.fields[columns.file])
      guard let frame = frames[name] else {
        if missing.count == 0 { missing.example = row.fields[columns.file] }
        missing.count += 1
        continue
      }
      guard !isListed[frame] else {
        throw .malformedTable(path: path, line: row.line, reason: "'\(name)' is there twice")
      }
      isListed[frame] = true
      classes[frame] = try Labelling.classIndex(row, columns, known, path)
      fields[frame] = columns.others.map { row.fields[$0] }
    }
    if missing.count > 0 {
      warnings.append(
        .missingFiles(table: path, count: missing.count, example: missing.example))
    }
    if let first = isListed.firstIndex(of: false) {
      warnings.append(
        .unlisted(table: path, count: isListed.count { !$0 }, example: names[first]))
    }
  }

  private static func columns(
    _ header: CSVReader.Row, _ path: String
  ) throws(DatasetError) -> Columns {
    func wrong(_ reason: String) -> DatasetError {
      .malformedTable(path: path, line: header.line, reason: reason)
    }
    guard Set(header.fields).count == header.fields.count else {
      throw wrong("two columns have one name")
    }
    guard let file = header.fields.firstIndex(of: "file") else {
      throw wrong(
        "no column 'file' among \(header.fields.map { "'\($0)'" }.joined(separator: ", ")); the "
          + "first line names the columns: file,label_index,label and any others to group by")
    }
    let index = header.fields.firstIndex(of: "label_index")
    // The number is a number for what the label says: grouping by it would say nothing new.
    let others = header.fields.indices.filter { $0 != file && $0 != index }
    return Columns(
      file: file, index: index, label: header.fields.firstIndex(of: "label"), others: others)
  }

  private static func relative(_ name: String) -> String {
    name.hasPrefix("./") ? String(name.dropFirst(2)) : name
  }

  private static func classIndex(
    _ row: CSVReader.Row, _ columns: Columns, _ known: ClassNames?, _ path: String
  ) throws(DatasetError) -> Int? {
    if let column = columns.index, !row.fields[column].isEmpty {
      let text = row.fields[column]
      guard let index = Int(text), index >= 0 else {
        throw .malformedTable(
          path: path, line: row.line, reason: "label_index '\(text)' is no number from 0 on")
      }
      guard index < known?.count ?? .max else {
        throw .unknownLabel(
          path: path, line: row.line, label: text, classCount: known?.count ?? 0)
      }
      return index
    }
    guard let column = columns.label, let known, !row.fields[column].isEmpty else { return nil }
    guard let index = known.index(of: row.fields[column]) else {
      throw .unknownLabel(
        path: path, line: row.line, label: row.fields[column], classCount: known.count)
    }
    return index
  }
}
