#!/usr/bin/env python3
"""Holds our runtime to LiteRT's reference kernels on real frames.

  python3 -m venv VENV && VENV/bin/pip install ai-edge-litert==2.3.0 numpy pillow
  VENV/bin/python Tests/compare/litert.py --vedette .build/release/vedette --model M.tflite --frames DIR

DIR holds JPEGs and labels.csv (file, label_index, label).

1. Operator by operator: on the first frames, each operator of ours gets the tensors that LiteRT's reference
   kernels (BUILTIN_REF) computed before it, so that nothing adds up; its output may differ from theirs by at most
   1 step, in at most 4 % of the elements.
2. Top-1 of `vedette infer` and of LiteRT on the same pixels (`vedette preprocess`), over all frames.
3. Pixels: `vedette preprocess` against Pillow's full decode, the same crop, bicubic; and LiteRT's top-1 on either.

Exits 1 if a bound is broken, 77 if --frames is not there.
"""
import argparse
import csv
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from PIL import Image

STEP, SHARE = 1, 0.04  # of the design: steps an operator, share of its outputs
PIXELS = 3.0           # mean difference in levels
TOP1 = 2               # images


def run(*command):
    p = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if p.returncode:
        sys.exit(f"{' '.join(map(str, command))}: {p.stderr}")
    return p.stdout


def reference_pixels(path, side):
    """Pillow's full decode, central square of S / (S + 32) of the shorter side, one bicubic resize."""
    im = Image.open(path).convert("RGB")
    w, h = im.size
    c = side * min(w, h) // (side + 32)
    left, top = (w - c) // 2, (h - c) // 2
    return np.asarray(im.resize((side, side), Image.BICUBIC, box=(left, top, left + c, top + c)))


class Reference:
    def __init__(self, model):
        self.it = Interpreter(str(model), experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
                              experimental_preserve_all_tensors=True)
        self.it.allocate_tensors()
        self.input, self.output = self.it.get_input_details()[0], self.it.get_output_details()[0]

    def logits(self, x):
        self.it.set_tensor(self.input["index"], x)
        self.it.invoke()
        return self.it.get_tensor(self.output["index"]).ravel().copy()

    def intermediate(self):
        """(operator, name, output tensor's index, its value) after a run."""
        for op in self.it._get_ops_details():
            index = op["outputs"][0]
            yield op["index"], op["op_name"], index, self.it.get_tensor(index)


def compare_operators(vedette, model, ref, inputs, tmp):
    worst = {}
    for x in inputs:
        given, ours = tmp / "given", tmp / "ours"
        given.mkdir(exist_ok=True)
        ours.mkdir(exist_ok=True)
        (tmp / "in.raw").write_bytes(x.tobytes())
        ref.logits(x)
        for _, _, tensor, value in ref.intermediate():
            (given / f"{tensor}.raw").write_bytes(value.tobytes())
        run(vedette, "infer", model, "--input", tmp / "in.raw", "--output", tmp / "out.raw",
            "--dump", ours, "--given", given)
        for op, name, tensor, value in ref.intermediate():
            f = ours / f"{tensor}.raw"
            if not f.exists():
                continue  # folded into another operator
            d = np.abs(np.frombuffer(f.read_bytes(), value.dtype).astype(np.int64) - value.ravel().astype(np.int64))
            w = worst.setdefault((op, name), [0, 0, 0])
            w[0], w[1], w[2] = max(w[0], int(d.max())), w[1] + int((d > 0).sum()), w[2] + d.size
    bad = 0
    print(f"operator by operator, {len(inputs)} frames (largest difference in steps, share of outputs that differ):")
    for (op, name), (step, differ, size) in sorted(worst.items()):
        share = differ / size
        flag = "" if step <= STEP and share <= SHARE else "   <-- over the bound"
        bad += bool(flag)
        print(f"  {op:3d} {name:20s} {step:2d}  {100 * share:6.3f} %{flag}")
    total, size = sum(w[1] for w in worst.values()), sum(w[2] for w in worst.values())
    print(f"  all {len(worst)} operators: at most {max(w[0] for w in worst.values())} step(s), {100 * total / size:.3f} % "
          f"of outputs; worst operator {100 * max(w[1] / w[2] for w in worst.values()):.3f} %")
    return bad


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--vedette", required=True, type=lambda path: Path(path).resolve())
    ap.add_argument("--model", required=True, type=Path)
    ap.add_argument("--frames", required=True, type=Path)
    ap.add_argument("--operators-on", type=int, default=20, metavar="N", help="frames for the operator comparison")
    a = ap.parse_args()
    if not (a.frames / "labels.csv").exists():
        print(f"skipped: no frames at {a.frames}")
        sys.exit(77)
    rows = list(csv.DictReader(open(a.frames / "labels.csv")))
    ref = Reference(a.model)
    side = ref.input["shape"][1]
    zero = 128 if ref.input["dtype"] == np.int8 else 0
    dtype = ref.input["dtype"]
    bad = 0
    with tempfile.TemporaryDirectory() as d:
        tmp = Path(d)
        ours, theirs, differences = [], [], []
        top_ours, top_ref, top_pillow = [], [], []
        for row in rows:
            f = a.frames / row["file"]
            run(a.vedette, "preprocess", "--model", a.model, f, "--output", tmp / "in.raw")
            x = np.frombuffer((tmp / "in.raw").read_bytes(), dtype).reshape(ref.input["shape"])
            p = (reference_pixels(f, side).astype(np.int16) - zero).astype(dtype)[None]
            differences.append(np.abs(x.astype(np.int16) - p.astype(np.int16)).mean())
            run(a.vedette, "infer", a.model, "--input", tmp / "in.raw", "--output", tmp / "out.raw")
            y = np.frombuffer((tmp / "out.raw").read_bytes(), ref.output["dtype"])
            top_ours.append(int(y.argmax()))
            top_ref.append(int(ref.logits(x).argmax()))
            top_pillow.append(int(ref.logits(p).argmax()))
            ours.append(x)
        labels = [int(r["label_index"]) for r in rows]
        right = lambda top: sum(t == l for t, l in zip(top, labels))
        bad += compare_operators(a.vedette, a.model, ref, ours[:a.operators_on], tmp)
    n = len(rows)
    print(f"top-1 of {n}: ours {right(top_ours)}, LiteRT's reference kernels {right(top_ref)} on the same pixels "
          f"(same answer on {sum(o == r for o, r in zip(top_ours, top_ref))}), {right(top_pillow)} on Pillow's pixels")
    print(f"pixels against Pillow: mean difference {np.mean(differences):.2f} levels, worst picture {max(differences):.2f}")
    bad += abs(right(top_ours) - right(top_ref)) > TOP1
    bad += abs(right(top_ref) - right(top_pillow)) > TOP1
    bad += np.mean(differences) > PIXELS
    print("FAILED" if bad else "ok")
    sys.exit(bool(bad))


main()
