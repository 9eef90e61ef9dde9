#!/usr/bin/env python3
"""Makes the files beside it; they are committed, so this runs only when one is to change.

Made with Pillow 13.0.0 (libjpeg-turbo 3) and numpy 2.4.6. The pictures are computed, nobody's
photographs. README.md says what each file is.
"""
import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

HERE = Path(__file__).resolve().parent


def scene(width, height):
    """A picture without any symmetry: other colours in each corner, a ramp, a disc, a bar."""
    y, x = np.mgrid[0:height, 0:width]
    u, v = (x + 0.5) / width, (y + 0.5) / height
    rgb = np.stack([60 + 150 * u, 200 - 140 * v, 80 + 90 * (u * v)], axis=-1)
    rgb[(u - 0.3) ** 2 + (v - 0.35) ** 2 < 0.03] = (235, 220, 40)
    rgb[(v > 0.75) & (u < 0.6)] = (30, 40, 170)
    rgb[(u > 0.85) & (v < 0.4)] = (250, 250, 250)
    return Image.fromarray(np.clip(np.rint(rgb), 0, 255).astype(np.uint8))


def save(image, name, **options):
    image.save(HERE / name, "JPEG", **{"quality": 92, "subsampling": "4:2:0", **options})


# How the upright picture is stored for each orientation: the inverse of what a viewer must do.
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def ycck(image):
    """Pillow writes CMYK (inverted, with Adobe's marker) but not YCCK: give it Y, Cb, Cr and K as
    if they were C, M, Y and K, then set the marker's transform from 0 to 2."""
    planes = np.asarray(ImageOps.invert(image).convert("YCbCr"))
    black = np.full(planes.shape[:2] + (1,), 200, np.uint8)
    stored = np.concatenate([planes, black], axis=-1)
    buffer = io.BytesIO()
    Image.fromarray(255 - stored, "CMYK").save(buffer, "JPEG", quality=92)
    data = bytearray(buffer.getvalue())
    adobe = data.index(b"Adobe")
    assert data[adobe + 11] == 0
    data[adobe + 11] = 2
    return bytes(data)


def resized(name, side, crop, filter, output):
    image = Image.open(HERE / name).convert("RGB")
    width, height = image.size
    c = crop[0] * min(width, height) // crop[1] if crop else None
    left, top = ((width - c) // 2, (height - c) // 2) if crop else (0, 0)
    box = (left, top, left + c, top + c) if crop else (0, 0, width, height)
    (HERE / output).write_bytes(np.asarray(image.resize((side, side), filter, box=box)).tobytes())


def main():
    picture = scene(96, 64)
    save(picture, "color-420.jpg")
    save(picture, "color-444.jpg", subsampling="4:4:4")
    save(picture, "progressive.jpg", progressive=True)
    save(picture, "restart.jpg", restart_marker_rows=1)
    save(picture.convert("L"), "gray.jpg")
    save(picture.convert("CMYK"), "cmyk.jpg")
    (HERE / "ycck.jpg").write_bytes(ycck(picture))
    save(scene(17, 13), "odd-17x13.jpg")
    save(Image.new("RGB", (1, 1), (200, 100, 50)), "pixel-1x1.jpg")
    for orientation, transpose in STORED.items():
        stored = scene(48, 32)
        stored = stored if transpose is None else stored.transpose(transpose)
        exif = Image.Exif()
        exif[0x0112] = orientation
        save(stored, f"orientation-{orientation}.jpg", exif=exif, subsampling="4:4:4", quality=95)

    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    (HERE / "png.jpg").write_bytes(buffer.getvalue())

    bicubic, bilinear = Image.Resampling.BICUBIC, Image.Resampling.BILINEAR
    resized("color-444.jpg", 24, (3, 4), bicubic, "color-444.crop-24.bicubic.rgb")
    resized("color-444.jpg", 24, (3, 4), bilinear, "color-444.crop-24.bilinear.rgb")
    resized("color-420.jpg", 20, None, bicubic, "color-420.whole-20.bicubic.rgb")
    resized("odd-17x13.jpg", 32, (7, 8), bicubic, "odd-17x13.crop-32.bicubic.rgb")
    resized("odd-17x13.jpg", 32, (7, 8), bilinear, "odd-17x13.crop-32.bilinear.rgb")
    resized("cmyk.jpg", 20, None, bicubic, "cmyk.whole-20.bicubic.rgb")
    resized("ycck.jpg", 20, None, bicubic, "ycck.whole-20.bicubic.rgb")


if __name__ == "__main__":
    main()
