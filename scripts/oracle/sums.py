"""Errors of PyTorch's float32 sums: python3 scripts/oracle/sums.py test/vectors/sums.json

Inputs come from a formula, so that other programs can make them: state = (1664525 state + 1013904223) mod 2^32, started
at the seed; each step gives u = floor(state / 2^8) / 2^24. `signed` values are u - 1/2, `positive` ones u; both are exact
in float32. `a` (seed 1) and `b` (seed 2) are [16, K], filled row by row.
  sum     a[i] over K
  dot     a[i] . b[i]
  matmul  a . b^T, [16, 16]
The error of a result is |float32 - exact| / (sum of the magnitudes of its exact terms), in units of 2^-24.
One thread.
"""
import os
import sys

WANTED = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
HIDING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
if any(os.environ.get(k) != v for k, v in WANTED.items()) or any(k in os.environ for k in HIDING):
    environment = {k: v for k, v in os.environ.items() if k not in HIDING} | WANTED
    os.execve(sys.executable, [sys.executable, *sys.argv], environment)

import json

import numpy
import torch

torch.set_num_threads(1)
ROWS = 16
LENGTHS = [1, 16, 255, 256, 257, 784, 1024, 4096, 16384, 65536, 131072]


def draw(seed, count, kind):
    values, state = numpy.empty(count), seed
    for i in range(count):
        state = (1664525 * state + 1013904223) & 0xFFFFFFFF
        values[i] = state >> 8
    return values / 2**24 - (0.5 if kind == "signed" else 0)


def errors(found, exact, magnitudes):
    error = numpy.abs(found.double().numpy() - exact) / magnitudes * 2**24
    return {"rms": float(numpy.sqrt((error**2).mean())), "max": float(error.max())}


def measure(kind, k):
    a, b = (draw(seed, ROWS * k, kind).reshape(ROWS, k) for seed in (1, 2))
    # The terms are multiples of 2^-48: sums in extended precision are exact, or wrong by far less than is measured.
    wide_a, wide_b = a.astype(numpy.longdouble), b.astype(numpy.longdouble)
    ta, tb = torch.tensor(a, dtype=torch.float32), torch.tensor(b, dtype=torch.float32)
    product, magnitude = numpy.array([[(x * y).sum() for y in wide_b] for x in wide_a]), abs(a) @ abs(b).T
    dots = torch.stack([torch.dot(x, y) for x, y in zip(ta, tb)])
    diagonal = numpy.diagonal
    return {
        "sum": errors(ta.sum(1), wide_a.sum(1).astype(float), abs(a).sum(1)),
        "dot": errors(dots, diagonal(product).astype(float), diagonal(magnitude)),
        "matmul": errors(ta @ tb.T, product.astype(float), magnitude),
    }


def main():
    out = {
        "script": "scripts/oracle/sums.py",
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "rows": ROWS,
        "unit": "2^-24 of the sum of magnitudes",
        "errors": [{"kind": kind, "k": k, **measure(kind, k)} for kind in ("signed", "positive") for k in LENGTHS],
    }
    with open(sys.argv[1], "w") as file:
        json.dump(out, file, indent=1)
        file.write("\n")


main()
