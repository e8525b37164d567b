"""High-precision references for the transcendental functions: python3 scripts/oracle/functions.py test/vectors/functions.json

Needs mpmath (Debian: python3-mpmath). Each function gets seeded arguments over its ranges; for each argument the
float64 nearest to the exact value and the rest, in ulps of it, are stored (arrays of float64, base64).
"""
import base64
import json
import math
import random
import struct
import sys

import mpmath

mpmath.mp.prec = 200
COUNT = 3000


def ulp(x):
    return math.ulp(abs(x))


def nearest(value):
    """float64 nearest to an mpf, subnormals included, and (value - nearest) / ulp."""
    if value == 0:
        return 0.0, 0.0
    exponent = max(int(mpmath.floor(mpmath.log(abs(value), 2))) - 53, -1074)
    rounded = math.ldexp(int(mpmath.nint(mpmath.ldexp(value, -exponent))), exponent) if abs(value) < 2**1024 else math.inf
    if math.isinf(rounded):
        return None
    for candidate in (math.nextafter(rounded, -math.inf), math.nextafter(rounded, math.inf)):
        if not math.isinf(candidate) and abs(mpmath.mpf(candidate) - value) < abs(mpmath.mpf(rounded) - value):
            rounded = candidate
    return rounded, float((value - mpmath.mpf(rounded)) / ulp(rounded))


def signed(draw):
    return lambda r: draw(r) * r.choice((-1, 1))


def uniform(a, b):
    return lambda r: r.uniform(a, b)


def logarithmic(a, b):
    """2^u for u uniform in [a, b], with a random significand."""
    return lambda r: math.ldexp(r.uniform(0.5, 1), r.randint(a, b))


FUNCTIONS = {
    "exp": (mpmath.exp, [uniform(-1, 1), uniform(-30, 30), uniform(-745, 709.7), uniform(-745, -708), signed(logarithmic(-60, 9))]),
    "expm1": (mpmath.expm1, [uniform(-1, 1), uniform(-40, 10), uniform(-1.5, 1.5), uniform(0, 709.7), signed(logarithmic(-1073, 5))]),
    "log": (mpmath.log, [uniform(0, 2), uniform(0.9, 1.1), uniform(0.6, 1.5), logarithmic(-1073, 1024), logarithmic(-1073, -1020)]),
    "log1p": (mpmath.log1p, [uniform(-1, 1), uniform(-0.5, 1), uniform(-0.1, 0.1), signed(logarithmic(-1073, 0)), logarithmic(-60, 1024)]),
    "tanh": (mpmath.tanh, [uniform(-1, 1), uniform(-0.4, 0.4), uniform(-3, 3), uniform(-22, 22), signed(logarithmic(-1073, 5))]),
    "erf": (mpmath.erf, [uniform(-1, 1), uniform(-1.3, 1.3), uniform(-3, 3), uniform(-6, 6), signed(logarithmic(-1000, 3))]),
    "erfc": (mpmath.erfc, [uniform(-1, 1.3), uniform(0.2, 1.3), uniform(1.2, 3), uniform(-6, 26.5), uniform(26, 27.3)]),
    "pow": (mpmath.power, []),
}


def powers(r):
    kind = r.randrange(5)
    if kind == 0:
        return r.uniform(0, 4), r.uniform(-8, 8)
    if kind == 1:
        x = logarithmic(-1073, 1024)(r)
        return x, r.uniform(-1074, 1023.9) / math.log2(x)
    if kind == 2:
        x = 1 + r.uniform(-1, 1) * 2.0 ** r.randint(-50, -4)
        return x, r.uniform(-1074, 1023.9) / math.log2(x) if x != 1 else 1.0
    if kind == 3:
        return -r.uniform(0.3, 3), float(r.randint(-40, 40))
    return logarithmic(-40, 40)(r), r.choice((0.5, -0.5, 1.0, -1.0, 2.0, 3.0, 1.5, 1 / 3, -2.0))


def pack(values):
    return base64.b64encode(struct.pack(f"<{len(values)}d", *values)).decode()


def main():
    out = {"script": "scripts/oracle/functions.py", "mpmath": mpmath.__version__, "precision": mpmath.mp.prec, "functions": {}}
    for name, (reference, draws) in FUNCTIONS.items():
        r = random.Random(f"nonsmooth {name}")
        rows = []
        while len(rows) < COUNT:
            arguments = powers(r) if name == "pow" else (draws[len(rows) % len(draws)](r),)
            # 1 + x and erf need the digits of the result, not of the argument.
            with mpmath.workprec(1400 if name in ("log1p", "expm1", "tanh", "erf") and abs(arguments[0]) < 1e-30 else 240):
                value = reference(*map(mpmath.mpf, arguments))
                result = nearest(value)
            if result is not None:
                rows.append((*arguments, *result))
        columns = list(zip(*rows))
        out["functions"][name] = {
            "arguments": [pack(column) for column in columns[:-2]],
            "values": pack(columns[-2]),
            "tails": base64.b64encode(struct.pack(f"<{COUNT}f", *columns[-1])).decode(),
        }
    with open(sys.argv[1], "w") as file:
        json.dump(out, file, indent=1)
        file.write("\n")


main()
