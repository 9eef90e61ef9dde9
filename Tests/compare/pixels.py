#!/usr/bin/env python3
"""Our network inputs against Pillow's: full decode, the same crop, bicubic.

For every labelled JPEG of a folder (labels.csv: file,label_index,label) the input that `vedette
preprocess` makes is compared with the one that Pillow makes, level by level, and LiteRT classifies
both. Fails unless the mean difference and the difference in top-1 stay inside their limits.

    Tests/compare/pixels.py --vedette .build/release/vedette --model MODEL.tflite --frames DIR

needs numpy and Pillow, and ai-edge-litert for the top-1: without it that part is left out, which is
said.
The model's input must be int8 with q = pixel - 128, and its crop S / (S + 32).
"""
import argparse
import csv
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image


def with_pillow(path, side):
    image = Image.open(path).convert("RGB")
    width, height = image.size
    crop = side * min(width, height) // (side + 32)
    left, top = (width - crop) // 2, (height - crop) // 2
    box = (left, top, left + crop, top + crop)
    return np.asarray(image.resize((side, side), Image.BICUBIC, box=box))


def with_vedette(vedette, model, path, side, scratch):
    output = scratch / "input.raw"
    command = [vedette, "preprocess", "--model", model, path, "--output", output]
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)
    return from_raw(output, side)


def from_raw(path, side):
    stored = np.fromfile(path, np.int8)
    if stored.size != side * side * 3:
        sys.exit(f"{path}: {stored.size} bytes, not {side} x {side} x 3")
    return (stored.reshape(side, side, 3).astype(np.int16) + 128).astype(np.uint8)


def classifier(model):
    """A function from uint8 [S, S, 3] to the index of the highest logit; None without LiteRT."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        return None
    interpreter = Interpreter(str(model))
    interpreter.allocate_tensors()
    entry, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]

    def classify(pixels):
        stored = (pixels.astype(np.int16) - 128).astype(np.int8)
        interpreter.set_tensor(entry["index"], stored[None])
        interpreter.invoke()
        return int(interpreter.get_tensor(result["index"])[0].argmax())

    return classify


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vedette", help="the program; or use --raw")
    parser.add_argument("--raw", type=Path, help="a folder of inputs made before, FILE.raw each")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--frames", type=Path, required=True)
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--mean-limit", type=float, default=3, help="levels")
    parser.add_argument("--top1-limit", type=int, default=2, help="images")
    arguments = parser.parse_args()
    if (arguments.vedette is None) == (arguments.raw is None):
        parser.error("one of --vedette and --raw is needed")

    with open(arguments.frames / "labels.csv", newline="") as file:
        frames = [(row["file"], int(row["label_index"])) for row in csv.DictReader(file)]
    classify = classifier(arguments.model)
    differences, ours_right, pillow_right, agree = [], 0, 0, 0
    with tempfile.TemporaryDirectory() as scratch:
        for name, label in frames:
            path = arguments.frames / name
            pillow = with_pillow(path, arguments.side)
            if arguments.raw is not None:
                ours = from_raw(arguments.raw / f"{name}.raw", arguments.side)
            else:
                ours = with_vedette(
                    arguments.vedette, arguments.model, path, arguments.side, Path(scratch))
            difference = np.abs(ours.astype(np.int16) - pillow.astype(np.int16))
            differences.append((difference.mean(), int(difference.max()), name))
            if classify is not None:
                first, second = classify(ours), classify(pillow)
                ours_right += first == label
                pillow_right += second == label
                agree += first == second

    mean = float(np.mean([d[0] for d in differences]))
    worst = max(differences)
    print(f"{len(frames)} frames, {arguments.side} x {arguments.side}")
    print(f"|ours - Pillow|: mean {mean:.3f} levels; worst frame {worst[0]:.3f} ({worst[2]}), "
          f"largest single {max(d[1] for d in differences)}")
    passed = mean <= arguments.mean_limit
    if classify is None:
        print("top-1: left out, ai-edge-litert is not installed")
    else:
        print(f"top-1 by LiteRT: ours {ours_right}, Pillow {pillow_right}, same answer {agree}")
        passed = passed and abs(ours_right - pillow_right) <= arguments.top1_limit
    print("passed" if passed else "FAILED")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
