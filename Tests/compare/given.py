#!/usr/bin/env python3
"""Holds our int8 form of ONNX files that are quantised already to ONNX Runtime.

  python3 -m venv VENV && VENV/bin/pip install numpy onnx onnxruntime tflite
  VENV/bin/python Tests/compare/given.py --vedette .build/release/vedette --frames DIR MODEL.onnx ...

Each model (activations uint8) is quantised without any calibration frames, so with its own integers and scales.

1. Operator by operator: on the first frames each operator of ours gets the tensors that ONNX Runtime computed before
   it (float between Q and DQ, optimizer off); its output may differ by at most 1 step, in at most 2 % of the elements.
2. Both runtimes answer the same stored inputs; at least 97 % of the first answers must be the same. (Not asked with
   --untrained: random weights blow one step in the first layer up to many in the last.) ONNX Runtime's integer kernels
   are held against its own floats as well, for comparison.

Exits 1 if a bound is broken, 77 if --frames is not there.
"""
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import tflite
from onnx import TensorProto, helper, numpy_helper

STEP, SHARE, TOP1 = 1, 0.02, 0.97
LEVELS = ort.GraphOptimizationLevel


def run(*command):
    p = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if p.returncode:
        sys.exit(f"{' '.join(map(str, command))}: {p.stderr}")
    return p.stdout + p.stderr


class Theirs:
    def __init__(self, path, level):
        model = onnx.load(path)
        self.stored = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
        self.quantized = [n for n in model.graph.node if n.op_type == "QuantizeLinear"]
        self.input = next(i.name for i in model.graph.input if i.name not in self.stored)
        self.answer = model.graph.output[0].name
        if level == LEVELS.ORT_DISABLE_ALL:
            for node in self.quantized:
                model.graph.output.append(helper.make_tensor_value_info(node.output[0], TensorProto.UINT8, None))
        options = ort.SessionOptions()
        options.graph_optimization_level = level
        self.session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])

    def reals(self, stored):
        """NHWC int8 as the network's input."""
        node = next(n for n in self.quantized if n.input[0] == self.input)
        scale, zero = (self.stored[name] for name in node.input[1:3])
        reals = (stored.astype(np.float32) + 128 - float(zero)) * np.float32(scale)
        return np.ascontiguousarray(reals.transpose(0, 3, 1, 2))

    def answers(self, inputs):
        return np.stack([self.session.run([self.answer], {self.input: x[None]})[0].ravel() for x in inputs])

    def tensors(self, image):
        """Scale and int8 elements in NHWC of all that is quantised."""
        values = self.session.run([n.output[0] for n in self.quantized], {self.input: image[None]})
        for node, value in zip(self.quantized, values):
            value = value.transpose(0, 2, 3, 1) if value.ndim == 4 else value
            yield float(self.stored[node.input[1]]), value.astype(int).ravel() - 128


def operators(vedette, made, stored, theirs):
    """Operators compared, the largest difference, the largest share of elements that differ."""
    graph = tflite.Model.GetRootAs(made.read_bytes(), 0).Subgraphs(0)
    outputs = [graph.Operators(i).Outputs(0) for i in range(graph.OperatorsLength())]
    with tempfile.TemporaryDirectory() as folder:
        folders = [Path(folder) / name for name in ("ours", "given", "again")]
        for each in folders:
            each.mkdir()
        ours, given, again = folders
        image = Path(folder) / "image.raw"
        stored.tofile(image)
        run(vedette, "infer", made, "--input", image, "--dump", ours)
        known = list(theirs.tensors(theirs.reals(stored[None])[0]))
        expected = {}
        for tensor in outputs:
            # Theirs that has our scale and is nearest: names do not survive every rewriting.
            if not (ours / f"{tensor}.raw").exists():
                continue  # done together with the next one
            elements = np.fromfile(ours / f"{tensor}.raw", np.int8)
            scale = graph.Tensors(tensor).Quantization().Scale(0)
            same = [v for s, v in known if s == scale and v.size == elements.size]
            if same:
                expected[tensor] = min(same, key=lambda v: np.abs(v - elements).sum())
                expected[tensor].astype(np.int8).tofile(given / f"{tensor}.raw")
        run(vedette, "infer", made, "--input", image, "--dump", again, "--given", given)
        differences = [np.abs(np.fromfile(again / f"{t}.raw", np.int8) - v) for t, v in expected.items()]
    return len(differences), max(d.max() for d in differences), max((d > 0).mean() for d in differences)


def report(label, ours, theirs):
    same = (ours.argmax(1) == theirs.argmax(1)).mean()
    sqnr = 10 * np.log10((theirs ** 2).sum() / max(((ours - theirs) ** 2).sum(), 1e-30))
    print(f"  {label}: {len(ours)} frames, same first answer {100 * same:.1f} %, logits {sqnr:.1f} dB")
    return same


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vedette", required=True)
    parser.add_argument("--frames", type=Path, required=True)
    parser.add_argument("--untrained", action="store_true")
    parser.add_argument("models", nargs="+")
    args = parser.parse_args()
    if not args.frames.is_dir():
        sys.exit(77)
    failed = False
    for model in args.models:
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / "m.tflite"
            run(args.vedette, "quantize", model, "-o", made)
            run(args.vedette, "evaluate", made, args.frames, "--inputs", f"{folder}/x.npy",
                "--logits", f"{folder}/y.npy")
            stored, ours = np.load(f"{folder}/x.npy"), np.load(f"{folder}/y.npy")
            floats = Theirs(model, LEVELS.ORT_DISABLE_ALL)
            figures = [operators(args.vedette, made, image, floats) for image in stored[:3]]
        count, step, share = (max(f) for f in zip(*figures))
        print(f"{Path(model).name}: {count} operators, at most {step} step, {100 * share:.2f} % of an output")
        failed |= step > STEP or share > SHARE
        inputs = floats.reals(stored)
        theirs = floats.answers(inputs)
        same = report("ours against ONNX Runtime in float between Q and DQ", ours, theirs)
        failed |= same < TOP1 and not args.untrained
        integers = Theirs(model, LEVELS.ORT_ENABLE_ALL).answers(inputs)
        report("ours against its integer kernels", ours, integers)
        report("its integer kernels against its floats", integers, theirs)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
