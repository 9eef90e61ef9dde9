import CTFLite

extension RawModel {
  /// A tiny classifier with one of each operator, every field right:
  /// uint8 [1, 8, 8, 3] -> QUANTIZE, CONV_2D, DEPTHWISE_CONV_2D, ADD, PAD, MAX_POOL_2D,
  /// AVERAGE_POOL_2D, MEAN, RESHAPE, FULLY_CONNECTED, SOFTMAX, DEQUANTIZE -> float32 [1, 5].
  static func network() -> RawModel {
    var model = RawModel()
    model.add(.activation("input", [1, 8, 8, 3], zeroPoint: 128, type: VD_TFLITE_UINT8))
    model.add(.activation("quantized", [1, 8, 8, 3]))
    model.append(VD_TFLITE_QUANTIZE, ["input"], "quantized")

    model.add(.weights("conv/w", [4, 3, 3, 3], axis: 0))
    model.add(.bias("conv/b", 4))
    model.add(.activation("conv", [1, 4, 4, 4]))
    model.append(VD_TFLITE_CONV_2D, ["quantized", "conv/w", "conv/b"], "conv") {
      $0.window(VD_TFLITE_OPTIONS_CONV_2D, stride: 2)
      $0.activation = 3
    }
    model.add(.weights("depthwise/w", [1, 3, 3, 4], axis: 3))
    model.add(.bias("depthwise/b", 4))
    model.add(.activation("depthwise", [1, 4, 4, 4]))
    model.append(VD_TFLITE_DEPTHWISE_CONV_2D, ["conv", "depthwise/w", "depthwise/b"], "depthwise") {
      $0.window(VD_TFLITE_OPTIONS_DEPTHWISE_CONV_2D, stride: 1)
      $0.depth_multiplier = 1
      $0.activation = 1
    }
    model.add(.activation("sum", [1, 4, 4, 4]))
    model.append(VD_TFLITE_ADD, ["conv", "depthwise"], "sum") {
      $0.kind = UInt8(VD_TFLITE_OPTIONS_ADD)
    }
    model.add(.integers("paddings", [0, 0, 1, 1, 1, 1, 0, 0], shape: [4, 2]))
    model.add(.activation("padded", [1, 6, 6, 4]))
    model.append(VD_TFLITE_PAD, ["sum", "paddings"], "padded") {
      $0.kind = UInt8(VD_TFLITE_OPTIONS_PAD)
    }
    model.add(.activation("highest", [1, 3, 3, 4]))
    model.append(VD_TFLITE_MAX_POOL_2D, ["padded"], "highest") {
      $0.window(VD_TFLITE_OPTIONS_POOL_2D, stride: 2, kernel: 2, padding: 1)
    }
    model.add(.activation("averaged", [1, 3, 3, 4]))
    model.append(VD_TFLITE_AVERAGE_POOL_2D, ["highest"], "averaged") {
      $0.window(VD_TFLITE_OPTIONS_POOL_2D, stride: 1, kernel: 3, padding: 0)
    }
    model.add(.integers("axes", [1, 2], shape: [2]))
    model.add(.activation("means", [1, 4]))
    model.append(VD_TFLITE_MEAN, ["averaged", "axes"], "means") {
      $0.kind = UInt8(VD_TFLITE_OPTIONS_REDUCER)
    }
    model.add(.integers("extents", [1, 2, -1], shape: [3]))
    model.add(.activation("reshaped", [1, 2, 2]))
    model.append(VD_TFLITE_RESHAPE, ["means", "extents"], "reshaped") {
      $0.kind = UInt8(VD_TFLITE_OPTIONS_RESHAPE)
    }
    model.add(.weights("full/w", [5, 4], axis: 0))
    model.add(.bias("full/b", 5))
    model.add(.activation("logits", [1, 5]))
    model.append(VD_TFLITE_FULLY_CONNECTED, ["reshaped", "full/w", "full/b"], "logits") {
      $0.kind = UInt8(VD_TFLITE_OPTIONS_FULLY_CONNECTED)
    }
    model.add(.activation("probabilities", [1, 5], scale: 1.0 / 256, zeroPoint: -128))
    model.append(VD_TFLITE_SOFTMAX, ["logits"], "probabilities") {
      $0.kind = UInt8(VD_TFLITE_OPTIONS_SOFTMAX)
      $0.beta = 1
    }
    model.add(RawTensor(name: "output", shape: [1, 5], type: VD_TFLITE_FLOAT32))
    model.append(VD_TFLITE_DEQUANTIZE, ["probabilities"], "output")
    model.inputs = [model.index("input")]
    model.outputs = [model.index("output")]
    return model
  }

  /// The smallest classifier: int8 [1, 4] -> FULLY_CONNECTED -> int8 [1, `classes`].
  static func classifier(classes: Int) -> RawModel {
    var model = RawModel()
    model.add(.activation("input", [1, 4]))
    model.add(.weights("w", [classes, 4], axis: 0))
    model.add(.activation("logits", [1, classes]))
    model.append(VD_TFLITE_FULLY_CONNECTED, ["input", "w"], "logits") {
      $0.kind = UInt8(VD_TFLITE_OPTIONS_FULLY_CONNECTED)
    }
    model.inputs = [0]
    model.outputs = [2]
    return model
  }

  /// Appends an operator that reads and writes tensors by name.
  mutating func append(
    _ builtin: Int, _ inputs: [String], _ output: String,
    _ setOptions: (inout vd_tflite_options) -> Void = { _ in }
  ) {
    var op = RawOperator(builtin: builtin, inputs: inputs.map(index), outputs: [index(output)])
    setOptions(&op.options)
    operators.append(op)
  }
}

extension RawModel.RawTensor {
  static func activation(
    _ name: String, _ shape: [Int], scale: Float = 0.5, zeroPoint: Int64 = -1,
    type: Int = VD_TFLITE_INT8
  ) -> Self {
    Self(name: name, shape: shape, type: type, scales: [scale], zeroPoints: [zeroPoint])
  }

  /// Int8 weights with a scale of 0.25 for each index of `axis`, and elements that count up.
  static func weights(_ name: String, _ shape: [Int], axis: Int) -> Self {
    let count = shape.reduce(1, *)
    return Self(
      name: name, shape: shape, scales: Array(repeating: 0.25, count: shape[axis]),
      zeroPoints: Array(repeating: 0, count: shape[axis]), axis: axis,
      data: (0..<count).map { UInt8(truncatingIfNeeded: $0) })
  }

  /// An int32 bias for an input of scale 0.5 and weights of scale 0.25.
  static func bias(_ name: String, _ count: Int) -> Self {
    Self(
      name: name, shape: [count], type: VD_TFLITE_INT32,
      scales: Array(repeating: 0.125, count: count),
      zeroPoints: Array(repeating: 0, count: count),
      data: little((0..<count).map { Int32($0) }))
  }

  static func integers(_ name: String, _ values: [Int32], shape: [Int]) -> Self {
    Self(name: name, shape: shape, type: VD_TFLITE_INT32, data: little(values))
  }
}

extension vd_tflite_options {
  mutating func window(_ kind: Int, stride: Int32, kernel: Int32 = 0, padding: Int8 = 0) {
    self.kind = UInt8(kind)
    self.padding = padding
    (stride_h, stride_w) = (stride, stride)
    (dilation_h, dilation_w) = (1, 1)
    (kernel_h, kernel_w) = (kernel, kernel)
  }
}
