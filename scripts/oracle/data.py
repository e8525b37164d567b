"""Files and results of other programs for the readers: python3 scripts/oracle/data.py test/vectors/data.json

NumPy writes .npy and .npz, SciPy MAT-files, Pillow JPEG and PNG; Pillow decodes and resizes, PyTorch normalises and gives the bits of
bfloat16. Inputs come from numpy.random.RandomState(0). Bytes are in base64.
"""
import base64
import io
import json
import sys

import numpy
import scipy.io
import torch
from PIL import Image

random = numpy.random.RandomState(0)
text = lambda data: base64.b64encode(bytes(data)).decode()


def written(write):
    buffer = io.BytesIO()
    write(buffer)
    return text(buffer.getvalue())


def npy(array):
    values = [repr(float(v)) if array.dtype.kind == "f" else int(v) for v in numpy.ascontiguousarray(array).ravel()]
    return {
        "file": written(lambda f: numpy.save(f, array)),
        "dtype": array.dtype.name,
        "shape": list(array.shape),
        "values": values,
    }


floats = numpy.array([[0.0, -0.0, 1.5], [numpy.inf, -numpy.inf, numpy.nan], [1e-7, 65504, -3.25], [2**-24, 0.1, 7]])
integers = numpy.array([[0, 1, 2], [100, 127, 5]])
arrays = [floats.astype(t) for t in ("<f8", "<f4", "<f2", ">f8", ">f4", ">f2")]
arrays += [(integers * s).astype(t) for s, t in [(1, "<i8"), (-1, ">i8"), (-1, "<i4"), (1, ">u4"), (-1, ">i2"), (2, "<u2"), (-1, "i1"), (2, "u1")]]
arrays += [integers > 1, numpy.float32(2.5).reshape(()), numpy.zeros((0, 3), "<f4"), numpy.asfortranarray(floats.astype("<f4"))]
arrays += [numpy.asfortranarray(numpy.arange(24, dtype="<i4").reshape(2, 3, 4)), numpy.array([5], "<u8")]
structured = numpy.zeros(2, [("a", "<f4"), ("b", "<i4")])
objects = numpy.array([None, "x"], dtype=object)

pixels = random.randint(0, 256, (6, 3, 32, 32)).astype(numpy.uint8)
labels = numpy.array([1, 10, 9, 2, 10, 5])
X = pixels.transpose(2, 3, 1, 0)
mats = {
    "compressed": written(lambda f: scipy.io.savemat(f, {"X": X, "y": labels.reshape(-1, 1).astype(float)}, do_compression=True)),
    "int64": written(lambda f: scipy.io.savemat(f, {"X": X, "y": labels.reshape(-1, 1)}, do_compression=True)),
    "plain": written(lambda f: scipy.io.savemat(f, {"y": labels.reshape(-1, 1).astype(numpy.uint8), "other": "text", "X": X})),
}

# Smooth pictures: decoders differ in how they upsample colours, not in what the file says.
rows, columns = numpy.mgrid[0:37, 0:51]
smooth = numpy.stack([128 + 100 * numpy.sin(rows / 9 + c) * numpy.cos(columns / 11 - c) for c in range(3)], 2)
photo = Image.fromarray(smooth.round().astype(numpy.uint8))


def picture(image, expected=None, **options):
    buffer = io.BytesIO()
    image.save(buffer, **options)
    decoded = Image.open(io.BytesIO(buffer.getvalue())).convert("RGB") if expected is None else expected
    rgb = numpy.asarray(decoded)
    return {"file": text(buffer.getvalue()), "height": rgb.shape[0], "width": rgb.shape[1], "pixels": text(rgb.tobytes())}


def ycck(image):
    """The ink of a CMYK file read as YCCK: only the transform byte of its Adobe marker differs."""
    buffer = io.BytesIO()
    image.save(buffer, format="JPEG", quality=95, subsampling=0)
    data = bytearray(buffer.getvalue())
    data[data.index(b"Adobe") + 11] = 2
    rgb = numpy.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    return {"file": text(data), "height": rgb.shape[0], "width": rgb.shape[1], "pixels": text(rgb.tobytes())}


grey16 = random.randint(0, 65536, (5, 7)).astype(numpy.uint16)
palette = lambda n: photo.quantize(n)
pictures = {
    "jpeg-444": picture(photo, format="JPEG", quality=95, subsampling=0),
    "jpeg-420": picture(photo, format="JPEG", quality=95, subsampling=2),
    "jpeg-progressive": picture(photo, format="JPEG", quality=90, progressive=True, subsampling=0),
    "jpeg-grey": picture(photo.convert("L"), format="JPEG", quality=95),
    "jpeg-cmyk": picture(photo.convert("CMYK"), format="JPEG", quality=95, subsampling=0),
    "jpeg-ycck": ycck(photo.convert("CMYK")),
    "png-rgb": picture(photo, format="PNG"),
    "png-rgba": picture(photo.convert("RGBA"), format="PNG"),
    "png-grey": picture(photo.convert("L"), format="PNG"),
    "png-grey-alpha": picture(photo.convert("LA"), format="PNG"),
    "png-1": picture(photo.convert("1"), format="PNG"),
    "png-palette-2": picture(palette(2), format="PNG", bits=1),
    "png-palette-4": picture(palette(4), format="PNG", bits=2),
    "png-palette-13": picture(palette(13), format="PNG", bits=4),
    "png-palette-200": picture(palette(200), format="PNG"),
    "png-grey-16": picture(Image.fromarray(grey16), numpy.repeat((grey16 >> 8).astype(numpy.uint8)[:, :, None], 3, 2), format="PNG"),
}

noise = random.randint(0, 256, (23, 31, 3)).astype(numpy.uint8)
sizes = [(23, 31), (10, 31), (23, 10), (7, 5), (1, 1), (50, 60), (24, 17), (16, 100)]
resized = [{"height": h, "width": w, "pixels": text(Image.fromarray(noise).resize((w, h), Image.BILINEAR).tobytes())} for h, w in sizes]

ramp = torch.arange(256, dtype=torch.uint8).to(torch.float32).div(255)
normalised = {}
for name, mean, std in [
    ("unit", [0.0], [1.0]),
    ("half", [0.5], [0.5]),
    ("cifar10", [0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.2010]),
    ("imagenet", [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
]:
    m, s = torch.tensor(mean)[:, None], torch.tensor(std)[:, None]
    normalised[name] = text(ramp[None].expand(len(mean), 256).clone().sub_(m).div_(s).numpy().tobytes())

halves = torch.tensor([0.0, -0.0, 1.0, -2.5, float("inf"), 2**-133, 3.389e38, 0.1])
bits = lambda dtype: text(halves.to(dtype).view(torch.int16).numpy().tobytes())

json.dump(
    {
        "versions": {"numpy": numpy.__version__, "scipy": scipy.__version__, "pillow": Image.__version__, "torch": torch.__version__},
        "npy": [npy(a) for a in arrays],
        "structured": written(lambda f: numpy.save(f, structured)),
        "objects": written(lambda f: numpy.save(f, objects, allow_pickle=True)),
        "npz": {
            "plain": written(lambda f: numpy.savez(f, images=pixels, labels=labels - 1)),
            "compressed": written(lambda f: numpy.savez_compressed(f, images=pixels, labels=labels - 1)),
        },
        "mat": mats,
        "pixels": text(pixels.tobytes()),
        "labels": labels.tolist(),
        "pictures": pictures,
        "resize": {"height": 23, "width": 31, "pixels": text(noise.tobytes()), "results": resized},
        "normalised": normalised,
        "bits": {"bfloat16": bits(torch.bfloat16), "float16": bits(torch.float16)},
    },
    open(sys.argv[1], "w"),
    indent=1,
)
