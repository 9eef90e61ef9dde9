import CTFLite
import Model
import Testing

/// One wrong thing at a time in the operators that work on elements or move them.
@Suite struct ElementCheckTests {
  struct Wrong: Sendable, CustomTestStringConvertible {
    /// What the message must say, in parts.
    let words: [String]
    let change: @Sendable (inout RawModel) -> Void
    var testDescription: String { words.joined(separator: " … ") }

    init(_ words: String..., change: @escaping @Sendable (inout RawModel) -> Void) {
      self.words = words
      self.change = change
    }
  }

  /// x [1, 4, 4, 8] -> 0 MUL by a constant [1, 1, 1, 8], 1 SUB of x, 2 HARD_SWISH, 3 LEAKY_RELU,
  /// 4 RELU, 5 CONCATENATION with x along the channels, 6 STRIDED_SLICE of every other channel,
  /// 7 GATHER of 4 channels, 8 TRANSPOSE to [1, 4, 4, 4], 9 LOGISTIC.
  static func network() -> RawModel {
    var model = RawModel()
    model.add(.activation("x", [1, 4, 4, 8]))
    model.add(
      .init(
        name: "factor", shape: [1, 1, 1, 8], scales: [0.5], zeroPoints: [3],
        data: [1, 2, 3, 4, 5, 6, 7, 8]))
    for name in ["mul", "sub", "swish", "leaky", "relu"] {
      model.add(.activation(name, [1, 4, 4, 8]))
    }
    func options(_ kind: Int) -> (inout vd_tflite_options) -> Void { { $0.kind = UInt8(kind) } }
    model.append(VD_TFLITE_MUL, ["x", "factor"], "mul", options(VD_TFLITE_OPTIONS_MUL))
    model.append(VD_TFLITE_SUB, ["mul", "x"], "sub", options(VD_TFLITE_OPTIONS_SUB))
    model.append(VD_TFLITE_HARD_SWISH, ["sub"], "swish", options(VD_TFLITE_OPTIONS_HARD_SWISH))
    model.append(VD_TFLITE_LEAKY_RELU, ["swish"], "leaky") {
      $0.kind = UInt8(VD_TFLITE_OPTIONS_LEAKY_RELU)
      $0.alpha = 0.1
    }
    model.append(VD_TFLITE_RELU, ["leaky"], "relu")
    model.add(.activation("joined", [1, 4, 4, 16]))
    model.append(VD_TFLITE_CONCATENATION, ["relu", "x"], "joined") {
      $0.kind = UInt8(VD_TFLITE_OPTIONS_CONCATENATION)
      $0.axis = -1
    }
    model.add(.integers("begin", [0, 0, 0, 0], shape: [4]))
    model.add(.integers("end", [0, 0, 0, 16], shape: [4]))
    model.add(.integers("strides", [1, 1, 1, 2], shape: [4]))
    model.add(.activation("slice", [1, 4, 4, 8]))
    model.append(VD_TFLITE_STRIDED_SLICE, ["joined", "begin", "end", "strides"], "slice") {
      $0.kind = UInt8(VD_TFLITE_OPTIONS_STRIDED_SLICE)
      $0.end_mask = 7
    }
    model.add(.integers("indices", [7, 0, 3, 3], shape: [4]))
    model.add(.activation("gathered", [1, 4, 4, 4]))
    model.append(VD_TFLITE_GATHER, ["slice", "indices"], "gathered") {
      $0.kind = UInt8(VD_TFLITE_OPTIONS_GATHER)
      $0.axis = 3
    }
    model.add(.integers("permutation", [0, 3, 1, 2], shape: [4]))
    model.add(.activation("turned", [1, 4, 4, 4]))
    model.append(
      VD_TFLITE_TRANSPOSE, ["gathered", "permutation"], "turned",
      options(VD_TFLITE_OPTIONS_TRANSPOSE))
    model.add(.activation("output", [1, 4, 4, 4], scale: 1.0 / 256, zeroPoint: -128))
    model.append(VD_TFLITE_LOGISTIC, ["turned"], "output")
    model.inputs = [model.index("x")]
    model.outputs = [model.index("output")]
    return model
  }

  @Test("The network is read as it is meant")
  func reads() throws {
    let graph = try graph(Self.network().bytes())
    #expect(
      graph.operators.map(\.kind) == [
        .mul(.none), .sub(.none), .hardSwish, .leakyRelu(alpha: 0.1), .activation(.relu),
        .concatenation(axis: 3),
        .stridedSlice(begin: [0, 0, 0, 0], end: [nil, nil, nil, 16], strides: [1, 1, 1, 2]),
        .gather(axis: 3, indices: [7, 0, 3, 3]), .transpose(permutation: [0, 3, 1, 2]), .logistic,
      ])
    #expect(graph.operators[0].inputs == [0, 1])
    #expect(graph.operators[5].inputs.count == 2)
  }

  @Test("What does not fit is named", arguments: wrongs)
  func check(wrong: Wrong) {
    var model = Self.network()
    wrong.change(&model)
    let message = complaint(model.bytes()) ?? "nothing"
    for word in ["test.tflite: "] + wrong.words {
      #expect(message.contains(word), "\(message)")
    }
  }

  static let wrongs = [
    Wrong("operator 0 MUL", "both inputs are constants") { $0.operators[0].inputs = [1, 1] },
    Wrong("operator 0 MUL", "1 inputs instead of 2") { $0.operators[0].inputs = [0] },
    Wrong("operator 0 MUL", "input 1 is missing") { $0.operators[0].inputs = [0, -1] },
    Wrong("operator 0 MUL", "cannot be broadcast") { $0["factor"].shape = [1, 1, 8, 1] },
    Wrong("operator 0 MUL", "uint8") { $0["factor"].type = VD_TFLITE_UINT8 },
    Wrong("operator 0 MUL", "options are missing or those of another operator") {
      $0.operators[0].options.kind = UInt8(VD_TFLITE_OPTIONS_ADD)
    },
    Wrong("operator 1 SUB", "TANH") { $0.operators[1].options.activation = 4 },
    Wrong("operator 2 HARD_SWISH", "2 inputs instead of 1") { $0.operators[2].inputs += [0] },
    Wrong("operator 3 LEAKY_RELU", "alpha nan is not finite") {
      $0.operators[3].options.alpha = .nan
    },
    Wrong("operator 3 LEAKY_RELU", "options are missing") { $0.operators[3].options.kind = 0 },
    Wrong("operator 4 RELU", "shape [1, 4, 4, 8], but has [1, 4, 8, 4]") {
      $0["relu"].shape = [1, 4, 8, 4]
    },
    Wrong("operator 5 CONCATENATION", "axis 4 is not one of [1, 4, 4, 8]") {
      $0.operators[5].options.axis = 4
    },
    Wrong("operator 5 CONCATENATION", "axis -5 is not one of") {
      $0.operators[5].options.axis = -5
    },
    Wrong("operator 5 CONCATENATION", "axis -2147483648 is not one of") {
      $0.operators[5].options.axis = .min
    },
    Wrong("operator 5 CONCATENATION", "fused activation") {
      $0.operators[5].options.activation = 1
    },
    Wrong("operator 5 CONCATENATION", "0 inputs instead of") { $0.operators[5].inputs = [] },
    Wrong("operator 5 CONCATENATION", "input 0 is missing") { $0.operators[5].inputs[0] = -1 },
    Wrong("operator 5 CONCATENATION", "scale and zero point (0.5, -1) are not its input's") {
      $0["relu"].scales = [0.25]
    },
    Wrong("operator 5 CONCATENATION", "should have the shape [1, 8, 4, 8]") {
      $0.operators[5].options.axis = 1
      $0["joined"].shape = [1, 8, 4, 16]
    },
    Wrong("operator 6 STRIDED_SLICE", "the stride 0") {
      $0["strides"].data = little([1, 1, 0, 2])
    },
    Wrong("operator 6 STRIDED_SLICE", "the stride -1") {
      $0["strides"].data = little([1, 1, 1, -1])
    },
    Wrong("operator 6 STRIDED_SLICE", "begin has 3 entries for 4 axes") {
      $0["begin"].shape = [3]
      $0["begin"].data = little([0, 0, 0])
    },
    Wrong("operator 6 STRIDED_SLICE", "do not fit together") {
      $0["begin"].data = little([0, 0, 0, .max])
    },
    Wrong("operator 6 STRIDED_SLICE", "do not fit together") {
      $0["end"].data = little([0, 0, 0, .min])
    },
    Wrong("operator 6 STRIDED_SLICE", "an ellipsis") {
      $0.operators[6].options.ellipsis_mask = 1
    },
    Wrong("operator 6 STRIDED_SLICE", "dropped axes") {
      $0.operators[6].options.shrink_axis_mask = 8
    },
    Wrong("operator 6 STRIDED_SLICE", "new") { $0.operators[6].options.new_axis_mask = .min },
    Wrong("operator 6 STRIDED_SLICE", "count from begins") {
      $0.operators[6].options.is_offset = 1
    },
    Wrong("operator 6 STRIDED_SLICE", "begin \"x\" are not a constant") {
      $0.operators[6].inputs[1] = 0
    },
    Wrong("operator 7 GATHER", "index 8 is not one of 8 along axis 3") {
      $0["indices"].data = little([0, 8, 0, 0])
    },
    Wrong("operator 7 GATHER", "index -1 is not one of") {
      $0["indices"].data = little([0, 1, -1, 0])
    },
    Wrong("operator 7 GATHER", "axis 9 is not one of") { $0.operators[7].options.axis = 9 },
    Wrong("operator 7 GATHER", "1 batch dimensions") {
      $0.operators[7].options.batch_dims = 1
    },
    Wrong("operator 7 GATHER", "indices that are not a list") { $0["indices"].shape = [2, 2] },
    Wrong("operator 7 GATHER", "indices are float32") { $0["indices"].type = VD_TFLITE_FLOAT32 },
    Wrong("operator 8 TRANSPOSE", "permutation [0, 3, 3, 2] is none of 4 axes") {
      $0["permutation"].data = little([0, 3, 3, 2])
    },
    Wrong("operator 8 TRANSPOSE", "permutation [0, 3, 1, 4]") {
      $0["permutation"].data = little([0, 3, 1, 4])
    },
    Wrong("operator 8 TRANSPOSE", "permutation are int32 [7]") {
      $0["permutation"].shape = [7]
      $0["permutation"].data = little([0, 1, 2, 3, 4, 5, 6])
    },
    Wrong("operator 9 LOGISTIC", "are not 1/256 and -128") { $0["output"].scales = [0.5] },
  ]
}
