#!/usr/bin/env python3
"""Checks a quantised file with the runtimes of others: what it loses against its float network, and that LiteRT gives
the answers that we give.

  python3 -m venv VENV && VENV/bin/pip install ai-edge-litert==2.3.0 numpy onnxruntime
  VENV/bin/python Tests/compare/quantized.py --vedette .build/release/vedette --model M.tflite --frames DIR \\
      [--float M.onnx] [--sqnr 22 --kl 0.006 --agreement 0.983]

1. `vedette evaluate --inputs --logits` writes what the network was given and what our kernels made of it.
2. LiteRT gets the same inputs. With its default kernels (XNNPACK) it must have the same top-1 on at least 98.5 % of the
   frames, and a mean difference of the logits of at most one step of the output. What its reference kernels give is
   shown: the two differ from each other by as much as each does from us.
3. With --float: ONNX Runtime gets the same inputs, dequantised. SQNR, KL and the share of equal top-1 are computed here,
   from its logits and ours, not by us; beyond --sqnr, --kl or --agreement it fails. Our own float executor must be
   within 1e-4 (of the largest logit) of ONNX Runtime.
4. The file must hold no TRANSPOSE.

Exits 1 if a bound is broken, 77 if --frames is not there.
"""
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

TOP1, STEPS = 0.985, 1.0  # of the issue: LiteRT's top-1 and mean difference in steps against ours
FLOAT = 1e-4              # our float executor against ONNX Runtime, relative to the largest logit
KERNELS = {"default": OpResolverType.AUTO, "reference": OpResolverType.BUILTIN_REF}


def evaluate(vedette, model, frames, limit, source, tmp):
    """Our inputs and logits (real numbers), and the float executor's logits or None."""
    command = [vedette, "evaluate", model, frames, "--inputs", tmp / "x.npy", "--logits", tmp / "y.npy"]
    command += ["--limit", limit] if limit else []
    command += ["--against", source, "--against-logits", tmp / "f.npy"] if source else []
    p = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if p.returncode:
        sys.exit(f"{' '.join(map(str, command))}: {p.stderr}")
    return np.load(tmp / "x.npy"), np.load(tmp / "y.npy"), np.load(tmp / "f.npy") if source else None


def litert(model, kernels, xs):
    """The stored logits of LiteRT [n, classes]."""
    it = Interpreter(str(model), experimental_op_resolver_type=KERNELS[kernels])
    it.allocate_tensors()
    source, target = it.get_input_details()[0], it.get_output_details()[0]
    out = []
    for x in xs:
        it.set_tensor(source["index"], x[None].astype(source["dtype"]))
        it.invoke()
        out.append(it.get_tensor(target["index"]).ravel().astype(int))
    return np.array(out)


def float_logits(source, inputs):
    """ONNX Runtime's logits on real inputs [n, H, W, C]."""
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.array([session.run(None, {name: x.transpose(2, 0, 1)[None].copy()})[0].ravel() for x in inputs])


def log_softmax(y):
    y = y.astype(np.float64) - y.max(1, keepdims=True)
    return y - np.log(np.exp(y).sum(1, keepdims=True))


def figures(real, ours):
    """SQNR in dB, mean KL and share of equal top-1 of `ours` against `real`."""
    real, ours = real.astype(np.float64), ours.astype(np.float64)
    noise = ((real - ours) ** 2).sum()
    p, q = log_softmax(real), log_softmax(ours)
    return {
        "sqnr": 10 * np.log10((real ** 2).sum() / noise) if noise else np.inf,
        "kl": float((np.exp(p) * (p - q)).sum(1).mean()),
        "agreement": float((real.argmax(1) == ours.argmax(1)).mean()),
    }


def check(vedette, model, frames, source=None, limit=None, bounds=None):
    """All figures as a dictionary, with what is out of bounds in "broken"."""
    result, broken = {}, []
    it = Interpreter(str(model), experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    it.allocate_tensors()
    transposes = sum(op["op_name"] == "TRANSPOSE" for op in it._get_ops_details())
    if transposes:
        broken.append(f"{transposes} TRANSPOSE")
    output, given = it.get_output_details()[0], it.get_input_details()[0]
    scale, zero = output["quantization"]
    with tempfile.TemporaryDirectory() as d:
        xs, ours, own_float = evaluate(vedette, model, frames, limit, source, Path(d))
    result["frames"] = len(xs)
    stored = np.rint(ours / scale).astype(int) + zero
    for kernels in KERNELS:
        theirs = litert(model, kernels, xs)
        steps = np.abs(theirs - stored)
        same = float((theirs.argmax(1) == stored.argmax(1)).mean())
        result[kernels] = {"same": same, "mean": float(steps.mean()), "max": int(steps.max()),
                           "equal": float((steps == 0).mean())}
        if kernels == "default" and (same < TOP1 or steps.mean() > STEPS):
            broken.append(f"LiteRT ({kernels})")
    if source:
        in_scale, in_zero = given["quantization"]
        real = float_logits(source, ((xs.astype(np.float32) - in_zero) * np.float32(in_scale)))
        result["float"] = figures(real, ours)
        # What no quantiser changes is the answer that all frames have in common.
        result["spread"] = float(np.sqrt(((real - real.mean(0)) ** 2).sum() / (real ** 2).sum()))
        result["executor"] = float(np.abs(own_float - real).max() / np.abs(real).max())
        if result["executor"] > FLOAT:
            broken.append("float executor")
        for key, bound in (bounds or {}).items():
            value = result["float"][key]
            if bound is not None and (value > bound if key == "kl" else value < bound):
                broken.append(f"{key} {value:.4g}")
    result["broken"] = broken
    return result


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--vedette", required=True, type=lambda path: Path(path).resolve())
    ap.add_argument("--model", required=True, type=Path)
    ap.add_argument("--frames", required=True, type=Path)
    ap.add_argument("--float", type=Path, metavar="ONNX", help="the float network that it was made from")
    ap.add_argument("--limit", type=int, metavar="N", help="the first N frames only")
    ap.add_argument("--sqnr", type=float, default=15, metavar="DB", help="of the logits, at least [15]")
    ap.add_argument("--kl", type=float, help="mean KL divergence, at most")
    ap.add_argument("--agreement", type=float, metavar="SHARE", help="of frames with the float top-1, at least")
    a = ap.parse_args()
    if not a.frames.is_dir():
        print(f"skipped: no frames at {a.frames}")
        sys.exit(77)
    bounds = {"sqnr": a.sqnr, "kl": a.kl, "agreement": a.agreement}
    r = check(a.vedette, a.model, a.frames, a.float, a.limit, bounds)
    print(f"{a.model.name}: {r['frames']} frames")
    for kernels in KERNELS:
        k = r[kernels]
        print(f"LiteRT, {kernels} kernels: same top-1 {100 * k['same']:.2f} %, mean difference {k['mean']:.4f} steps, "
              f"largest {k['max']}, {100 * k['equal']:.2f} % of logits equal")
    if "float" in r:
        f = r["float"]
        print(f"ONNX Runtime, float: same top-1 {100 * f['agreement']:.2f} %, KL {f['kl']:.5f}, SQNR {f['sqnr']:.2f} dB; "
              f"our float executor is within {r['executor']:.1e} of it")
    print("FAILED: " + ", ".join(r["broken"]) if r["broken"] else "ok")
    sys.exit(bool(r["broken"]))


if __name__ == "__main__":
    main()
