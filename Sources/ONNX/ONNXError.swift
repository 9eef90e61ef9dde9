import Tensors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Why an ONNX file cannot be used: which file, where in it, what is wrong and what to do.
///
/// `description` is for the person who chose the file. Names that come from the file are shortened
/// and freed of control characters before they enter a message.
public enum ONNXError: Error, Sendable, Hashable {
  /// The system refused: `call` is the name of the system call, `code` its errno.
  case unreadable(path: String, call: String, code: Int32)
  /// A folder, a device, a pipe: models are read from regular files only.
  case notARegularFile(path: String)
  /// Larger than ``ONNXModel/maximumFileSize``, checked before anything is read.
  case tooLarge(path: String, bytes: Int)
  /// Not an ONNX file, or one that was cut short.
  case malformed(path: String, why: String)
  /// Inputs, outputs, versions, the order of nodes.
  case invalidGraph(path: String, why: String)
  /// A stored tensor that is wrong in itself.
  case invalidTensor(path: String, name: String, why: String)
  /// A node whose operands or attributes do not fit it.
  case invalidNode(path: String, node: ONNXNodePlace, why: String)
  /// A node, or a variant of one, that cannot be imported.
  case unsupportedNode(path: String, node: ONNXNodePlace, why: String)
}

/// A node of a file, and the nodes around it.
public struct ONNXNodePlace: Sendable, Hashable {
  /// Its place in the file's list, from 0.
  public var index: Int
  /// Often empty.
  public var name: String
  /// The operator, with its domain in front if that is not ONNX's own: `com.microsoft:QGemm`.
  public var type: String
  /// What makes its inputs, as `type 'name'`; four at most.
  public var producers: [String]
  /// What reads its outputs, as `type 'name'`; four at most.
  public var consumers: [String]
}

extension ONNXError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unreadable(let path, let call, let code):
      "\(path): \(call): \(String(cString: strerror(code)))"
    case .notARegularFile(let path):
      "\(path): not a regular file"
    case .tooLarge(let path, let bytes):
      "\(path): \(bytes) bytes are more than an ONNX file may have (\(ONNXModel.maximumFileSize))"
    case .malformed(let path, let why):
      "\(path): not an ONNX model: \(why)"
    case .invalidGraph(let path, let why):
      "\(path): \(why)"
    case .invalidTensor(let path, let name, let why):
      "\(path): tensor '\(printable(name))': \(why)"
    case .invalidNode(let path, let node, let why):
      "\(path): \(node): \(why)"
    case .unsupportedNode(let path, let node, let why):
      "\(path): \(node) is not supported: \(why)"
    }
  }
}

extension ONNXNodePlace: CustomStringConvertible {
  public var description: String {
    var around: [String] = []
    if !producers.isEmpty { around.append("after " + producers.joined(separator: ", ")) }
    if !consumers.isEmpty { around.append("before " + consumers.joined(separator: ", ")) }
    let place = around.isEmpty ? "" : " (" + around.joined(separator: "; ") + ")"
    return "node \(index) '\(printable(name))' of type \(printable(type))\(place)"
  }
}

/// What the functions of the import throw; the loop over the nodes adds the file and the node.
enum ImportFailure: Error {
  case invalid(String)
  case unsupported(String)
  case tensor(name: String, why: String)
}

/// `text` as it may stand in a message: one line, at most `limit` characters, from the end (names
/// made by exporters are paths; the end tells most).
func printable(_ text: String, limit: Int = 60) -> String {
  let clean = text.unicodeScalars.map { scalar -> Character in
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse: "?"
    default: Character(scalar)
    }
  }
  return clean.count <= limit ? String(clean) : "…" + String(clean.suffix(limit - 1))
}

/// The product of extents; nil where an extent is negative, or where the product of those that are
/// not 0 leaves `Int` (so that no partial product can trap either).
func elementCount(_ shape: [Int]) -> Int? {
  var count = 1
  for extent in shape where extent != 0 {
    guard extent > 0 else { return nil }
    let (product, overflow) = count.multipliedReportingOverflow(by: extent)
    guard !overflow else { return nil }
    count = product
  }
  return shape.contains(0) ? 0 : count
}

/// A shape for a message: `1x3x224x224`.
func text(_ shape: [Int]) -> String {
  shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: "x")
}
