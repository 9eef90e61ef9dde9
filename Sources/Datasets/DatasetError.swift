/// Why a folder of frames, its labels or one of its frames cannot be used.
public enum DatasetError: Error, Sendable, Hashable {
  /// A folder or file that the system does not let us read.
  case unreadable(path: String, reason: String)
  case notAFolder(path: String)
  /// There is nothing to work on; `reason` says what there was instead.
  case noFrames(folder: String, reason: String)
  /// A limit that keeps memory bounded was passed.
  case tooLarge(path: String, reason: String)
  /// A table of labels that breaks its format. `line` counts from 1.
  case malformedTable(path: String, line: Int, reason: String)
  /// A label that is none of the model's classes.
  case unknownLabel(path: String, line: Int, label: String, classCount: Int)
  /// No column of the table of labels has this name.
  case unknownField(name: String, known: [String])
  /// One frame that is no whole JPEG; it concerns that frame alone. `code` is a short stable name.
  case undecodable(path: String, code: String, reason: String)
  /// No frame can be turned into this input of a network.
  case unsuitableInput(reason: String)
}

extension DatasetError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unreadable(let path, let reason): return "\(path): \(reason)"
    case .notAFolder(let path):
      return "\(path): not a folder; name a folder with JPEG files in it"
    case .noFrames(let folder, let reason): return "\(folder): no frames: \(reason)"
    case .tooLarge(let path, let reason): return "\(path): \(reason)"
    case .malformedTable(let path, let line, let reason): return "\(path):\(line): \(reason)"
    case .unknownLabel(let path, let line, let label, let classCount):
      return "\(path):\(line): label '\(label)' is none of the model's \(classCount) classes"
    case .unknownField(let name, let known):
      guard !known.isEmpty else {
        return "no field '\(name)': the frames have no fields, which come from the columns of "
          + "labels.csv"
      }
      return "no field '\(name)'; there are " + known.joined(separator: ", ")
    case .undecodable(let path, _, let reason): return "\(path): \(reason)"
    case .unsuitableInput(let reason): return reason
    }
  }
}
