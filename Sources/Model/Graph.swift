public import Tensors

/// A checked operator graph, as read from a model file: every index is in range, every operand is
/// there, every shape and quantization fits its operator.
public struct Graph: Sendable {
  /// All tensors, at the index that the file gives them.
  public let tensors: [TensorInfo]
  /// The operators in execution order: each one's inputs are constants, graph inputs or outputs
  /// of operators before it.
  public let operators: [Operator]
  /// Indices into `tensors`.
  public let inputs: [Int]
  /// Indices into `tensors`.
  public let outputs: [Int]

  public init(tensors: [TensorInfo], operators: [Operator], inputs: [Int], outputs: [Int]) {
    self.tensors = tensors
    self.operators = operators
    self.inputs = inputs
    self.outputs = outputs
  }
}

/// One tensor of a graph: everything but its elements.
public struct TensorInfo: Sendable {
  /// Its index in ``Graph/tensors`` and in the file.
  public let index: Int
  public let name: String
  public let shape: Shape
  public let elementType: ElementType
  /// Nil where the file gives none (float32, and integer constants such as axes).
  public let quantization: Quantization?
  /// Where its elements stand in the model file, little-endian; nil for an activation.
  public let constant: Range<Int>?

  public init(
    index: Int, name: String, shape: Shape, elementType: ElementType, quantization: Quantization?,
    constant: Range<Int>?
  ) {
    self.index = index
    self.name = name
    self.shape = shape
    self.elementType = elementType
    self.quantization = quantization
    self.constant = constant
  }

  public var isConstant: Bool { constant != nil }

  public var byteCount: Int { elementType.byteCount(elements: shape.elementCount) }
}
