import CTFLite
public import Tensors

/// Writes a TensorFlow Lite model file, operator by operator.
///
/// It writes what it is told; ``ModelFile`` is what checks. Paddings of a ``Window`` follow from its
/// rule, so explicit rows of padding need a `pad` before.
public struct ModelWriter: ~Copyable {
  private let writer: OpaquePointer
  private let modelDescription: String
  private var operatorCodes: [Int32] = []

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
    var buffer: UInt32 = 0
    if let constant {
      buffer = constant.withUnsafeBytes {
        vd_tflite_writer_add_buffer(writer, $0.baseAddress, $0.count)
      }
    }
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
    let (code, fields) = kind.written
    var all = inputs
    var options = fields
    switch kind {
    case .mean: all.append(addIntegers("axes", [1, 2], shape: [2]))
    case .pad(let before, let after):
      let amounts = zip(before, after).flatMap { [$0, $1] }
      all.append(addIntegers("paddings", amounts, shape: [before.count, 2]))
    case .reshape(let target):
      all.append(addIntegers("shape", target, shape: [target.count]))
    case .conv2D, .depthwiseConv2D, .fullyConnected, .add, .averagePool2D, .maxPool2D, .softmax,
      .quantize, .dequantize:
      break
    }
    let index = operatorCode(Int32(code))
    withSlice(all.map(Int32.init)) { inputs in
      withSlice([Int32(output)]) { outputs in
        options.new_shape = vd_tflite_slice()
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
    let buffer = contents.withUnsafeBytes {
      vd_tflite_writer_add_buffer(writer, $0.baseAddress, $0.count)
    }
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

  /// The file's bytes; nil if memory ran out or it would be larger than 1 GiB.
  public consuming func finish() -> [UInt8]? {
    let file = withSlice(Array(modelDescription.utf8)) {
      vd_tflite_writer_finish(writer, $0)
    }
    guard let data = file.data else { return nil }
    return Array(UnsafeRawBufferPointer(start: data, count: file.count))
  }

  private mutating func addIntegers(_ name: String, _ values: [Int], shape: [Int]) -> Int {
    let bytes = values.flatMap { value in
      withUnsafeBytes(of: Int32(value).littleEndian) { Array($0) }
    }
    return addTensor(name, shape: shape, elementType: .int32, constant: bytes)
  }

  private mutating func operatorCode(_ builtin: Int32) -> UInt32 {
    if let known = operatorCodes.firstIndex(of: builtin) { return UInt32(known) }
    operatorCodes.append(builtin)
    var code = vd_tflite_operator_code(builtin: builtin, version: 1, custom: vd_tflite_slice())
    return vd_tflite_writer_add_operator_code(writer, &code)
  }
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

extension OperatorKind {
  /// The schema's number and options.
  fileprivate var written: (code: Int, options: vd_tflite_options) {
    var options = vd_tflite_options()
    func setWindow(_ kind: Int, _ window: Window, _ activation: Activation) {
      options.kind = UInt8(kind)
      options.padding = window.padding == .same ? 0 : 1
      options.stride_h = Int32(window.strideHeight)
      options.stride_w = Int32(window.strideWidth)
      options.dilation_h = Int32(window.dilationHeight)
      options.dilation_w = Int32(window.dilationWidth)
      options.activation = activation.schemaNumber
    }
    let code: Int
    switch self {
    case .conv2D(let window, let activation):
      code = VD_TFLITE_CONV_2D
      setWindow(VD_TFLITE_OPTIONS_CONV_2D, window, activation)
    case .depthwiseConv2D(let window, let depthMultiplier, let activation):
      code = VD_TFLITE_DEPTHWISE_CONV_2D
      setWindow(VD_TFLITE_OPTIONS_DEPTHWISE_CONV_2D, window, activation)
      options.depth_multiplier = Int32(depthMultiplier)
    case .averagePool2D(let window, let height, let width, let activation),
      .maxPool2D(let window, let height, let width, let activation):
      if case .maxPool2D = self {
        code = VD_TFLITE_MAX_POOL_2D
      } else {
        code = VD_TFLITE_AVERAGE_POOL_2D
      }
      setWindow(VD_TFLITE_OPTIONS_POOL_2D, window, activation)
      options.kernel_h = Int32(height)
      options.kernel_w = Int32(width)
    case .fullyConnected(let activation, let keepDimensions):
      code = VD_TFLITE_FULLY_CONNECTED
      options.kind = UInt8(VD_TFLITE_OPTIONS_FULLY_CONNECTED)
      options.activation = activation.schemaNumber
      options.keep_dims = keepDimensions ? 1 : 0
    case .add(let activation):
      code = VD_TFLITE_ADD
      options.kind = UInt8(VD_TFLITE_OPTIONS_ADD)
      options.activation = activation.schemaNumber
    case .mean(let keepDimensions):
      code = VD_TFLITE_MEAN
      options.kind = UInt8(VD_TFLITE_OPTIONS_REDUCER)
      options.keep_dims = keepDimensions ? 1 : 0
    case .pad:
      code = VD_TFLITE_PAD
      options.kind = UInt8(VD_TFLITE_OPTIONS_PAD)
    case .softmax(let beta):
      code = VD_TFLITE_SOFTMAX
      options.kind = UInt8(VD_TFLITE_OPTIONS_SOFTMAX)
      options.beta = beta
    case .reshape:
      code = VD_TFLITE_RESHAPE
      options.kind = UInt8(VD_TFLITE_OPTIONS_RESHAPE)
    case .quantize:
      code = VD_TFLITE_QUANTIZE
      options.kind = UInt8(VD_TFLITE_OPTIONS_QUANTIZE)
    case .dequantize:
      code = VD_TFLITE_DEQUANTIZE
      options.kind = UInt8(VD_TFLITE_OPTIONS_DEQUANTIZE)
    }
    return (code, options)
  }
}

extension Activation {
  /// The schema's ActivationFunctionType.
  fileprivate var schemaNumber: Int8 {
    switch self {
    case .none: 0
    case .relu: 1
    case .relu6: 3
    }
  }
}
