/// Why a model file cannot be used: which file, where in it, and what is wrong.
///
/// `description` is one line for the person who chose the file. Names that come from the file are
/// shortened and freed of control characters before they enter a message.
public enum ModelError: Error, Sendable, Hashable {
  /// The system refused: `call` is the name of the system call, `code` its errno.
  case unreadable(path: String, call: String, code: Int32)
  /// A folder, a device, a pipe: models are read from regular files only.
  case notARegularFile(path: String)
  /// Larger than ``ModelFile/maximumFileSize``, checked before anything is read.
  case tooLarge(path: String, bytes: Int)
  /// Not a well-formed TensorFlow Lite file.
  case malformed(path: String, why: String)
  /// Well-formed, but not a graph: edges, order, counts.
  case invalidGraph(path: String, why: String)
  /// A tensor that is wrong in itself.
  case invalidTensor(path: String, index: Int, name: String, why: String)
  /// An operator, named as TensorFlow Lite does, whose operands or options do not fit it.
  case invalidOperator(path: String, index: Int, name: String, why: String)
  /// An operator, or a variant of one, that we do not have.
  case unsupportedOperator(path: String, index: Int, name: String, why: String)
  /// The labels, from wherever `source` says.
  case invalidLabels(path: String, source: String, why: String)
  /// An operator that cannot be planned for an input of another height and width.
  case unsuitableSize(path: String, height: Int, width: Int, index: Int, name: String, why: String)
  /// A metadata entry that does not say what it should.
  case invalidMetadata(path: String, entry: String, why: String)

  /// The model file.
  public var path: String {
    switch self {
    case .unreadable(let path, _, _), .notARegularFile(let path), .tooLarge(let path, _),
      .malformed(let path, _), .invalidGraph(let path, _), .invalidTensor(let path, _, _, _),
      .invalidOperator(let path, _, _, _), .unsupportedOperator(let path, _, _, _),
      .unsuitableSize(let path, _, _, _, _, _), .invalidLabels(let path, _, _),
      .invalidMetadata(let path, _, _):
      path
    }
  }
}

extension ModelError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unreadable(let path, let call, let code):
      "\(path): \(call): \(errorText(code))"
    case .notARegularFile(let path):
      "\(path): not a regular file"
    case .tooLarge(let path, let bytes):
      "\(path): \(bytes) bytes are more than a model may have (\(ModelFile.maximumFileSize))"
    case .malformed(let path, let why):
      "\(path): not a TensorFlow Lite model: \(why)"
    case .invalidGraph(let path, let why):
      "\(path): \(why)"
    case .invalidTensor(let path, let index, let name, let why):
      "\(path): tensor \(index) \"\(name)\": \(why)"
    case .invalidOperator(let path, let index, let name, let why):
      "\(path): operator \(index) \(name): \(why)"
    case .unsupportedOperator(let path, let index, let name, let why):
      "\(path): operator \(index) \(name) is not supported: \(why)"
    case .invalidLabels(let path, let source, let why):
      "\(path): labels from \(source): \(why)"
    case .unsuitableSize(let path, let height, let width, let index, let name, let why):
      "\(path): an input of \(width)x\(height) does not fit: operator \(index) \(name): \(why)"
    case .invalidMetadata(let path, let entry, let why):
      "\(path): metadata entry \"\(entry)\": \(why)"
    }
  }
}

/// `text` as it may stand in a message: one line, at most `limit` characters, from the end (names
/// made by converters are paths; the end tells most).
func printable(_ text: String, limit: Int = 60) -> String {
  let clean = text.unicodeScalars.map { scalar -> Character in
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse: "?"
    default: Character(scalar)
    }
  }
  return clean.count <= limit ? String(clean) : "…" + String(clean.suffix(limit - 1))
}
