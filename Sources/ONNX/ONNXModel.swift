public import FloatGraph
import SwiftProtobuf
import Tensors

/// An ONNX file, decoded; ``graph(options:)`` makes the float graph of it.
///
/// The file is untrusted: every index, shape and size in it is checked before it is used. Weights
/// stay as they are in the file until a graph is made.
public struct ONNXModel: Sendable {
  /// The largest file that is read: 2 GiB less 1 byte, what protobuf allows.
  public static let maximumFileSize = Int(Int32.max)

  /// Operators, by name (with the domain in front if it is not ONNX's own) and how many there are.
  public struct OperatorCount: Sendable, Hashable {
    public var type: String
    public var count: Int
  }

  /// A set of operators that the file uses, and its version.
  public struct OperatorSet: Sendable, Hashable {
    /// Empty for ONNX's own.
    public var domain: String
    public var version: Int
  }

  public let path: String
  public let byteCount: Int
  /// SHA-256 of the file, 32 bytes.
  public let sha256: [UInt8]
  public let irVersion: Int
  /// The version of ONNX's own operator set.
  public let opset: Int
  public let operatorSets: [OperatorSet]
  /// The exporter's name and version, as far as the file tells.
  public let producer: String
  /// `metadata_props`, in the file's order.
  public let metadata: [(key: String, value: String)]
  /// The most frequent first; those as frequent by name.
  public let operatorCounts: [OperatorCount]

  let proto: ProtoModel

  /// Reads a regular file of at most ``maximumFileSize`` bytes.
  ///
  /// Takes about twice the file's size in memory, half of it until the end of the call.
  public init(path: String) throws(ONNXError) {
    try self.init(bytes: readFile(path), path: path)
  }

  /// The same from memory; `path` is for messages.
  public init(bytes: [UInt8], path: String) throws(ONNXError) {
    guard bytes.count <= Self.maximumFileSize else {
      throw .tooLarge(path: path, bytes: bytes.count)
    }
    if let why = WireCheck.refusal(of: bytes) { throw .malformed(path: path, why: why) }
    var options = BinaryDecodingOptions()
    // Model, graph, node, attribute, tensor, entry; and types, which are no deeper.
    options.messageDepthLimit = 8
    options.discardUnknownFields = true
    let model: ProtoModel
    do {
      model = try ProtoModel(serializedBytes: bytes, options: options)
    } catch BinaryDecodingError.truncated {
      throw .malformed(path: path, why: "it ends in the middle of a field; is it cut short?")
    } catch {
      throw .malformed(path: path, why: "a field cannot be decoded; is it damaged?")
    }
    guard model.hasGraph, !model.graph.node.isEmpty else {
      throw .malformed(path: path, why: "it holds no graph")
    }
    guard let own = model.opsetImport.first(where: { ["", "ai.onnx"].contains($0.domain) }) else {
      throw .malformed(path: path, why: "it does not say which operator set it uses")
    }
    guard (9...28).contains(own.version) else {
      throw .invalidGraph(
        path: path,
        why: "it uses operator set \(own.version); 9 to 28 can be imported: convert it with "
          + "onnx.version_converter, or export it again")
    }
    self.path = path
    byteCount = bytes.count
    sha256 = SHA256.hash(bytes)
    irVersion = Int(model.irVersion)
    opset = Int(own.version)
    operatorSets = model.opsetImport.map {
      OperatorSet(domain: $0.domain, version: Int($0.version))
    }
    producer = [model.producerName, model.producerVersion].filter { !$0.isEmpty }
      .joined(separator: " ")
    metadata = model.metadataProps.map { ($0.key, $0.value) }
    var counts: [String: Int] = [:]
    for (index, node) in model.graph.node.enumerated() {
      counts[ONNXNode(node, index: index).fullType, default: 0] += 1
    }
    operatorCounts = counts.map { OperatorCount(type: $0.key, count: $0.value) }.sorted {
      ($1.count, $0.type) < ($0.count, $1.type)
    }
    proto = model
  }

  /// The network as a float graph in NHWC.
  ///
  /// Quantised models (QDQ or QLinear) become the float network with dequantised weights; what they
  /// say of activations stands in ``FloatGraph/givenRanges``. BatchNormalization and arithmetic
  /// with constants become `.affine`, clips nodes of their own; nothing is fused.
  public func graph(options: ImportOptions = ImportOptions()) throws(ONNXError) -> FloatGraph {
    try GraphImport(self, options).run()
  }
}

/// What the file leaves open.
public struct ImportOptions: Sendable, Hashable {
  /// Rows of the image where the file has no number.
  public var height: Int
  /// Columns of the image where the file has no number.
  public var width: Int
  /// The output wanted, or any value within the graph; nil: the only one.
  public var output: String?

  public init(height: Int = 224, width: Int = 224, output: String? = nil) {
    self.height = height
    self.width = width
    self.output = output
  }
}
