public import Tensors

/// A model file that has been read, verified and checked: the graph, its constants, and what the
/// file says about the pictures that go in and the classes that come out.
///
/// It owns the file's bytes; constants are lent from there, not copied.
public struct ModelFile: ~Copyable {
  /// 512 MiB: a hundred times the models that small CPUs run.
  public static let maximumFileSize = 512 << 20

  /// As given; for messages.
  public let path: String
  /// The SHA-256 of the whole file, 64 hexadecimal digits: the same everywhere for the same file.
  public let modelID: String
  public let graph: Graph
  /// One for each class, in the order of the output's last axis; nil if nobody gives any.
  public let labels: [String]?
  /// The recipe for the graph's own input size; ``Preprocessing/forInput(height:)`` gives it for
  /// another one.
  public let preprocessing: Preprocessing
  /// The sides of the square inputs that the file says it is meant for (`vedette.sizes`), in its
  /// order; empty if it does not say. Each is one that ``graph(height:width:)`` can give.
  public let inputSizes: [Int]
  /// Where the contents of each named metadata entry stand in the file.
  public let metadata: [String: Range<Int>]
  /// What the file says of itself, often the converter's name; may be empty.
  public let modelDescription: String

  private let bytes: AlignedBytes

  /// Reads a file of at most ``maximumFileSize`` bytes and checks all of it.
  ///
  /// Labels are those of the file's own metadata, else `<name>.labels.txt` beside `<name>.tflite`,
  /// else `labels.txt` beside it.
  ///
  /// - Parameter labelsPath: a file of labels to take instead.
  public init(path: String, labelsPath: String? = nil) throws(ModelError) {
    let bytes: AlignedBytes
    do {
      bytes = try readFile(path, limit: ModelFile.maximumFileSize)
    } catch {
      switch error {
      case .system(let call, let code): throw .unreadable(path: path, call: call, code: code)
      case .notRegular: throw .notARegularFile(path: path)
      case .tooLarge(let count): throw .tooLarge(path: path, bytes: count)
      }
    }
    try self.init(bytes, path: path, labels: labelsPath.map { .file($0) } ?? .modelOrBeside)
  }

  /// Checks `bytes`. Opens no file: `path` is for messages.
  public init(bytes: consuming AlignedBytes, path: String) throws(ModelError) {
    guard bytes.count <= ModelFile.maximumFileSize else {
      throw .tooLarge(path: path, bytes: bytes.count)
    }
    try self.init(bytes, path: path, labels: .model)
  }

  private init(_ bytes: consuming AlignedBytes, path: String, labels choice: LabelSource.Choice)
    throws(ModelError)
  {
    let contents = try bytes.withUnsafeBytes { raw in
      attempt { () throws(ModelError) in
        try ModelContents(raw, path: path, labels: choice)
      }
    }.get()
    self.path = path
    modelID = contents.modelID
    graph = contents.graph
    labels = contents.labels
    preprocessing = contents.preprocessing
    inputSizes = contents.inputSizes
    metadata = contents.metadata
    modelDescription = contents.description
    self.bytes = bytes
  }

  public var fileSize: Int { bytes.count }

  /// The graph for another input size, as ``Graph/resized(height:width:path:)``.
  public borrowing func graph(height: Int, width: Int) throws(ModelError) -> Graph {
    try graph.resized(height: height, width: width, path: path)
  }

  /// Lends the elements of a constant of this file's graph, little-endian, as the file packs them:
  /// int4 two in a byte, the first in the low half.
  public borrowing func withConstant<R>(
    of tensor: TensorInfo, _ body: (UnsafeRawBufferPointer) throws -> R
  ) rethrows -> R {
    guard let range = tensor.constant else {
      preconditionFailure("tensor \(tensor.index) is an activation: it has no elements yet")
    }
    return try bytes.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
  }

  /// The contents of a named metadata entry.
  public borrowing func metadataBytes(_ name: String) -> [UInt8]? {
    guard let range = metadata[name] else { return nil }
    return bytes.withUnsafeBytes { Array($0[range]) }
  }
}

/// Everything of a model but its bytes.
private struct ModelContents {
  let graph: Graph
  let metadata: [String: Range<Int>]
  let labels: [String]?
  let preprocessing: Preprocessing
  let inputSizes: [Int]
  let modelID: String
  let description: String

  init(
    _ raw: UnsafeRawBufferPointer, path: String, labels choice: LabelSource.Choice
  ) throws(ModelError) {
    let file: ModelBytes
    do {
      file = try ModelBytes(raw)
    } catch {
      throw .malformed(path: path, why: error.why)
    }
    graph = try GraphBuilder.build(file, path: path)
    var entries: [String: Range<Int>] = [:]
    for index in 0..<Int(file.model.metadata_count) {
      guard let entry = file.metadata(index) else {
        throw .invalidMetadata(
          path: path, entry: "\(index)", why: "its buffer is not one of the file's")
      }
      guard entries.updateValue(entry.range, forKey: entry.name) == nil else {
        throw .invalidMetadata(path: path, entry: printable(entry.name), why: "it is there twice")
      }
    }
    metadata = entries
    description = file.model.description.text
    let reader = MetadataReader(path: path, raw: raw, entries: entries)
    let standard = try reader.standardMetadata()
    preprocessing = try reader.preprocessing(graph: graph, standard: standard)
    inputSizes = try reader.inputSizes(graph: graph)
    labels = try LabelSource(path: path, raw: raw, classCount: graph.classCount)
      .labels(choice, embedded: standard?.labelFile)
    modelID = hexadecimal(SHA256.hash(raw))
  }
}

extension Graph {
  /// The extent of the output's last axis; nil if there is not exactly one output.
  public var classCount: Int? {
    outputs.count == 1 ? tensors[outputs[0]].shape.extents.last ?? 1 : nil
  }
}

/// Runs `body` where only untyped errors get through, keeping the type of what it throws.
func attempt<R>(_ body: () throws(ModelError) -> R) -> Result<R, ModelError> {
  do throws(ModelError) {
    return .success(try body())
  } catch {
    return .failure(error)
  }
}
