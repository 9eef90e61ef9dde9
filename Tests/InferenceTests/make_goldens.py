#!/usr/bin/env python3
"""Makes Goldens/: small int8 TFLite models, one or a few operators each, with random weights, an input and
the output of LiteRT's reference kernels (BUILTIN_REF). The tests run the same through ours.

  python3 -m venv VENV && VENV/bin/pip install ai-edge-litert==2.3.0 numpy==2.4.6
  VENV/bin/python Tests/InferenceTests/make_goldens.py

For NAME there are NAME.tflite, NAME.input and NAME.output, the last two the raw bytes of the tensors;
NAME.default is what LiteRT's default kernels give, where that is another answer.
"""
from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as S
from ai_edge_litert.interpreter import Interpreter, OpResolverType

OUT = Path(__file__).parent / "Goldens"
TYPES = {np.dtype("int8"): S.TensorType.INT8, np.dtype("uint8"): S.TensorType.UINT8,
         np.dtype("int32"): S.TensorType.INT32, np.dtype("float32"): S.TensorType.FLOAT32}
B = S.BuiltinOperator
NONE, RELU, RELU6 = S.ActivationFunctionType.NONE, S.ActivationFunctionType.RELU, S.ActivationFunctionType.RELU6
SAME, VALID = S.Padding.SAME, S.Padding.VALID


class Net:
    """A graph under construction: tensors and operators in order of use."""

    def __init__(self, shape, dtype="int8", scale=0.02, zero=-3, seed=1):
        self.rng = np.random.default_rng(seed)
        self.model = S.ModelT()
        self.model.version, self.model.description = 3, "vedette golden"
        self.model.buffers, self.model.operatorCodes = [S.BufferT()], []
        self.graph = S.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.model.subgraphs = [self.graph]
        self.input = self.last = self.tensor(shape, dtype, scale, zero)

    def tensor(self, shape, dtype, scale=None, zero=0, data=None, axis=0):
        t = S.TensorT()
        t.shape, t.name = list(shape), f"t{len(self.graph.tensors)}"
        t.type = S.TensorType.INT4 if dtype == "int4" else TYPES[np.dtype(dtype)]
        if data is not None:
            b = S.BufferT()
            if dtype == "int4":  # two in a byte, the first in the low half
                q = np.append(np.ravel(data), [0] * (np.size(data) % 2)).astype(np.uint8) & 15
                b.data = q[::2] | q[1::2] << 4
            else:
                b.data = np.frombuffer(np.ascontiguousarray(data, dtype).tobytes(), np.uint8)
            self.model.buffers.append(b)
            t.buffer = len(self.model.buffers) - 1
        if scale is not None:
            q = S.QuantizationParametersT()
            q.scale = [float(s) for s in np.atleast_1d(scale)]
            q.zeroPoint, q.quantizedDimension = [zero] * len(q.scale), axis
            t.quantization = q
        self.graph.tensors.append(t)
        return len(self.graph.tensors) - 1

    def op(self, code, inputs, outputs, options_type=None, options=None, version=1):
        c = S.OperatorCodeT()
        c.builtinCode, c.version = code, version
        c.deprecatedBuiltinCode = min(code, 127)
        self.model.operatorCodes.append(c)
        o = S.OperatorT()
        o.opcodeIndex, o.inputs, o.outputs = len(self.model.operatorCodes) - 1, inputs, outputs
        if options is not None:
            o.builtinOptionsType, o.builtinOptions = options_type, options
        self.graph.operators.append(o)
        self.last = outputs[0]

    def quant(self, tensor):
        q = self.graph.tensors[tensor].quantization
        return q.scale[0], q.zeroPoint[0]

    def weights(self, shape, channels, axis, fan_in, per_channel=True, bits=8):
        """Random int8 weights, scales over two orders of magnitude, biases, and the output scale that they call for."""
        n = channels if per_channel else 1
        scale = 10.0 ** self.rng.uniform(-3.5, -1.5, n)
        w = self.rng.integers(-127, 128, shape) if bits == 8 else self.rng.integers(-7, 8, shape)
        in_scale, _ = self.quant(self.last)
        spread = in_scale * scale.max() * 73 * (60 if bits == 8 else 4) * np.sqrt(fan_in)
        bias = np.round(self.rng.normal(0, 0.3 * spread, channels) / (in_scale * np.broadcast_to(scale, channels)))
        wt = self.tensor(shape, f"int{bits}", scale, 0, w, axis)
        bt = self.tensor([channels], "int32", in_scale * scale, 0, np.clip(bias, -2**30, 2**30).astype(np.int32))
        return wt, bt, float(spread * 4 / 255)

    def conv(self, out_shape, kernel, stride=1, padding=SAME, dilation=1, act=NONE, groups=1, zero=5, per_channel=True,
             bits=8):
        in_c, out_c = self.graph.tensors[self.last].shape[3], out_shape[3]
        k = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        w, b, scale = self.weights([out_c, *k, in_c // groups], out_c, 0, k[0] * k[1] * in_c // groups, per_channel,
                                   bits)
        if act == RELU6:
            scale, zero = 6 / 255, -128
        opt = S.Conv2DOptionsT()
        opt.strideH = opt.strideW = stride
        opt.dilationHFactor = opt.dilationWFactor = dilation
        opt.padding, opt.fusedActivationFunction = padding, act
        self.op(B.CONV_2D, [self.last, w, b], [self.tensor(out_shape, "int8", scale, zero)],
                S.BuiltinOptions.Conv2DOptions, opt, 7 if bits == 4 else 6 if groups > 1 else 3)

    def depthwise(self, out_shape, kernel, stride=1, padding=SAME, dilation=1, act=NONE, multiplier=1, zero=-20,
                  bits=8):
        out_c = out_shape[3]
        w, b, scale = self.weights([1, kernel, kernel, out_c], out_c, 3, kernel * kernel, bits=bits)
        opt = S.DepthwiseConv2DOptionsT()
        opt.strideH = opt.strideW = stride
        opt.dilationHFactor = opt.dilationWFactor = dilation
        opt.padding, opt.fusedActivationFunction, opt.depthMultiplier = padding, act, multiplier
        self.op(B.DEPTHWISE_CONV_2D, [self.last, w, b], [self.tensor(out_shape, "int8", scale, zero)],
                S.BuiltinOptions.DepthwiseConv2DOptions, opt, version=6 if bits == 4 else 3)

    def dense(self, rows, out_c, act=NONE, per_channel=False, bits=8):
        in_c = int(np.prod(self.graph.tensors[self.last].shape)) // rows
        w, b, scale = self.weights([out_c, in_c], out_c, 0, in_c, per_channel, bits)
        opt = S.FullyConnectedOptionsT()
        opt.fusedActivationFunction = act
        self.op(B.FULLY_CONNECTED, [self.last, w, b], [self.tensor([rows, out_c], "int8", scale, 11)],
                S.BuiltinOptions.FullyConnectedOptions, opt, version=10 if bits == 4 else 5)

    def add(self, other, scale, zero, act=NONE):
        opt = S.AddOptionsT()
        opt.fusedActivationFunction = act
        shape = self.graph.tensors[self.last].shape
        self.op(B.ADD, [self.last, other], [self.tensor(shape, "int8", scale, zero)], S.BuiltinOptions.AddOptions, opt, 2)

    def pool(self, code, out_shape, kernel, stride, padding, act=NONE):
        opt = S.Pool2DOptionsT()
        opt.filterHeight, opt.filterWidth = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        opt.strideH = opt.strideW = stride
        opt.padding, opt.fusedActivationFunction = padding, act
        self.op(code, [self.last], [self.tensor(out_shape, "int8", *self.quant(self.last))],
                S.BuiltinOptions.Pool2DOptions, opt, 2)

    def mean(self, keep, scale, zero, axes=(1, 2)):
        shape = self.graph.tensors[self.last].shape
        out = [1 if i in axes else e for i, e in enumerate(shape) if keep or i not in axes]
        a = self.tensor([len(axes)], "int32", data=axes)
        opt = S.ReducerOptionsT()
        opt.keepDims = keep
        self.op(B.MEAN, [self.last, a], [self.tensor(out, "int8", scale, zero)],
                S.BuiltinOptions.ReducerOptions, opt, 2)

    def constant(self, shape, scale, zero):
        return self.tensor(shape, "int8", scale, zero, self.rng.integers(-128, 128, shape))

    def binary(self, code, a, b, scale, zero, act=NONE):
        kind = {B.ADD: "Add", B.SUB: "Sub", B.MUL: "Mul"}[code] + "Options"
        opt = getattr(S, kind + "T")()
        opt.fusedActivationFunction = act
        shape = np.broadcast_shapes(*(tuple(self.graph.tensors[t].shape) for t in (a, b)))
        big = code == B.MUL and self.quant(a)[0] * self.quant(b)[0] >= scale
        self.op(code, [a, b], [self.tensor(shape, "int8", scale, zero)], getattr(S.BuiltinOptions, kind), opt,
                3 if big else 2)

    def unary(self, code, scale, zero, alpha=None):
        kind, opt = None, None
        if code == B.HARD_SWISH:
            kind, opt = S.BuiltinOptions.HardSwishOptions, S.HardSwishOptionsT()
        if code == B.LEAKY_RELU:
            kind, opt = S.BuiltinOptions.LeakyReluOptions, S.LeakyReluOptionsT()
            opt.alpha = alpha
        self.op(code, [self.last], [self.tensor(self.graph.tensors[self.last].shape, "int8", scale, zero)], kind, opt,
                1 if opt else 2)

    def concatenate(self, tensors, axis):
        shape = list(self.graph.tensors[tensors[0]].shape)
        shape[axis] = sum(self.graph.tensors[t].shape[axis] for t in tensors)
        opt = S.ConcatenationOptionsT()
        opt.axis = axis
        self.op(B.CONCATENATION, tensors, [self.tensor(shape, "int8", *self.quant(tensors[0]))],
                S.BuiltinOptions.ConcatenationOptions, opt, 2)

    def transpose(self, permutation):
        shape = self.graph.tensors[self.last].shape
        p = self.tensor([len(permutation)], "int32", data=permutation)
        rank = len(shape)
        self.op(B.TRANSPOSE, [self.last, p],
                [self.tensor([shape[i] for i in permutation], "int8", *self.quant(self.last))],
                S.BuiltinOptions.TransposeOptions, S.TransposeOptionsT(), 6 if rank > 5 else 4 if rank > 4 else 2)

    def strided_slice(self, slices, open_ends=0):
        shape = self.graph.tensors[self.last].shape
        parts = [s.indices(e) for s, e in zip(slices, shape)]
        lists = [self.tensor([len(shape)], "int32", data=[p[i] for p in parts]) for i in range(3)]
        opt = S.StridedSliceOptionsT()
        opt.endMask = open_ends
        self.op(B.STRIDED_SLICE, [self.last, *lists],
                [self.tensor([len(range(*p)) for p in parts], "int8", *self.quant(self.last))],
                S.BuiltinOptions.StridedSliceOptions, opt, 2)

    def gather(self, axis, indices):
        shape = list(self.graph.tensors[self.last].shape)
        shape[axis] = len(indices)
        i = self.tensor([len(indices)], "int32", data=indices)
        opt = S.GatherOptionsT()
        opt.axis = axis
        self.op(B.GATHER, [self.last, i], [self.tensor(shape, "int8", *self.quant(self.last))],
                S.BuiltinOptions.GatherOptions, opt, 2)

    def pad(self, out_shape, amounts):
        a = self.tensor([4, 2], "int32", data=amounts)
        self.op(B.PAD, [self.last, a], [self.tensor(out_shape, "int8", *self.quant(self.last))],
                S.BuiltinOptions.PadOptions, S.PadOptionsT(), 2)

    def softmax(self, beta=1.0):
        opt = S.SoftmaxOptionsT()
        opt.beta = beta
        self.op(B.SOFTMAX, [self.last], [self.tensor(self.graph.tensors[self.last].shape, "int8", 1 / 256, -128)],
                S.BuiltinOptions.SoftmaxOptions, opt, 2)

    def reshape(self, shape):
        s = self.tensor([len(shape)], "int32", data=shape)
        opt = S.ReshapeOptionsT()
        opt.newShape = list(shape)
        q = self.quant(self.last)
        self.op(B.RESHAPE, [self.last, s], [self.tensor(shape, "int8", *q)], S.BuiltinOptions.ReshapeOptions, opt)

    def quantize(self, dtype, scale, zero):
        self.op(B.QUANTIZE, [self.last], [self.tensor(self.graph.tensors[self.last].shape, dtype, scale, zero)],
                S.BuiltinOptions.QuantizeOptions, S.QuantizeOptionsT(), 2)

    def dequantize(self):
        self.op(B.DEQUANTIZE, [self.last], [self.tensor(self.graph.tensors[self.last].shape, "float32")],
                S.BuiltinOptions.DequantizeOptions, S.DequantizeOptionsT(), 2)

    def save(self, name, every=False):
        self.graph.inputs, self.graph.outputs = [self.input], [self.last]
        b = flatbuffers.Builder(1024)
        b.Finish(self.model.Pack(b), b"TFL3")
        data = bytes(b.Output())
        x, y = None, []
        for resolver in (OpResolverType.BUILTIN_REF, OpResolverType.AUTO):
            it = Interpreter(model_content=data, experimental_op_resolver_type=resolver)
            it.allocate_tensors()
            i, o = it.get_input_details()[0], it.get_output_details()[0]
            if x is not None:
                pass
            elif i["dtype"] == np.float32:
                x = self.rng.normal(0, 1.5, i["shape"]).astype(np.float32)
            elif i["shape"].prod() >= 256 and every:  # every value, for functions of one element
                x = np.resize(np.arange(-128, 128), i["shape"]).astype(np.int8)
            else:
                info = np.iinfo(i["dtype"])
                x = self.rng.integers(info.min, info.max + 1, i["shape"]).astype(i["dtype"])
            it.set_tensor(i["index"], x)
            it.invoke()
            y.append(it.get_tensor(o["index"]))
        y, default = y
        (OUT / f"{name}.tflite").write_bytes(data)
        self.data = data
        (OUT / f"{name}.input").write_bytes(x.tobytes())
        (OUT / f"{name}.output").write_bytes(y.tobytes())
        if not np.array_equal(y, default):
            (OUT / f"{name}.default").write_bytes(default.tobytes())
        print(f"{name:28s} {x.dtype}{list(x.shape)} -> {y.dtype}{list(y.shape)}, {len(np.unique(y))} values")


    def save_at(self, name, height, width):
        """The input and LiteRT's answer for another input size of the network saved before."""
        it = Interpreter(model_content=self.data, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
        i = it.get_input_details()[0]
        shape = [1, height, width, i["shape"][3]]
        it.resize_tensor_input(i["index"], shape)
        it.allocate_tensors()
        x = self.rng.integers(-128, 128, shape).astype(np.int8)
        it.set_tensor(i["index"], x)
        it.invoke()
        y = it.get_tensor(it.get_output_details()[0]["index"])
        (OUT / f"{name}-{height}x{width}.input").write_bytes(x.tobytes())
        (OUT / f"{name}-{height}x{width}.output").write_bytes(y.tobytes())
        print(f"{name} at {height}x{width}: {len(np.unique(y))} values")


def noise(count, seed):
    """The bytes of a SplitMix64 sequence, as the Swift tests draw them."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.uint64(0x9E3779B97F4A7C15) * np.arange(1, count // 8 + 1, dtype=np.uint64)
        z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        return (z ^ z >> np.uint64(31)).view(np.int8)


def sample_model():
    """LiteRT's logits for smooth noise of several sizes through the sample model, once more by its default kernels."""
    path = Path(__file__).parents[2] / "samples/models/efficientnet_lite0_224.int8.tflite"
    for side in (192, 160, 128):
        x = noise(side * side * 3, side).reshape(side, side, 3)
        x = np.repeat(np.repeat(x[::16, ::16], 16, 0), 16, 1)[None]  # squares of one colour
        for resolver, kind in ((OpResolverType.BUILTIN_REF, "output"), (OpResolverType.AUTO, "default")):
            it = Interpreter(str(path), experimental_op_resolver_type=resolver)
            it.resize_tensor_input(it.get_input_details()[0]["index"], x.shape)
            it.allocate_tensors()
            it.set_tensor(it.get_input_details()[0]["index"], x)
            it.invoke()
            y = it.get_tensor(it.get_output_details()[0]["index"])
            (OUT / f"sample-{side}.{kind}").write_bytes(y.tobytes())


def main():
    OUT.mkdir(exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()

    n = Net([1, 15, 17, 3], scale=1 / 128, zero=-1, seed=1); n.conv([1, 8, 9, 21], 3, 2, act=RELU6); n.save("conv-stem")
    n = Net([1, 9, 11, 40], seed=2); n.conv([1, 9, 11, 29], 1); n.save("conv-pointwise")
    n = Net([1, 12, 10, 8], seed=3); n.conv([1, 8, 8, 18], (5, 3), padding=VALID); n.save("conv-valid-5x3")
    n = Net([1, 13, 13, 6], seed=4); n.conv([1, 13, 13, 10], 3, dilation=2, act=RELU); n.save("conv-dilated")
    n = Net([1, 8, 8, 12], seed=5); n.conv([1, 8, 8, 20], 3, groups=4); n.save("conv-groups")
    n = Net([1, 8, 8, 16], seed=6); n.conv([1, 4, 4, 33], 3, 2, per_channel=False); n.save("conv-per-tensor")
    n = Net([1, 14, 15, 24], scale=6 / 255, zero=-128, seed=7); n.depthwise([1, 14, 15, 24], 3, act=RELU6); n.save("depthwise-3x3")
    n = Net([1, 14, 15, 37], seed=8); n.depthwise([1, 7, 8, 37], 5, 2); n.save("depthwise-5x5-stride2")
    n = Net([1, 9, 9, 5], seed=9); n.depthwise([1, 7, 7, 15], 3, padding=VALID, multiplier=3); n.save("depthwise-multiplier")
    n = Net([1, 12, 12, 9], seed=10); n.depthwise([1, 12, 12, 9], 3, dilation=3); n.save("depthwise-dilated")
    n = Net([1, 130], seed=11); n.dense(1, 75); n.save("dense")
    n = Net([1, 3, 2, 40], seed=12); n.dense(3, 50, act=RELU); n.save("dense-rows")
    n = Net([1, 64], seed=13); n.dense(1, 130, per_channel=True); n.save("dense-per-channel")
    n = Net([1, 10, 10, 16], scale=0.11, zero=4, seed=14)
    a = n.input; n.conv([1, 10, 10, 16], 1); n.add(a, 0.6, -7); n.save("add-residual")
    n = Net([1, 10, 10, 16], scale=0.05, zero=10, seed=15); n.add(n.input, 0.07, 3, RELU); n.save("add-self-relu")
    n = Net([1, 7, 7, 90], scale=6 / 255, zero=-128, seed=16); n.mean(False, 0.019, -128); n.save("mean")
    n = Net([1, 6, 5, 20], scale=0.1, zero=30, seed=17); n.mean(True, 0.04, -11); n.save("mean-keep")
    n = Net([1, 11, 12, 19], seed=18); n.pool(B.AVERAGE_POOL_2D, [1, 6, 6, 19], 3, 2, SAME); n.save("average-pool-same")
    n = Net([1, 7, 7, 33], seed=19); n.pool(B.AVERAGE_POOL_2D, [1, 1, 1, 33], 7, 1, VALID); n.save("average-pool-global")
    n = Net([1, 11, 12, 19], seed=20); n.pool(B.MAX_POOL_2D, [1, 5, 5, 19], 3, 2, VALID, RELU); n.save("max-pool")
    n = Net([1, 5, 6, 7], seed=21); n.pad([1, 8, 7, 7], [[0, 0], [1, 2], [0, 1], [0, 0]]); n.save("pad")
    n = Net([1, 16, 16, 3], seed=22); n.pad([1, 19, 19, 3], [[0, 0], [1, 2], [1, 2], [0, 0]])
    n.conv([1, 9, 9, 16], 3, 2, VALID); n.save("pad-conv")
    n = Net([1, 100], scale=0.08, zero=-20, seed=23); n.softmax(); n.save("softmax")
    n = Net([1, 2, 2, 9], scale=0.3, zero=7, seed=24); n.softmax(0.5); n.save("softmax-rows-beta")
    n = Net([1, 4, 5, 6], seed=25); n.reshape([1, 120]); n.dense(1, 12); n.save("reshape-dense")
    n = Net([1, 4, 5, 6], seed=26); n.conv([1, 4, 5, 3], 1); n.reshape([1, 60]); n.save("conv-reshape")
    n = Net([1, 9, 9, 3], "float32", None, seed=27); n.quantize("int8", 0.02, -5); n.conv([1, 5, 5, 8], 3, 2)
    n.dequantize(); n.save("float-edges")
    n = Net([1, 9, 9, 3], "uint8", 1 / 128, 127, seed=28); n.quantize("int8", 1 / 128, -1); n.conv([1, 5, 5, 8], 3, 2)
    n.quantize("uint8", n.quant(n.last)[0], n.quant(n.last)[1] + 128); n.save("uint8-edges")
    n = Net([1, 60], scale=0.05, zero=-9, seed=29); n.quantize("int8", 0.031, 14); n.save("requantize")
    n = Net([1, 20, 20, 3], scale=1 / 128, zero=-1, seed=30)
    n.conv([1, 10, 10, 16], 3, 2, act=RELU6); n.depthwise([1, 10, 10, 16], 3, act=RELU6); n.conv([1, 10, 10, 8], 1)
    skip = n.last; n.conv([1, 10, 10, 24], 1, act=RELU6); n.depthwise([1, 10, 10, 24], 3, act=RELU6)
    n.conv([1, 10, 10, 8], 1); n.add(skip, 2 * n.quant(skip)[0], 0); n.mean(False, n.quant(n.last)[0] / 3, -4)
    n.dense(1, 10); n.softmax(); n.save("tiny-network")
    n.save_at("tiny-network", 13, 32); n.save_at("tiny-network", 1, 7)

    n = Net([1, 7, 9, 21], scale=0.02, zero=-3, seed=31); a = n.last; n.unary(B.LOGISTIC, 1 / 256, -128)
    n.binary(B.SUB, a, n.last, 0.021, 4); n.save("sub")
    n = Net([1, 7, 9, 21], scale=0.02, zero=-3, seed=32); f = n.constant([1, 1, 1, 21], 0.011, 9)
    n.binary(B.SUB, f, n.last, 0.025, -8, RELU); n.save("sub-constant-first")
    n = Net([1, 7, 9, 21], scale=0.02, zero=-3, seed=33); f = n.constant([21], 0.03, -40)
    n.binary(B.ADD, n.last, f, 0.041, 12); n.save("add-channels")
    n = Net([1, 7, 9, 21], scale=0.02, zero=-3, seed=34); f = n.constant([1, 1], 0.03, -40)
    n.binary(B.ADD, n.last, f, 0.03, 12, RELU6); n.save("add-scalar")
    n = Net([1, 7, 9, 21], scale=0.02, zero=-3, seed=35); a = n.last; n.unary(B.LOGISTIC, 1 / 256, -128)
    n.binary(B.MUL, a, n.last, 0.017, 4); n.save("mul")
    n = Net([1, 7, 9, 21], scale=0.02, zero=-3, seed=36); a = n.last; n.mean(True, 0.005, 2)
    n.unary(B.LOGISTIC, 1 / 256, -128); n.binary(B.MUL, a, n.last, 0.012, 4, RELU); n.save("mul-channels")
    n = Net([1, 7, 9, 21], scale=0.02, zero=-3, seed=37); f = n.constant([1, 7, 9, 1], 0.8, 30)
    n.binary(B.MUL, f, n.last, 0.9, -11); n.save("mul-pixels")
    n = Net([1, 7, 9, 21], scale=1.5, zero=-3, seed=38); f = n.constant([1, 1], 0.04, 30)
    n.binary(B.MUL, n.last, f, 1.3, 0); n.save("mul-scalar-large")
    n = Net([1, 4, 4, 32], scale=0.05, zero=-20, seed=39); n.unary(B.LOGISTIC, 1 / 256, -128); n.save("logistic", True)
    n = Net([1, 4, 4, 32], scale=0.04, zero=11, seed=40); n.unary(B.HARD_SWISH, 0.02, -109); n.save("hard-swish", True)
    n = Net([1, 4, 4, 32], scale=0.13, zero=-60, seed=41); n.unary(B.HARD_SWISH, 0.12, -125); n.save("hard-swish-wide", True)
    n = Net([1, 4, 4, 32], scale=0.05, zero=11, seed=42); n.unary(B.LEAKY_RELU, 0.043, -60, 0.1); n.save("leaky-relu", True)
    n = Net([1, 4, 4, 32], scale=0.05, zero=11, seed=43); n.unary(B.RELU, 0.023, -128); n.save("relu", True)
    n = Net([1, 4, 4, 32], scale=0.08, zero=11, seed=44); n.unary(B.RELU6, 6 / 255, -128); n.save("relu6", True)
    n = Net([1, 5, 6, 7], seed=45); a = n.last; n.pool(B.MAX_POOL_2D, [1, 5, 6, 7], 3, 1, SAME)
    n.concatenate([a, n.last, a], 3); n.save("concatenate-channels")
    n = Net([1, 5, 6, 7], seed=46); a = n.last; n.pool(B.MAX_POOL_2D, [1, 3, 6, 7], (3, 1), 1, VALID)
    n.concatenate([n.last, a], 1); n.save("concatenate-rows")
    n = Net([1, 5, 6, 7], seed=47); n.transpose([0, 3, 1, 2]); n.save("transpose")
    n = Net([1, 5, 6, 8], seed=48); n.reshape([1, 5, 6, 2, 4]); n.transpose([0, 1, 2, 4, 3]); n.reshape([1, 5, 6, 8])
    n.save("channel-shuffle")
    n = Net([1, 2, 3, 4, 5, 2], seed=49); n.transpose([5, 0, 4, 2, 1, 3]); n.save("transpose-6")
    n = Net([1, 5, 9, 8], seed=50); n.strided_slice([np.s_[:], np.s_[1:], np.s_[::3], np.s_[1:7:2]], 3); n.save("slice")
    n = Net([1, 5, 6, 9], seed=51); n.gather(3, [8, 0, 3, 3, 1, 7, 2]); n.save("gather-channels")
    n = Net([1, 5, 6, 9], seed=52); n.gather(1, [4, 4, 0]); n.save("gather-rows")
    n = Net([1, 5, 6, 40], seed=53); n.mean(False, 0.004, 3, (3,)); n.save("mean-channels")
    n = Net([1, 5, 6, 9], seed=54); n.mean(True, 0.008, 3, (2,)); n.save("mean-columns")
    n = Net([1, 6, 7, 48], seed=55); n.conv([1, 6, 7, 96], 3, groups=12); n.save("conv-groups-many")
    n = Net([1, 9, 11, 40], seed=56); n.conv([1, 9, 11, 29], 1, bits=4); n.save("conv-int4")
    n = Net([1, 9, 11, 15], seed=57); n.conv([1, 9, 11, 10], 3, groups=5, bits=4); n.save("conv-int4-groups")
    n = Net([1, 9, 11, 15], seed=58); n.depthwise([1, 9, 11, 15], 3, bits=4); n.save("depthwise-int4")
    n = Net([1, 75], seed=59); n.dense(1, 33, per_channel=True, bits=4); n.save("dense-int4")
    n = Net([1, 12], scale=0.05, seed=60); n.dense(1, 60); n.reshape([1, 4, 5, 3]); n.conv([1, 4, 5, 6], 3)
    n.save("reshape-conv")
    # Squeeze and excite, between hard swishes, and two branches joined: the new operators in one network.
    n = Net([1, 12, 12, 3], scale=1 / 128, zero=-1, seed=61); n.conv([1, 6, 6, 16], 3, 2); n.unary(B.HARD_SWISH, 0.09, -124)
    a = n.last; n.mean(True, 0.04, -124); n.conv([1, 1, 1, 8], 1, act=RELU6); n.conv([1, 1, 1, 16], 1)
    n.unary(B.LOGISTIC, 1 / 256, -128); n.binary(B.MUL, a, n.last, 0.06, -120); b = n.last
    n.conv([1, 6, 6, 16], 3, groups=4); n.quantize("int8", *n.quant(b)); n.concatenate([b, n.last], 3)
    n.reshape([1, 6, 6, 2, 16]); n.transpose([0, 1, 2, 4, 3]); n.reshape([1, 6, 6, 32]); n.mean(False, 0.03, -100)
    n.dense(1, 10); n.save("excite-network")
    n = Net([1, 10, 9, 6], seed=62); n.conv([1, 5, 5, 8], 3, 2); a = n.last; n.pad([1, 7, 7, 8], [[0, 0], [1, 1], [1, 1], [0, 0]])
    n.pool(B.MAX_POOL_2D, [1, 5, 5, 8], 3, 1, VALID); n.concatenate([a, n.last], 3); b = n.last
    n.mean(True, 0.7 * n.quant(b)[0], -9); n.unary(B.LOGISTIC, 1 / 256, -128); n.binary(B.MUL, b, n.last, 0.6 * n.quant(b)[0], 3)
    n.gather(3, [15, 0, 7, 8, 3, 3]); n.strided_slice([np.s_[:], np.s_[::2], np.s_[1:], np.s_[:]], 15)
    n.mean(False, 0.5 * n.quant(n.last)[0], 5); n.save("sizes"); n.save_at("sizes", 22, 31); n.save_at("sizes", 5, 4)
    sample_model()


main()
