#!/usr/bin/env python3
"""Makes Models/: small ONNX models, an operator or an idiom each, with an input and what ONNX
Runtime makes of it. The tests import the models and run them with the float executor.

    python3 -m venv VENV && VENV/bin/pip install numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0
    VENV/bin/python Tests/ONNXTests/make_models.py

For NAME there are NAME.onnx and NAME.golden: the input's float32 in NHWC, then the output's (images
in NHWC, too). Everything is seeded.
"""

import pathlib

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)

OUT = pathlib.Path(__file__).parent / "Models"
FLOAT = TensorProto.FLOAT
# onnxruntime reads IR version 10 in all versions that know these operator sets.
IR = 10


class Net:
    """A graph under construction; `last` is the value that the next node reads."""

    def __init__(self, shape=(1, 3, 6, 7), opset=17, dtype=FLOAT, seed=1):
        self.rng = np.random.default_rng(seed)
        self.shape, self.opset, self.dtype = shape, opset, dtype
        self.nodes, self.stored = [], []
        self.last = self.input = "input"
        self.count = 0

    def weights(self, *shape, low=-0.5, high=0.5, dtype=np.float32):
        return self.rng.uniform(low, high, shape).astype(dtype)

    def const(self, array, raw=True):
        name = f"c{len(self.stored)}"
        array = np.asarray(array)
        tensor = numpy_helper.from_array(array, name)
        if not raw:
            kind = helper.np_dtype_to_tensor_dtype(array.dtype)
            tensor = helper.make_tensor(name, kind, array.shape, array.flatten().tolist())
        self.stored.append(tensor)
        return name

    def op(self, kind, *inputs, outputs=1, domain="", **attributes):
        """Appends a node; arrays become stored tensors. Returns its (first) output."""
        names = [i if isinstance(i, str) else self.const(i) for i in inputs]
        made = [f"{kind.lower()}_{self.count}" + (f"_{k}" if k else "") for k in range(outputs)]
        self.count += 1
        self.nodes.append(
            helper.make_node(kind, names, made, name=f"/{kind}_{self.count}", domain=domain,
                             **attributes))
        self.last = made[0]
        return made[0] if outputs == 1 else made

    def conv(self, x, outputs, inputs, kernel=3, bias=True, groups=1, **attributes):
        pads = attributes.pop("pads", [kernel // 2] * 4) if "auto_pad" not in attributes else None
        extra = {"pads": pads} if pads else {}
        operands = [x, self.weights(outputs, inputs // groups, kernel, kernel)]
        if bias:
            operands.append(self.weights(outputs))
        return self.op("Conv", *operands, group=groups, **extra, **attributes)

    def model(self, open_shape=None):
        graph = helper.make_graph(
            self.nodes, "test",
            [helper.make_tensor_value_info(self.input, self.dtype, open_shape or self.shape)],
            [helper.make_tensor_value_info(self.last, self.dtype, None)], self.stored)
        model = helper.make_model(
            graph, producer_name="make_models", ir_version=IR,
            opset_imports=[helper.make_opsetid("", self.opset)])
        return model


def channels_last(array):
    return np.transpose(array, (0, 2, 3, 1)) if array.ndim == 4 else array


def save(name, net, model=None, nhwc=False, low=-2.0, high=2.0, output_nhwc=False):
    model = model or net.model()
    shape = net.shape
    data = np.random.default_rng(7).uniform(low, high, shape).astype(np.float32)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(model.SerializeToString(), options)
    fed = data.astype(np.float16) if net.dtype == TensorProto.FLOAT16 else data
    answer = session.run(None, {net.input: fed})[0].astype(np.float32)
    (OUT / f"{name}.onnx").write_bytes(model.SerializeToString())
    parts = [data if nhwc else channels_last(data),
             answer if output_nhwc else channels_last(answer)]
    (OUT / f"{name}.golden").write_bytes(b"".join(np.ascontiguousarray(p).tobytes() for p in parts))


def simple(name, build, shape=(1, 3, 6, 7), opset=17, **options):
    net = Net(shape, opset)
    build(net)
    save(name, net, **options)


def convolutions():
    simple("conv", lambda n: n.conv("input", 4, 3, strides=[2, 1]))
    simple("conv-no-bias", lambda n: n.conv("input", 4, 3, bias=False, pads=[0, 1, 2, 0]))
    simple("conv-groups", lambda n: n.conv("input", 6, 4, groups=2), shape=(1, 4, 5, 5))
    simple("conv-depthwise", lambda n: n.conv("input", 4, 4, groups=4), shape=(1, 4, 5, 5))
    simple("conv-dilated", lambda n: n.conv("input", 2, 3, dilations=[2, 1], pads=[2, 1, 2, 1]))
    for mode in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        simple("conv-" + mode.lower().replace("_", "-"),
               lambda n, m=mode: n.conv("input", 2, 3, auto_pad=m, strides=[2, 2]))
    simple("batch-norm", lambda n: n.op(
        "BatchNormalization", "input", n.weights(3), n.weights(3), n.weights(3),
        n.weights(3, low=0.5, high=2), epsilon=1e-3))

    def half(net):
        # Half precision throughout, as the float16 converters make it, and in int32_data.
        w = net.weights(4, 3, 1, 1, dtype=np.float16)
        net.op("Conv", "input", net.const(w, raw=False), net.weights(4, dtype=np.float16))
    net = Net(dtype=TensorProto.FLOAT16)
    half(net)
    save("half", net)

    def typed(net):
        net.op("Conv", "input", net.const(net.weights(4, 3, 1, 1), raw=False))
        w = net.op("Cast", net.weights(4, dtype=np.float64).reshape(4, 1, 1), to=FLOAT)
        net.op("Add", net.nodes[0].output[0], w)
    simple("typed-fields", typed)


def dense():
    def flat(net, **attributes):
        x = net.op("Flatten", net.conv("input", 2, 3))
        w = net.weights(5, 84) if attributes.get("transB") else net.weights(84, 5)
        net.op("Gemm", x, w, net.weights(5), **attributes)
    simple("flatten-gemm", lambda n: flat(n, transB=1))
    simple("gemm-alpha-beta", lambda n: flat(n, alpha=0.5, beta=2.0))

    def reshaped(net):
        shape = net.op("Shape", "input")
        batch = net.op("Gather", shape, np.int64(0), axis=0)
        batch = net.op("Unsqueeze", batch, np.array([0]))
        target = net.op("Concat", batch, np.array([-1]), axis=0)
        x = net.op("Reshape", net.op("Relu", "input"), target)
        x = net.op("MatMul", x, net.weights(126, 4))
        net.op("Add", x, net.weights(4))
    simple("reshape-matmul", reshaped)

    def transposed(net):
        x = net.op("Flatten", net.op("GlobalAveragePool", "input"))
        net.op("Gemm", net.op("Transpose", x, perm=[1, 0]), net.weights(3, 4), transA=1)
    simple("gemm-trans-a", transposed)

    def flat_elementwise(net):
        x = net.op("Flatten", "input")
        x = net.op("Mul", net.op("Relu", x), net.weights(126))
        net.op("Gemm", x, net.weights(126, 3))
    simple("flatten-mul-gemm", flat_elementwise)
    simple("matmul-rows", lambda n: n.op(
        "MatMul", n.op("Transpose", n.op("Reshape", "input", np.array([1, 3, -1])),
                       perm=[0, 2, 1]), n.weights(3, 4)))


def elementwise():
    one = np.float32
    table = {
        "relu": lambda n: n.op("Relu", "input"),
        "leaky-relu": lambda n: n.op("LeakyRelu", "input", alpha=0.2),
        "sigmoid": lambda n: n.op("Sigmoid", "input"),
        "hard-sigmoid": lambda n: n.op("HardSigmoid", "input", alpha=0.3, beta=0.4),
        "hard-swish": lambda n: n.op("HardSwish", "input"),
        "clip": lambda n: n.op("Clip", "input", one(-0.5), one(1.0)),
        "clip-upper": lambda n: n.op("Clip", "input", "", one(0.5)),
        "add-scalar": lambda n: n.op("Add", "input", one(0.3)),
        "sub-from": lambda n: n.op("Sub", one(1), "input"),
        "mul-channels": lambda n: n.op("Mul", "input", n.weights(3, 1, 1)),
        "div-channels": lambda n: n.op("Div", "input", n.weights(1, 3, 1, 1, low=0.5, high=2)),
        "div-by": lambda n: n.op("Div", one(1), n.op("Add", "input", one(5))),
        "add-image": lambda n: n.op("Add", "input", n.weights(3, 6, 7)),
        "sub-self": lambda n: n.op("Sub", n.op("Sigmoid", "input"), "input"),
        "normalise": lambda n: n.op("Div", n.op("Sub", "input", n.weights(1, 3, 1, 1)),
                                    n.weights(1, 3, 1, 1, low=0.5, high=2)),
        "identities": lambda n: n.op("Dropout", n.op("Identity", n.op("Cast", "input", to=FLOAT))),
    }
    for name, build in table.items():
        simple(name, build)
    simple("clip-attributes", lambda n: n.op("Clip", "input", min=0.0, max=1.5), opset=9)

    def hard_swish(net):
        net.op("Mul", "input", net.op("HardSigmoid", "input", alpha=1 / 6, beta=0.5))
    simple("hard-swish-gate", hard_swish, low=-5, high=5)

    def clipped(net):
        return net.op("Clip", net.op("Add", "input", one(3)), one(0), one(6))
    simple("hard-swish-spelled",
           lambda n: n.op("Div", n.op("Mul", "input", clipped(n)), one(6)), low=-5, high=5)
    simple("hard-sigmoid-spelled",
           lambda n: n.op("Mul", clipped(n), one(1 / 6)), low=-5, high=5)

    def squeeze_excite(net):
        x = net.conv("input", 8, 3)
        s = net.op("GlobalAveragePool", x)
        s = net.op("Relu", net.conv(s, 2, 8, kernel=1))
        s = net.op("HardSigmoid", net.conv(s, 8, 2, kernel=1), alpha=1 / 6, beta=0.5)
        net.op("Mul", x, s)
    simple("squeeze-excite", squeeze_excite)

    def squeeze_excite_dense(net):
        x = net.conv("input", 8, 3)
        s = net.op("ReduceMean", x, axes=[2, 3], keepdims=0)
        s = net.op("Sigmoid", net.op("Gemm", s, net.weights(8, 8)))
        s = net.op("Reshape", s, np.array([1, 8, 1, 1]))
        net.op("Mul", s, x)
    simple("squeeze-excite-dense", squeeze_excite_dense)


def pooling():
    for name, kind, attributes in [
        ("max-pool", "MaxPool", dict(kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])),
        ("max-pool-ceil", "MaxPool", dict(kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)),
        ("max-pool-ceil-dropped", "MaxPool",
         dict(kernel_shape=[2, 2], strides=[3, 3], pads=[1, 1, 1, 1], ceil_mode=1)),
        ("max-pool-dilated", "MaxPool", dict(kernel_shape=[2, 2], dilations=[2, 3])),
        ("max-pool-same", "MaxPool",
         dict(kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER")),
        ("average-pool", "AveragePool",
         dict(kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1])),
        ("average-pool-counted", "AveragePool",
         dict(kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1)),
        ("average-pool-whole", "AveragePool", dict(kernel_shape=[6, 7])),
        ("global-average-pool", "GlobalAveragePool", {}),
        ("global-max-pool", "GlobalMaxPool", {}),
        ("reduce-mean", "ReduceMean", dict(axes=[3, -2], keepdims=1)),
        ("reduce-mean-channels", "ReduceMean", dict(axes=[1], keepdims=0)),
    ]:
        simple(name, lambda n: n.op(kind, "input", **attributes))
    simple("reduce-mean-input",
           lambda n: n.op("ReduceMean", "input", np.array([2, 3]), keepdims=0), opset=18)
    simple("softmax", lambda n: n.op("Softmax", n.op("Flatten", n.op("GlobalAveragePool", "input"))))
    simple("softmax-channels", lambda n: n.op("Softmax", "input", axis=1))
    simple("softmax-old", lambda n: n.op("Softmax", "input"), opset=11)


def shapes():
    i = lambda *values: np.array(values, np.int64)
    table = {
        "pad": lambda n: n.op("Pad", "input", i(0, 0, 1, 2, 0, 0, 0, 1), np.float32(0.5)),
        "pad-channels": lambda n: n.op("Pad", "input", i(0, 1, 0, 0, 0, 2, 0, 0)),
        "concat": lambda n: n.op("Concat", "input", n.conv("input", 2, 3), axis=1),
        "concat-rows": lambda n: n.op("Concat", "input", n.op("Relu", "input"), axis=-2),
        "slice-channels": lambda n: n.op("Slice", "input", i(1), i(9223372036854775807), i(1)),
        "slice-strided": lambda n: n.op("Slice", "input", i(1, -6), i(6, 99), i(2, 3), i(2, 3)),
        "slice-reversed": lambda n: n.op("Slice", "input", i(-1), i(-99), i(1), i(-1)),
        "gather-channel": lambda n: n.op(
            "Concat", *[n.op("Unsqueeze", n.op("Gather", "input", np.int64(c), axis=1), i(1))
                        for c in (2, 0, 1)], axis=1),
        "gather-list": lambda n: n.op("Gather", "input", i(2, 0), axis=1),
        "squeeze": lambda n: n.op("Squeeze", n.op("GlobalAveragePool", "input"), i(2, 3)),
        "real-transpose": lambda n: n.op("Softmax", n.op("Transpose", "input", perm=[0, 1, 3, 2])),
    }
    for name, build in table.items():
        simple(name, build)
    simple("pad-attributes", lambda n: n.op("Pad", "input", pads=[0, 0, 1, 1, 0, 0, 1, 1]), opset=9)
    simple("slice-attributes",
           lambda n: n.op("Slice", "input", starts=[0, 1], ends=[2, 5], axes=[1, 2]), opset=9)

    def split(net, *sizes, **attributes):
        parts = net.op("Split", "input", *sizes, outputs=2, **attributes)
        net.op("Concat", parts[1], parts[0], axis=1)
    simple("split", lambda n: split(n, i(1, 2), axis=1))
    simple("split-attribute", lambda n: split(n, axis=1, split=[2, 1]), opset=11)

    def shuffle(net, groups=2):
        x = net.conv("input", 6, 3)
        x = net.op("Reshape", x, i(1, groups, 6 // groups, 6, 7))
        x = net.op("Transpose", x, perm=[0, 2, 1, 3, 4])
        x = net.op("Reshape", x, i(1, -1, 6, 7))
        parts = net.op("Split", x, outputs=2, axis=1)
        net.op("Concat", net.op("Relu", parts[1]), parts[0], axis=1)
    simple("channel-shuffle", shuffle, opset=11)

    def crossing(net):
        # 3x6x7 as 7x6x3: no axis follows from the old ones.
        net.op("Relu", net.op("Reshape", "input", i(1, 7, 6, 3)))
    simple("reshape-across", crossing, output_nhwc=True)

    def patches(net):
        # Pixel shuffle: rows and columns cut into blocks that become channels.
        x = net.op("Reshape", "input", i(1, 3, 2, 2, 3, 2))
        x = net.op("Transpose", x, perm=[0, 1, 3, 5, 2, 4])
        x = net.op("Reshape", x, i(1, 12, 2, 3))
        net.conv(x, 2, 12, kernel=1)
    simple("space-to-depth", patches, shape=(1, 3, 4, 6))

    # The same with the window in front of everything, as exporters from NHWC frameworks leave it.
    net = Net((1, 6, 7, 3))
    x = net.op("Transpose", "input", perm=[0, 3, 1, 2])
    x = net.op("Relu", net.conv(x, 4, 3))
    x = net.op("Transpose", x, perm=[0, 2, 3, 1])
    x = net.op("Add", x, net.weights(4))
    x = net.op("Transpose", x, perm=[0, 3, 1, 2])
    x = net.conv(x, 4, 4)
    net.op("Transpose", x, perm=[0, 2, 3, 1])
    save("nhwc", net, nhwc=True, output_nhwc=True)

    net = Net((1, 3, 6, 7))
    x = net.conv("input", 4, 3, strides=[2, 2])
    shape = net.op("Shape", x)
    area = net.op("Mul", net.op("Gather", shape, i(2)), net.op("Gather", shape, i(3)))
    target = net.op("Concat", i(1), net.op("Slice", shape, i(1), i(2)), area, axis=0)
    x = net.op("Reshape", x, target)
    net.op("ReduceMean", x, axes=[2], keepdims=0)
    save("open-shape", net, net.model(open_shape=("batch", 3, "height", "width")))


class Reader(CalibrationDataReader):
    def __init__(self, shape):
        rng = np.random.default_rng(3)
        self.rows = iter([{"input": rng.uniform(-2, 2, shape).astype(np.float32)} for _ in range(8)])

    def get_next(self):
        return next(self.rows, None)


def quantised():
    net = Net((1, 3, 8, 8))
    x = net.op("Relu", net.conv("input", 8, 3, strides=[2, 2]))
    y = net.op("Clip", net.conv(x, 8, 8, groups=8), np.float32(0), np.float32(6))
    y = net.op("Add", net.conv(y, 8, 8, kernel=1), x)
    y = net.op("Concat", net.op("LeakyRelu", y, alpha=0.1), net.op("Sigmoid", x), axis=1)
    y = net.op("MaxPool", y, kernel_shape=[2, 2], strides=[2, 2])
    y = net.op("Flatten", net.op("GlobalAveragePool", y))
    net.op("Gemm", y, net.weights(5, 16), net.weights(5), transB=1)
    source = OUT / "quantised.onnx"
    save("quantised", net)
    for name, kind, weights, per_channel in [
        ("qdq", QuantFormat.QDQ, QuantType.QInt8, True),
        ("qdq-tensor", QuantFormat.QDQ, QuantType.QUInt8, False),
        ("qoperator", QuantFormat.QOperator, QuantType.QUInt8, False),
        ("qoperator-channel", QuantFormat.QOperator, QuantType.QInt8, True),
    ]:
        path = OUT / f"{name}.onnx"
        quantize_static(
            str(source), str(path), Reader(net.shape), quant_format=kind, per_channel=per_channel,
            weight_type=weights, activation_type=QuantType.QUInt8)
        save(name, net, onnx.load(path))


def main():
    OUT.mkdir(exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    for family in (convolutions, dense, elementwise, pooling, shapes, quantised):
        family()


if __name__ == "__main__":
    main()
