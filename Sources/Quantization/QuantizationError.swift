/// Why a network cannot be quantised.
public enum QuantizationError: Error, Sendable, Hashable {
  /// A node that the int8 operators of TensorFlow Lite cannot express: its name, its operation, and
  /// what about it.
  case unsupportedNode(name: String, operation: String, reason: String)
  /// The graph as a whole, or a value of it.
  case invalidGraph(reason: String)
  /// What the plan says, or leaves out, of a value or a node.
  case invalidPlan(name: String, reason: String)
  /// The graph cannot take an image of this size.
  case unsuitableSize(height: Int, width: Int, node: String, reason: String)
  /// What the file should say of itself beside the graph.
  case invalidMetadata(entry: String, reason: String)
  /// The file would have more than 1 GiB, or memory ran out.
  case tooLarge
}

extension QuantizationError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unsupportedNode(let name, let operation, let reason):
      "node '\(name)' (\(operation)) has no int8 form: \(reason)"
    case .invalidGraph(let reason): "the graph cannot be quantised: \(reason)"
    case .invalidPlan(let name, let reason): "the plan does not fit '\(name)': \(reason)"
    case .unsuitableSize(let height, let width, let node, let reason):
      "an input of \(width)x\(height) does not fit: node '\(node)': \(reason)"
    case .invalidMetadata(let entry, let reason): "metadata '\(entry)': \(reason)"
    case .tooLarge: "the model file would be larger than 1 GiB, or memory ran out"
    }
  }
}
