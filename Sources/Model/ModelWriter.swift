import CTFLite
public import Tensors

/// Writes a TensorFlow Lite model file, operator by operator.
///
/// It writes what it is told; ``ModelFile`` is what checks. Paddings of a ``Window`` follow from its
/// rule, so explicit rows of padding need a `pad` before.
public struct ModelWriter: ~Copyable {
  private let writer: OpaquePointer
  private let modelDescription: String
  private var operatorCodes: [OperatorVersion] = []
  /// Type and rank of each tensor, which the operators' versions depend on.
  private var tensors: [WrittenTensor] = []
  /// Buffers by their contents: equal ones are written once.
  private var buffers: [[UInt8]: UInt32] = [:]
  /// Tensors that ``addIntegers(_:_:shape:)`` made.
  private var integers: [[Int]: Int] = [:]

  public init(description: String = "") {
    guard let writer = vd_tflite_writer_create() else {
      preconditionFailure("out of memory")
    }
    self.writer = writer
    modelDescription = description
  }

  deinit { vd_tflite_writer_destroy(writer) }

  /// Adds a tensor and returns its index. `constant` holds its elements, little-endian and packed;
  /// without it, it is an activation. `signature` has -1 for extents that are not fixed.
  @discardableResult
  public mutating func addTensor(
    _ name: String, shape: [Int], elementType: ElementType, quantization: Quantization? = nil,
    constant: [UInt8]? = nil, signature: [Int]? = nil
  ) -> Int {
    let buffer = constant.map { addBuffer($0) } ?? 0
    tensors.append(
      WrittenTensor(
        elementType: elementType, shape: shape,
        scale: quantization?.isPerTensor == true ? quantization?.scale : nil))
    let scales = quantization?.scales ?? []
    let zeroPoints = quantization?.zeroPoints.map(Int64.init) ?? []
    return withSlice(Array(name.utf8)) { name in
      withSlice(shape.map(Int32.init)) { shape in
        withSlice((signature ?? []).map(Int32.init)) { signature in
          withSlice(scales) { scales in
            withSlice(zeroPoints) { zeroPoints in
              var tensor = vd_tflite_tensor()
              tensor.name = name
              tensor.shape = shape
              tensor.shape_signature = signature.count > 0 ? signature : vd_tflite_slice()
              tensor.scales = scales.count > 0 ? scales : vd_tflite_slice()
              tensor.zero_points = zeroPoints.count > 0 ? zeroPoints : vd_tflite_slice()
              tensor.quantized_dimension = Int32(quantization?.axis ?? 0)
              tensor.buffer = buffer
              tensor.type = elementType.schemaNumber
              return Int(vd_tflite_writer_add_tensor(writer, &tensor))
            }
          }
        }
      }
    }
  }

  /// Adds an operator. `inputs` are as ``Operator/inputs``: the constants that `kind` holds (axes,
  /// paddings, shapes) are added by this function.
  public mutating func addOperator(_ kind: OperatorKind, inputs: [Int], output: Int) {
    let (code, options) = kind.written
    var all = inputs
    for list in kind.integerOperands {
      all.append(addIntegers(list.name, list.values, shape: list.shape))
    }
    let version = kind.version(inputs: inputs.map { tensors[$0] }, output: tensors[output])
    let index = operatorCode(OperatorVersion(builtin: Int32(code), version: Int32(version)))
    withSlice(all.map(Int32.init)) { inputs in
      withSlice([Int32(output)]) { outputs in
        var op = vd_tflite_operator(code: index, inputs: inputs, outputs: outputs, options: options)
        _ = vd_tflite_writer_add_operator(writer, &op)
      }
    }
  }

  /// The graph's inputs and outputs.
  public mutating func setEdges(inputs: [Int], outputs: [Int]) {
    withSlice(inputs.map(Int32.init)) { inputs in
      withSlice(outputs.map(Int32.init)) { outputs in
        vd_tflite_writer_set_edges(writer, inputs, outputs)
      }
    }
  }

  /// Adds a named metadata entry.
  public mutating func addMetadata(_ name: String, _ contents: [UInt8]) {
    let buffer = addBuffer(contents)
    withSlice(Array(name.utf8)) { name in
      var entry = vd_tflite_metadata(name: name, buffer: buffer)
      _ = vd_tflite_writer_add_metadata(writer, &entry)
    }
  }

  /// Adds the TFLite Metadata: how the input is normalised (one number or one for each channel;
  /// empty: not said), and the name of the label file that the caller appends
  /// (``storedZipArchive(_:precedingSize:)``).
  public mutating func addStandardMetadata(
    mean: [Float], standardDeviation: [Float], labelFile: String? = nil
  ) {
    addMetadata(
      MetadataReader.standardEntry,
      standardMetadata(mean: mean, standardDeviation: standardDeviation, labelFile: labelFile))
  }

  /// Adds a `vedette.preprocess` entry: how pictures become this model's input, at any size.
  public mutating func addPreprocessing(_ recipe: Preprocessing) {
    addMetadata(MetadataReader.preprocessEntry, Array(recipe.metadataText.utf8))
  }

  /// Adds a `vedette.sizes` entry: the sides of the square inputs that the model is meant for.
  public mutating func addInputSizes(_ sizes: [Int]) {
    let text = sizes.map(String.init).joined(separator: " ")
    addMetadata(MetadataReader.sizesEntry, Array(text.utf8))
  }

  /// The file's bytes; nil if memory ran out or it would be larger than 1 GiB.
  public consuming func finish() -> [UInt8]? {
    let file = withSlice(Array(modelDescription.utf8)) {
      vd_tflite_writer_finish(writer, $0)
    }
    guard let data = file.data else { return nil }
    return Array(UnsafeRawBufferPointer(start: data, count: file.count))
  }

  private mutating func addBuffer(_ contents: [UInt8]) -> UInt32 {
    if let known = buffers[contents] { return known }
    let buffer = contents.withUnsafeBytes {
      vd_tflite_writer_add_buffer(writer, $0.baseAddress, $0.count)
    }
    buffers[contents] = buffer
    return buffer
  }

  private mutating func addIntegers(_ name: String, _ values: [Int], shape: [Int]) -> Int {
    let key = shape + [-1] + values
    if let known = integers[key] { return known }
    let bytes = values.flatMap { value in
      withUnsafeBytes(of: Int32(value).littleEndian) { Array($0) }
    }
    let tensor = addTensor(name, shape: shape, elementType: .int32, constant: bytes)
    integers[key] = tensor
    return tensor
  }

  private mutating func operatorCode(_ version: OperatorVersion) -> UInt32 {
    if let known = operatorCodes.firstIndex(of: version) { return UInt32(known) }
    operatorCodes.append(version)
    var code = vd_tflite_operator_code(
      builtin: version.builtin, version: version.version, custom: vd_tflite_slice())
    return vd_tflite_writer_add_operator_code(writer, &code)
  }
}

/// An entry of the list of operator codes.
private struct OperatorVersion: Equatable {
  let builtin: Int32
  let version: Int32
}

/// Lends `elements` to C. Little-endian hosts only, as the slices are.
private func withSlice<T, R>(_ elements: [T], _ body: (vd_tflite_slice) -> R) -> R {
  elements.withUnsafeBufferPointer {
    body(vd_tflite_slice(data: UnsafeRawPointer($0.baseAddress), count: $0.count))
  }
}

/// The contents of a TFLite Metadata entry.
private func standardMetadata(mean: [Float], standardDeviation: [Float], labelFile: String?)
  -> [UInt8]
{
  withSlice(mean) { mean in
    withSlice(standardDeviation) { deviation in
      withSlice(Array((labelFile ?? "").utf8)) { name in
        let absent = vd_tflite_slice()
        var fields = vd_tflite_model_metadata(
          mean: mean.count > 0 ? mean : absent,
          standard_deviation: deviation.count > 0 ? deviation : absent,
          label_file: name.count > 0 ? name : absent)
        let size = vd_tflite_write_model_metadata(&fields, nil, 0)
        var out = [UInt8](repeating: 0, count: size)
        let written = vd_tflite_write_model_metadata(&fields, &out, out.count)
        precondition(written == size && size > 0, "out of memory")
        return out
      }
    }
  }
}
