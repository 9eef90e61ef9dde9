#!/usr/bin/env python3
"""Makes Networks/: small ONNX files that the tests of `vedette quantize`, `evaluate` and `report`
hand to the program.

    python3 -m venv VENV
    VENV/bin/pip install numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 pillow==13.0.0
    VENV/bin/python Tests/CommandTests/make_networks.py

shapes.onnx is a classifier of 32x32 pixels with depthwise layers and a residual; its last layer is
fitted so that it tells the pictures of samples/frames apart (cat, espresso, photographer, rocket; a
fifth class is never the answer). The others are what `quantize` has to refuse, each for the reason
in its name. Everything is seeded.
"""

import pathlib

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from PIL import Image, ImageOps

HERE = pathlib.Path(__file__).parent
FRAMES = HERE.parent.parent / "samples" / "frames"
CLASSES = ["cat", "espresso", "photographer", "rocket"]
CLASS_COUNT = 5
SIDE = 32
IR = 10


class Net:
    """A graph under construction; `last` is the value that the next node reads."""

    def __init__(self, shape=(1, 3, SIDE, SIDE)):
        self.shape, self.nodes, self.stored, self.last = shape, [], [], "input"
        self.rng = np.random.default_rng(7)

    def const(self, array):
        name = f"c{len(self.stored)}"
        self.stored.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def op(self, kind, *inputs, **attributes):
        names = [i if isinstance(i, str) else self.const(i) for i in inputs]
        made = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, names, [made], name=f"/{made}", **attributes))
        self.last = made
        return made

    def conv(self, inputs, outputs, size, stride=1, groups=1, relu=True):
        fan_in = inputs // groups * size * size
        weights = self.rng.normal(0, np.sqrt(2 / fan_in), (outputs, inputs // groups, size, size))
        bias = self.rng.uniform(-0.1, 0.3, outputs)
        self.op(
            "Conv", self.last, weights.astype(np.float32), bias.astype(np.float32), group=groups,
            kernel_shape=[size, size], strides=[stride, stride], pads=[size // 2] * 4)
        if relu:
            self.op("Clip", self.last, np.float32(0), np.float32(6))
        return self.last

    def model(self, output_shape):
        graph = helper.make_graph(
            self.nodes, "net",
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, self.shape)],
            [helper.make_tensor_value_info(self.last, TensorProto.FLOAT, output_shape)],
            self.stored)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = IR
        onnx.checker.check_model(model)
        return model

    def save(self, name, output_shape):
        onnx.save(self.model(output_shape), HERE / "Networks" / name)


def body():
    net = Net()
    net.conv(3, 8, 3, stride=2)
    net.conv(8, 8, 3, groups=8)
    shortcut = net.conv(8, 16, 1, relu=False)
    net.conv(16, 16, 3, groups=16)
    net.conv(16, 16, 1, relu=False)
    net.op("Add", net.last, shortcut)
    net.conv(16, 24, 3, stride=2)
    return net


def picture(name):
    """Roughly what vedette makes of it with --crop whole; the fit leaves wide margins."""
    image = ImageOps.exif_transpose(Image.open(FRAMES / f"{name}.jpg")).convert("RGB")
    pixels = np.asarray(image.resize((SIDE, SIDE), Image.BICUBIC), np.float32)
    return ((pixels - 127) / 128).transpose(2, 0, 1)[None]


def classifier():
    net = body()
    net.op("GlobalAveragePool", net.last)
    net.op("Flatten", net.last)
    session = ort.InferenceSession(net.model([1, 24]).SerializeToString())
    features = np.concatenate([session.run(None, {"input": picture(c)})[0] for c in CLASSES])
    wanted = np.full((len(CLASSES), CLASS_COUNT), -3, np.float32)
    wanted[:, : len(CLASSES)] += 6 * np.eye(len(CLASSES), dtype=np.float32)
    # Ridge regression through the origin plus a bias: small weights, so that noise changes little.
    center = features.mean(0)
    scatter = (features - center) @ (features - center).T + 1e-4 * np.eye(len(CLASSES))
    weights = (features - center).T @ np.linalg.solve(scatter, wanted - wanted.mean(0))
    bias = wanted.mean(0) - center @ weights
    net.op("Gemm", net.last, weights.astype(np.float32), bias.astype(np.float32))
    net.save("shapes.onnx", [1, CLASS_COUNT])


def refusals():
    net = body()
    net.save("feature-map.onnx", [1, 24, 8, 8])

    net = Net(shape=(1, 10))
    net.op("Gemm", net.last, net.rng.normal(0, 1, (10, CLASS_COUNT)).astype(np.float32))
    net.save("no-image.onnx", [1, CLASS_COUNT])

    net = Net()
    net.conv(3, 8, 3, stride=2)
    net.op("GlobalAveragePool", net.last)
    pooled = net.op("Flatten", net.last)

    def branch(name, kind):
        out = helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 8])
        return helper.make_graph([helper.make_node(kind, [pooled], [name])], name, [], [out])

    net.op("If", np.array(True), then_branch=branch("yes", "Relu"), else_branch=branch("no", "Neg"))
    net.save("control-flow.onnx", [1, 8])

    net = Net(shape=(1, 4, SIDE, SIDE))
    net.conv(4, 8, 3, stride=2)
    net.op("GlobalAveragePool", net.last)
    net.op("Flatten", net.last)
    net.save("four-channels.onnx", [1, 8])


if __name__ == "__main__":
    (HERE / "Networks").mkdir(exist_ok=True)
    classifier()
    refusals()
