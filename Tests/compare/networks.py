#!/usr/bin/env python3
"""Quantises many float networks and checks each with the runtimes of others; prints a table.

  python3 -m venv VENV && VENV/bin/pip install ai-edge-litert==2.3.0 numpy onnx onnxruntime
  VENV/bin/python Tests/compare/networks.py DIR --vedette .build/release/vedette --calibrate DIR --frames DIR
      [-- OPTIONS OF vedette quantize]

Every *.onnx of DIR is quantised; where there is none, Tests/compare/export_torchvision.py fills DIR first (that needs
torch and torchvision as well). A network fails if it cannot be imported, its logits have an SQNR below 15 dB against
ONNX Runtime, LiteRT does not load and run the file with both its kernel sets, there is a TRANSPOSE in it, or our float
executor is not within 1e-4 of ONNX Runtime.

How near LiteRT's answers are to ours is shown, not judged: the networks have random weights, and such a network makes
much of any difference. Each operator differs by a step in under 1 % of its outputs (litert.py), and many layers later
that is as much as the quantisation noise itself; LiteRT's own two kernel sets differ from each other by the same.

Exits 1 if a network fails.
"""
import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import quantized

HEAD = ("network", "SQNR dB", "spread", "KL", "same top-1", "LiteRT top-1", "mean step", "max", "seconds", "MB RSS", "bytes")


def timed(command, log):
    """The exit status, the elapsed seconds and the largest resident set in MB."""
    begin = time.monotonic()
    with open(log, "wb") as errors:
        p = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    return p.returncode, time.monotonic() - begin, usage.ru_maxrss / 1024


def row(options, extra, source, target, tmp):
    """The columns of the table, and what is wrong."""
    log = tmp / "errors"
    status, seconds, memory = timed(
        [options.vedette, "quantize", source, "--calibrate", options.calibrate, "-o", target, *extra], log)
    if status:
        return [source.stem], [log.read_text().strip()]
    try:
        r = quantized.check(options.vedette, target, options.frames, source, options.limit, {"sqnr": 15})
    except (RuntimeError, ValueError) as problem:
        return [source.stem], [str(problem).strip()]
    f, l = r["float"], r["default"]
    columns = [source.stem, f"{f['sqnr']:.2f}", f"{r['spread']:.3f}", f"{f['kl']:.5f}", f"{100 * f['agreement']:.1f}",
               f"{100 * l['same']:.1f}", f"{l['mean']:.3f}", str(l["max"]), f"{seconds:.0f}", f"{memory:.0f}",
               str(target.stat().st_size)]
    return columns, [b for b in r["broken"] if not b.startswith("LiteRT")]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("directory", type=Path)
    ap.add_argument("--vedette", required=True, type=lambda path: Path(path).resolve())
    ap.add_argument("--calibrate", required=True, type=Path, metavar="DIR", help="frames to calibrate with")
    ap.add_argument("--frames", required=True, type=Path, metavar="DIR", help="frames to score on")
    ap.add_argument("--limit", type=int, default=50, metavar="N", help="score on the first N frames [50]")
    ap.add_argument("--keep", type=Path, metavar="DIR", help="where to leave the quantised files")
    arguments = sys.argv[1:]
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    options, extra = ap.parse_args(arguments[:cut]), arguments[cut + 1:]
    if not options.frames.is_dir() or not options.calibrate.is_dir():
        print("skipped: no frames")
        sys.exit(77)
    if not list(options.directory.glob("*.onnx")):
        export = Path(__file__).with_name("export_torchvision.py")
        subprocess.run([sys.executable, str(export), str(options.directory)], check=True)
    bad = 0
    print("".join(f"{h:>13s}" if i else f"{h:30s}" for i, h in enumerate(HEAD)))
    with tempfile.TemporaryDirectory() as d:
        keep = options.keep or Path(d)
        keep.mkdir(parents=True, exist_ok=True)
        for source in sorted(options.directory.glob("*.onnx")):
            columns, broken = row(options, extra, source, keep / f"{source.stem}.tflite", Path(d))
            print("".join(f"{c:>13s}" if i else f"{c:30s}" for i, c in enumerate(columns))
                  + ("   <-- " + "; ".join(broken) if broken else ""), flush=True)
            bad += bool(broken)
    print(f"FAILED: {bad} networks" if bad else "ok")
    sys.exit(bool(bad))


main()
