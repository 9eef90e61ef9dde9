import FloatGraph

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
  /// No frame to calibrate with.
  case noFrames(folder: String, reason: String)
  /// Something has to be learnt from frames, and none were given.
  case needsFrames(reason: String)
  /// The network's input is no picture that the device can fill.
  case unsuitableInput(reason: String)
  /// The float network gives infinities or not-a-number on a frame.
  case notFinite(name: String)
  /// No choice of bits keeps to the budget.
  case outOfBudget(reason: String)
  /// The device's own reader refuses what was written: a defect of this program.
  case unusableFile(reason: String)
  /// The person stopped it.
  case cancelled
  /// The file would have more than 1 GiB, or memory ran out.
  case tooLarge
}

extension QuantizationError {
  init(_ error: FloatGraphError) {
    self =
      switch error {
      case .invalidNode(let name, let reason):
        .unsupportedNode(name: name, operation: "invalid", reason: reason)
      case .unsuitableSize(let height, let width, let node, let reason):
        .unsuitableSize(height: height, width: width, node: node, reason: reason)
      case .invalidGraph(let reason): .invalidGraph(reason: reason)
      }
  }
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
    case .noFrames(let folder, let reason): "no frame to calibrate with in '\(folder)': \(reason)"
    case .needsFrames(let reason): "it cannot be quantised without calibration frames: \(reason)"
    case .unsuitableInput(let reason): "the network's input cannot be filled: \(reason)"
    case .notFinite(let name):
      "the float network computes infinities or not-a-number at '\(name)'; check its weights and "
        + "the normalisation of its input"
    case .outOfBudget(let reason): reason
    case .unusableFile(let reason):
      "the device's reader refuses the quantised network, which is a defect of vedette: \(reason)"
    case .cancelled: "stopped"
    case .tooLarge: "the model file would be larger than 1 GiB, or memory ran out"
    }
  }
}
