/// A float network as a list of operations in execution order, activations in NHWC.
///
/// The host's view of a model before it is quantised: what the ONNX reader makes, what the float
/// executor runs, what the quantiser lowers. It has one input, an image `[1, H, W, C]`, and one
/// output. No extent of an image stands in it, so that one graph serves several input sizes.
public struct FloatGraph: Sendable {
  public var name: String
  /// All values: the input, the constants and what nodes compute. A value is known by its index.
  public var values: [FloatValue]
  /// In execution order: each one reads the input, constants and outputs of nodes before it.
  public var nodes: [FloatNode]
  /// The value that holds the image.
  public var input: Int
  /// The value that holds the answer, `[1, classes]` for a classifier.
  public var output: Int
  /// The input's height, width and channels as the source states them; where it leaves the height
  /// and the width open, what the reader was told to take.
  public var inputExtents: ImageExtents
  /// What a source that was quantised before says of its tensors, by value; empty for a float one.
  public var givenRanges: [Int: GivenQuantization]

  public init(
    name: String, values: [FloatValue], nodes: [FloatNode], input: Int, output: Int,
    inputExtents: ImageExtents, givenRanges: [Int: GivenQuantization] = [:]
  ) {
    self.name = name
    self.values = values
    self.nodes = nodes
    self.input = input
    self.output = output
    self.inputExtents = inputExtents
    self.givenRanges = givenRanges
  }
}

/// The extents of an image.
public struct ImageExtents: Sendable, Hashable {
  public var height: Int
  public var width: Int
  public var channels: Int

  public init(height: Int, width: Int, channels: Int) {
    self.height = height
    self.width = width
    self.channels = channels
  }
}

/// A value of a graph: a name for messages, and its elements where it is a constant.
public struct FloatValue: Sendable {
  public var name: String
  /// Nil for what is computed.
  public var constant: FloatArray?

  public init(name: String, constant: FloatArray? = nil) {
    self.name = name
    self.constant = constant
  }
}

/// Float elements in row-major order with their shape (empty for a scalar).
public struct FloatArray: Sendable, Hashable {
  public var shape: [Int]
  public var elements: [Float]

  public init(shape: [Int], elements: [Float]) {
    precondition(shape.reduce(1, *) == elements.count, "the elements do not fill the shape")
    self.shape = shape
    self.elements = elements
  }
}

/// The affine map of 8 bits that a QDQ or QLinear source gives for an activation:
/// `real = scale * (stored - zeroPoint)`.
public struct GivenQuantization: Sendable, Hashable {
  public var scale: Float
  public var zeroPoint: Int
  /// Whether what is stored is uint8 (0...255) rather than int8 (-128...127).
  public var isUnsigned: Bool

  public init(scale: Float, zeroPoint: Int, isUnsigned: Bool) {
    self.scale = scale
    self.zeroPoint = zeroPoint
    self.isUnsigned = isUnsigned
  }
}

/// One step of a graph: `output = clip(operation(inputs))`.
public struct FloatNode: Sendable {
  /// The source's name of it, for messages and reports.
  public var name: String
  public var operation: FloatOperation
  /// Indices into ``FloatGraph/values``.
  public var inputs: [Int]
  public var output: Int
  /// The clamp that is fused into it; nil for none.
  public var clip: ClipRange?
  /// Where a source that was quantised before stored the weights as integers: `weight = scale *
  /// integer`, one scale for all or one for each output. What changes weights makes it nil.
  public var givenWeightScales: [Float]?

  public init(
    name: String, operation: FloatOperation, inputs: [Int], output: Int, clip: ClipRange? = nil
  ) {
    self.name = name
    self.operation = operation
    self.inputs = inputs
    self.output = output
    self.clip = clip
  }
}

/// A clamp to `minimum...maximum`; ReLU is 0 to infinity.
public struct ClipRange: Sendable, Hashable {
  public var minimum: Float
  public var maximum: Float

  public init(minimum: Float, maximum: Float) {
    self.minimum = minimum
    self.maximum = maximum
  }

  public static let relu = ClipRange(minimum: 0, maximum: .infinity)
  public static let relu6 = ClipRange(minimum: 0, maximum: 6)
}
