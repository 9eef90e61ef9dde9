/// Something about a folder of frames that a person should know and that stops nothing.
public enum DatasetWarning: Sendable, Hashable {
  /// Files that are no JPEGs by name or by their first bytes.
  case notJPEG(count: Int, example: String)
  /// Symbolic links to folders or out of the folder, and files that are no regular ones.
  case notFollowed(count: Int, example: String)
  /// Names that are not UTF-8.
  case unprintableNames(count: Int)
  /// Folders whose names say no class, or more than one.
  case unmatchedFolders(names: [String], frameCount: Int)
  /// Rows of the table of labels whose file is not there.
  case missingFiles(table: String, count: Int, example: String)
  /// Frames that the table of labels does not name.
  case unlisted(table: String, count: Int, example: String)
}

extension DatasetWarning: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notJPEG(let count, let example):
      return "\(files(count)) not JPEG (\(example)), ignoring"
    case .notFollowed(let count, let example):
      return "\(files(count)) no regular file, or a link out of the folder (\(example)), ignoring"
    case .unprintableNames(let count):
      return "\(files(count)) named in bytes that are not UTF-8, ignoring"
    case .unmatchedFolders(let names, let frameCount):
      let shown = names.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
      let more = names.count > 5 ? " and \(names.count - 5) more" : ""
      return counted(names.count, one: "folder name matches", many: "folder names match")
        + " no single class: \(shown)\(more); "
        + counted(frameCount, one: "frame stays", many: "frames stay") + " without a label"
    case .missingFiles(let table, let count, let example):
      return "\(table): "
        + counted(count, one: "row names a file that is", many: "rows name files that are")
        + " not there (\(example)), ignoring"
    case .unlisted(let table, let count, let example):
      return "\(table): "
        + counted(count, one: "frame is not in it and stays", many: "frames are not in it and stay")
        + " without a label (\(example))"
    }
  }

  private func counted(_ count: Int, one: String, many: String) -> String {
    count == 1 ? "1 \(one)" : "\(count) \(many)"
  }

  private func files(_ count: Int) -> String { count == 1 ? "1 file is" : "\(count) files are" }
}
