#!/usr/bin/env python3
"""Holds what the quantiser writes to LiteRT: small networks of every operation, lowered by its tests.

  python3 -m venv VENV && VENV/bin/pip install ai-edge-litert==2.3.0 numpy
  VEDETTE_LOWERING_FILES=DIR swift test --filter LoweringFilesTests
  VENV/bin/python Tests/compare/lowering.py DIR --vedette .build/debug/vedette

Each DIR/NAME.tflite must load in LiteRT's reference kernels (BUILTIN_REF), in its optimised ones, and in what it takes
by default (XNNPACK where that has a kernel), with the inputs of NAME.in:

1. A file with one operator that rounds: at most 1 step from what our kernels gave (NAME.out), with all three.
2. Others: each operator of ours, given the tensors that LiteRT's reference kernels computed before it, at most 1 step
   from theirs; and the answers of all three at most 1 step from NAME.out on average (a step early on may become
   several behind a convolution).

Exits 1 if a bound is broken.
"""
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

KERNELS = {"reference": OpResolverType.BUILTIN_REF, "own": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
           "default": OpResolverType.AUTO}
# Operators that only move or compare stored values.
EXACT = {"RESHAPE", "PAD", "MAX_POOL_2D", "CONCATENATION", "STRIDED_SLICE", "GATHER", "TRANSPOSE", "DELEGATE"}


def interpreter(path, kernels, keep=False):
    it = Interpreter(str(path), experimental_op_resolver_type=KERNELS[kernels], experimental_preserve_all_tensors=keep)
    it.allocate_tensors()
    return it


def roundings(it):
    """How many operators round."""
    return sum(op["op_name"] not in EXACT for op in it._get_ops_details())


def answers(it, xs):
    source, target = it.get_input_details()[0], it.get_output_details()[0]
    out = []
    for x in xs:
        it.set_tensor(source["index"], x[None])
        it.invoke()
        out.append(it.get_tensor(target["index"]).ravel().astype(int))
    return np.array(out)


def operator_steps(vedette, path, x):
    """The largest difference of an operator of ours that is given LiteRT's own inputs."""
    it = interpreter(path, "reference", keep=True)
    answers(it, [x])
    worst = 0
    with tempfile.TemporaryDirectory() as d:
        given, ours = Path(d) / "given", Path(d) / "ours"
        given.mkdir()
        ours.mkdir()
        (Path(d) / "in.raw").write_bytes(x.tobytes())
        theirs = {op["outputs"][0]: it.get_tensor(op["outputs"][0]) for op in it._get_ops_details()}
        for index, value in theirs.items():
            (given / f"{index}.raw").write_bytes(value.tobytes())
        subprocess.run([vedette, "infer", path, "--input", Path(d) / "in.raw", "--output", Path(d) / "out.raw", "--dump",
                        ours, "--given", given], check=True, capture_output=True)
        for index, value in theirs.items():
            file = ours / f"{index}.raw"
            if file.exists():  # else folded into another operator
                difference = np.fromfile(file, np.int8).astype(int) - value.ravel()
                worst = max(worst, int(np.abs(difference).max()))
    return worst


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("directory", type=Path)
    ap.add_argument("--vedette", required=True, type=lambda path: Path(path).resolve())
    ap.add_argument("--verbose", action="store_true")
    a = ap.parse_args()
    files = sorted(a.directory.glob("*.tflite"))
    if not files:
        sys.exit(f"no models in {a.directory}")
    bad = 0
    total = dict.fromkeys(KERNELS, (0, 0, 0))
    for path in files:
        parts = []
        try:
            count = roundings(interpreter(path, "reference"))
            shape = interpreter(path, "reference").get_input_details()[0]["shape"]
            xs = np.fromfile(path.with_suffix(".in"), np.int8).reshape([-1, *shape[1:]])
            ys = np.fromfile(path.with_suffix(".out"), np.int8).reshape([len(xs), -1])
            if count > 1:
                steps = operator_steps(a.vedette, path, xs[0])
                parts.append(f"operator by operator {steps}{'' if steps <= 1 else ' <--'}")
            for kernels in KERNELS:
                steps = np.abs(answers(interpreter(path, kernels), xs) - ys)
                flag = "" if (steps.max() if count <= 1 else steps.mean()) <= 1 else " <--"
                most, differing, size = total[kernels]
                total[kernels] = (max(most, int(steps.max())), differing + int((steps > 0).sum()), size + steps.size)
                parts.append(f"{kernels} {steps.max()} ({100 * (steps > 0).mean():.2f} %){flag}")
        except (RuntimeError, ValueError, subprocess.CalledProcessError) as error:
            parts.append(f"{str(error).strip()} <--")
        broken = any("<--" in part for part in parts)
        bad += broken
        if a.verbose or broken:
            print(f"{path.stem}: {'; '.join(parts)}")
    for kernels, (most, differing, size) in total.items():
        print(f"{kernels} kernels, {len(files)} files: at most {most} step(s), {100 * differing / size:.3f} % of outputs")
    print("FAILED" if bad else "ok")
    sys.exit(bool(bad))


main()
