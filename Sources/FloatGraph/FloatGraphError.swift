/// Why a float graph cannot be run or planned.
public enum FloatGraphError: Error, Sendable, Hashable {
  /// A node whose operands do not fit it: its name, and what is wrong.
  case invalidNode(name: String, reason: String)
  /// The graph cannot take an image of this size.
  case unsuitableSize(height: Int, width: Int, node: String, reason: String)
  /// The graph as a whole: no path to the output, a value that nobody computes.
  case invalidGraph(reason: String)
}

extension FloatGraphError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .invalidNode(let name, let reason): "node '\(name)': \(reason)"
    case .unsuitableSize(let height, let width, let node, let reason):
      "an input of \(width)x\(height) does not fit: node '\(node)': \(reason)"
    case .invalidGraph(let reason): "the graph cannot be run: \(reason)"
    }
  }
}
