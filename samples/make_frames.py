#!/usr/bin/env python3
"""Makes samples/frames/ from the pictures in scikit-image's wheel. See README.md for the licences.

  python3 -m venv /tmp/samples-venv && /tmp/samples-venv/bin/pip install pillow==13.0.0
  /tmp/samples-venv/bin/pip download --no-deps -d /tmp/samples-wheels scikit-image==0.26.0
  /tmp/samples-venv/bin/python samples/make_frames.py /tmp/samples-wheels/scikit_image-0.26.0-*.whl samples/frames
"""
import io
import sys
import zipfile
from pathlib import Path

from PIL import Image

ORIENTATION = 0x0112  # EXIF tag


def main():
    wheel, out = zipfile.ZipFile(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)

    def picture(name):
        return Image.open(io.BytesIO(wheel.read(f"skimage/data/{name}")))

    picture("chelsea.png").convert("RGB").save(out / "cat.jpg", quality=90)
    picture("coffee.png").convert("RGB").save(out / "espresso.jpg", quality=90, progressive=True)
    picture("camera.png").convert("L").save(out / "photographer.jpg", quality=90)
    # As it comes, byte for byte.
    (out / "rocket.jpg").write_bytes(wheel.read("skimage/data/rocket.jpg"))
    # The cat again, stored lying on its side with the EXIF orientation that puts it upright, as a
    # phone held upright does: a decoder that ignores the tag sees a cat on its side.
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    turned = picture("chelsea.png").convert("RGB").transpose(Image.Transpose.ROTATE_90)
    turned.save(out / "cat-turned.jpg", quality=90, exif=exif)


main()
