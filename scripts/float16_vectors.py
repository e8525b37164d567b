"""NumPy's float16: what float64 numbers round to, and sums, products, quotients and roots of float16 numbers.

Debian's python3 with NumPy 1.24: /usr/bin/python3 scripts/float16_vectors.py > test/vectors/float16-numpy.json
Numbers are bit patterns in hexadecimal. NumPy adds and multiplies float16 in float32 and rounds once more, which for
float16 is the correctly rounded result.
"""

import json
import struct
import sys

import numpy


def bits64(x):
    return struct.pack(">d", float(x)).hex()


def bits16(x):
    return f"{int(numpy.array(x, numpy.float16).view(numpy.uint16)):04x}"


def main():
    numpy.seterr(all="ignore")
    random = numpy.random.default_rng(16)
    named = [0.0, -0.0, 1 / 3, 65504, 65519.99, 65520, -65520, 1e5, 2.0**-24, 2.0**-25, 2.0**-25 * (1 + 2.0**-52)]
    named += [2.0**-14, 2.0**-14 - 2.0**-26, 2049, 2051, 1 + 2.0**-11, 1 + 3 * 2.0**-11, float("inf"), 5e-324]
    spread = random.choice([-1.0, 1.0], 400) * 2.0 ** random.uniform(-28, 17, 400)
    values = [float(x) for x in named] + [float(x) for x in spread]
    conversions = [[bits64(x), bits16(numpy.float64(x).astype(numpy.float16))] for x in values]
    patterns = random.integers(0, 2**16, (600, 2), dtype=numpy.uint16)
    operations = []
    for pair in patterns:
        a, b = pair.view(numpy.float16)
        if not (numpy.isfinite(a) and numpy.isfinite(b)):
            continue
        results = [a + b, a - b, a * b, a / b, numpy.sqrt(abs(a))]
        operations.append([bits16(a), bits16(b)] + ["nan" if numpy.isnan(r) else bits16(r) for r in results])
    json.dump(
        {
            "source": f"NumPy {numpy.__version__}, scripts/float16_vectors.py",
            "columns": {"conversions": ["float64", "float16"], "operations": ["a", "b", "add", "sub", "mul", "div", "sqrt|a|"]},
            "conversions": conversions,
            "operations": operations,
        },
        sys.stdout,
        separators=(",", ":"),
    )
    print()


main()
