"""One-op conformance cases of ONNX as programs of our ops: python3 scripts/oracle/onnx.py test/vectors/onnx.json

Reads Debian's libonnx-testdata (apt-get install libonnx-testdata) with a reader of the few protobuf messages that it needs. Cases that
our ops do not express are listed with the reason. Arrays are base64 of little-endian float32, float64, int32 or bytes.
"""
import base64
import glob
import json
import math
import os
import struct
import sys

import numpy

FOLDER = "/usr/share/libonnx-testdata/data/node"
LONGEST = 20_000


class LeftOut(Exception):
    """A case that our ops do not express, and why."""


def message(data):
    """Fields of a protobuf message: number to list of values (integers, or bytes)."""
    fields, at = {}, 0

    def varint():
        nonlocal at
        value, shift = 0, 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        kind = key & 7
        if kind == 0:
            value = varint()
        else:
            length = {1: 8, 5: 4}.get(kind) or varint()
            value = data[at : at + length]
            at += length
        fields.setdefault(key >> 3, []).append(value)
    return fields


def signed(value):
    return value - 2**64 if value >= 2**63 else value


def integers(values):
    """Repeated integers, packed or not."""
    found = []
    for value in values:
        found += [value] if isinstance(value, int) else message_varints(value)
    return [signed(v) for v in found]


def message_varints(data):
    found, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            found.append(value)
            value, shift = 0, 0
    return found


TYPES = {1: numpy.dtype("<f4"), 6: numpy.dtype("<i4"), 7: numpy.dtype("<i8"), 9: numpy.dtype("bool"), 11: numpy.dtype("<f8")}


def tensor(data):
    fields = message(data)
    shape, kind = integers(fields.get(1, [])), fields[2][0]
    if kind not in TYPES:
        raise LeftOut(f"tensors of type {kind}")
    dtype = TYPES[kind]
    if 9 in fields:
        values = numpy.frombuffer(fields[9][0], dtype)
    elif kind == 1:
        values = numpy.frombuffer(b"".join(fields.get(4, [])), dtype)
    elif kind == 11:
        values = numpy.frombuffer(b"".join(fields.get(10, [])), dtype)
    else:
        values = numpy.array(integers(fields.get(7 if kind == 7 else 5, [])), dtype)
    return values.reshape(shape)


def attribute(data):
    fields = message(data)
    name, kind = fields[1][0].decode(), fields.get(20, [0])[0]
    readers = {
        1: lambda: struct.unpack("<f", fields[2][0])[0],
        2: lambda: signed(fields[3][0]),
        3: lambda: fields[4][0].decode(),
        4: lambda: tensor(fields[5][0]),
        6: lambda: [struct.unpack("<f", f)[0] for f in fields[7]] if len(fields[7][0]) == 4 else list(numpy.frombuffer(fields[7][0], "<f4")),
        7: lambda: integers(fields[8]),
    }
    if kind not in readers:
        raise LeftOut(f"attribute {name} of type {kind}")
    return name, readers[kind]()


class Steps:
    """A program under construction: operands are numbers, inputs first."""

    def __init__(self, inputs):
        self.inputs, self.list = inputs, []

    def add(self, op, operands, **options):
        self.list.append({"op": op, "inputs": list(operands), "options": options})
        return len(self.inputs) + len(self.list) - 1


def single(op, **fixed):
    return lambda s, x, a, node: s.add(op, range(len(x)), **fixed)


def folded(op):
    """Two operands at a time."""

    def rule(s, x, a, node):
        at = 0
        for operand in range(1, len(x)):
            at = s.add(op, [at, operand])
        if len(x) == 1:
            raise LeftOut("one operand")
        return at

    return rule


def spatial(x, a, kernel):
    """[before, after] per axis of the explicit or automatic padding."""
    if len(kernel) != 2:
        raise LeftOut(f"{len(kernel)} spatial axes")
    strides, dilations = a.get("strides", [1, 1]), a.get("dilations", [1, 1])
    auto = a.get("auto_pad", "NOTSET")
    if auto in ("NOTSET", "VALID"):
        pads = a.get("pads", [0, 0, 0, 0])
        return [[pads[0], pads[2]], [pads[1], pads[3]]], strides, dilations
    both = []
    for size, k, stride, dilation in zip(x.shape[2:], kernel, strides, dilations):
        total = max((math.ceil(size / stride) - 1) * stride + (k - 1) * dilation + 1 - size, 0)
        small = total // 2
        both.append([small, total - small] if auto == "SAME_UPPER" else [total - small, small])
    return both, strides, dilations


def padded(s, operand, pads):
    low, high = [0, 0, pads[0][0], pads[1][0]], [0, 0, pads[0][1], pads[1][1]]
    return s.add("pad", [operand], low=low, high=high)


def symmetric(pads):
    return all(low == high for low, high in pads)


def conv(s, x, a, node):
    kernel = a.get("kernel_shape", list(x[1].shape[2:]))
    pads, stride, dilation = spatial(x[0], a, kernel)
    options = {"stride": stride, "dilation": dilation, "groups": a.get("group", 1)}
    if symmetric(pads):
        return s.add("conv2d", range(len(x)), padding=[pads[0][0], pads[1][0]], **options)
    return s.add("conv2d", [padded(s, 0, pads), *range(1, len(x))], **options)


def pool(op):
    def rule(s, x, a, node):
        kernel = a["kernel_shape"]
        pads, stride, dilation = spatial(x[0], a, kernel)
        if dilation != [1, 1]:
            raise LeftOut("pools have no dilation")
        if a.get("ceil_mode", 0):
            raise LeftOut("pools have no ceil_mode")
        counted = {} if op == "maxPool2d" else {"countPadding": bool(a.get("count_include_pad", 0))}
        if symmetric(pads):
            if any(p >= k for (p, _), k in zip(pads, kernel)):
                raise LeftOut("as much padding as window")
            return s.add(op, [0], window=kernel, stride=stride, padding=[pads[0][0], pads[1][0]], **counted)
        if counted != {"countPadding": True}:
            raise LeftOut("more padding on one side than on the other")
        return s.add(op, [padded(s, 0, pads)], window=kernel, stride=stride)

    return rule


def global_pool(op):
    def rule(s, x, a, node):
        if x[0].ndim != 4:
            raise LeftOut("not four axes")
        return s.add(op, [0])

    return rule


def batch_norm(s, x, a, node):
    eps = a.get("epsilon", 1e-5)
    if a.get("training_mode", 0):
        return s.add("batchNorm", [0, 1, 2], eps=eps)
    return s.add("batchNorm in evaluation", range(5), eps=eps)


def dropout(s, x, a, node):
    if "random" in node or len(x) > 2 and x[2]:
        raise LeftOut("random")
    return s.add("dropout", [0], rate=0)


def pad(s, x, a, node):
    if a.get("mode", "constant") != "constant":
        raise LeftOut(f"mode {a['mode']}")
    pads = [int(p) for p in x[1]]
    if min(pads) < 0:
        raise LeftOut("negative padding")
    rank = len(pads) // 2
    value = float(x[2].reshape(-1)[0]) if len(x) > 2 else 0.0
    shifted = 0 if value == 0 else s.add("elementwise sum", [0], by=-value)
    result = s.add("pad", [shifted], low=pads[:rank], high=pads[rank:])
    return result if value == 0 else s.add("elementwise sum", [result], by=value)


def resize(s, x, a, node):
    scales = [v for v in x[1:] if v is not None and v.dtype.kind == "f" and v.size == x[0].ndim]
    plain = a.get("coordinate_transformation_mode", "half_pixel") in ("half_pixel", "asymmetric")
    if a.get("mode", "nearest") != "nearest" or len(scales) != 1 or not plain:
        raise LeftOut("not the nearest pixel by scales")
    scale = [float(v) for v in scales[0]]
    if scale[:2] != [1, 1] or any(v != int(v) or v < 1 for v in scale):
        raise LeftOut(f"scales {scale}")
    return s.add("upsampleNearest", [0], scale=[int(v) for v in scale[2:]])


def gemm(s, x, a, node):
    product = s.add("matmul", [0, 1], transposeA=bool(a.get("transA", 0)), transposeB=bool(a.get("transB", 0)))
    if a.get("alpha", 1) != 1:
        product = s.add("elementwise product", [product], by=a["alpha"])
    if len(x) < 3:
        return product
    shift = 2 if a.get("beta", 1) == 1 else s.add("elementwise product", [2], by=a["beta"])
    return s.add("add", [product, shift])


def reduction(op):
    def rule(s, x, a, node):
        axes = a.get("axes", [int(v) for v in x[1]] if len(x) > 1 else None)
        if axes == [] and a.get("noop_with_empty_axes", 0):
            raise LeftOut("reduces nothing")
        return s.add(op, [0], axes=axes or None, keepDims=bool(a.get("keepdims", 1)))

    return rule


def softmax(op):
    return lambda s, x, a, node: s.add(op, [0], axis=a.get("axis", -1))


def transpose(s, x, a, node):
    return s.add("transpose", [0], perm=a.get("perm"))


def flatten(s, x, a, node):
    axis = a.get("axis", 1)
    axis += x[0].ndim if axis < 0 else 0
    lead = int(numpy.prod(x[0].shape[:axis]))
    if axis == 1:
        return s.add("flatten", [0], axis=1)
    return s.add("reshape", [0], shape=[lead, x[0].size // lead])


def reshape(s, x, a, node):
    target = [int(v) for v in x[1]]
    if 0 in target:
        if a.get("allowzero", 0):
            raise LeftOut("extent 0")
        target = [x[0].shape[i] if v == 0 else v for i, v in enumerate(target)]
    return s.add("reshape", [0], shape=target)


def gather(s, x, a, node):
    if x[1].min() < 0:
        raise LeftOut("negative indices")
    return s.add("gather", [0, 1], axis=a.get("axis", 0))


def clip(s, x, a, node):
    if x[0].dtype.kind != "f":
        raise LeftOut("integers")
    low = float(x[1]) if len(x) > 1 and x[1] is not None else None
    high = float(x[2]) if len(x) > 2 and x[2] is not None else None
    if low is None or high is None:
        raise LeftOut("one bound or none")
    if low > high:
        raise LeftOut("bounds in the wrong order")
    return s.add("clamp", [0], low=low, high=high)


def hard_sigmoid(s, x, a, node):
    raise LeftOut("another slope")


def with_option(op, name, attribute_name, standard):
    return lambda s, x, a, node: s.add(op, [0], **{name: a.get(attribute_name, standard)})


def selu(s, x, a, node):
    if "alpha" in a or "gamma" in a:
        raise LeftOut("another alpha or gamma")
    return s.add("selu", [0])


RULES = {
    "Abs": single("abs"),
    "Add": single("add"),
    "AveragePool": pool("avgPool2d"),
    "BatchNormalization": batch_norm,
    "Clip": clip,
    "Concat": lambda s, x, a, node: s.add("concat", range(len(x)), axis=a["axis"]),
    "Conv": conv,
    "Div": single("div"),
    "Dropout": dropout,
    "Elu": with_option("elu", "alpha", "alpha", 1.0),
    "Equal": single("eq"),
    "Exp": single("exp"),
    "Flatten": flatten,
    "Gather": gather,
    "Gemm": gemm,
    "GlobalAveragePool": global_pool("globalAvgPool"),
    "GlobalMaxPool": global_pool("globalMaxPool"),
    "Greater": single("gt"),
    "GreaterOrEqual": single("ge"),
    "HardSigmoid": hard_sigmoid,
    "HardSwish": single("hardswish"),
    "LeakyRelu": with_option("leakyRelu", "slope", "alpha", 0.01),
    "Less": single("lt"),
    "LessOrEqual": single("le"),
    "Log": single("log"),
    "LogSoftmax": softmax("logSoftmax"),
    "MatMul": single("matmul"),
    "Max": folded("max"),
    "MaxPool": pool("maxPool2d"),
    "Min": folded("min"),
    "Mul": single("mul"),
    "Neg": single("neg"),
    "Pad": pad,
    "Pow": single("pow"),
    "ReduceL2": reduction("l2norm"),
    "ReduceMax": reduction("reduceMax"),
    "ReduceMean": reduction("mean"),
    "ReduceSum": reduction("sum"),
    "Relu": single("relu"),
    "Reshape": reshape,
    "Resize": resize,
    "Selu": selu,
    "Sigmoid": single("sigmoid"),
    "Sign": single("sign"),
    "Softmax": softmax("softmax"),
    "Softplus": single("softplus"),
    "Sqrt": single("sqrt"),
    "Sub": single("sub"),
    "Tanh": single("tanh"),
    "Transpose": transpose,
    "Upsample": resize,
    "Where": single("where"),
}

KINDS = {"f4": "float32", "f8": "float64", "i4": "int32", "b1": "bool"}


def encode(array):
    if array.dtype.kind == "i":
        array = array.astype("<i4")
    kind = KINDS[array.dtype.str[1:]]
    return {"type": kind, "shape": list(array.shape), "data": base64.b64encode(array.tobytes()).decode()}


def case(folder):
    graph = message(message(open(f"{folder}/model.onnx", "rb").read())[7][0])
    nodes = [message(node) for node in graph[1]]
    op = nodes[0][4][0].decode()
    if len(nodes) != 1 or op not in RULES or message(graph[1][0]).get(7):
        return None
    named = [message(value)[1][0].decode() for value in graph.get(11, [])]
    data = f"{folder}/test_data_set_0"
    read = lambda kind, i: tensor(open(f"{data}/{kind}_{i}.pb", "rb").read())
    tensors = {name: read("input", i) for i, name in enumerate(named)}
    wanted = [name.decode() for name in nodes[0].get(1, [])]
    inputs = [tensors[name] if name else None for name in wanted]
    attributes = dict(attribute(a) for a in nodes[0].get(5, []))
    expected = read("output", 0)
    floats = [x for x in inputs if x is not None and x.dtype.kind == "f"]
    if not floats and op not in ("Where",):
        raise LeftOut("no floats")
    steps = Steps(inputs)
    result = RULES[op](steps, inputs, attributes, os.path.basename(folder))
    used = sorted({i for step in steps.list for i in step["inputs"] if i < len(inputs)})
    if any(inputs[i].dtype.kind != "f" for i in used) and op not in ("Where", "Gather"):
        raise LeftOut("mixed types")
    if sum(inputs[i].size for i in used) + expected.size > LONGEST:
        raise LeftOut("large")
    moved = {old: new for new, old in enumerate(used)}
    for i in range(len(steps.list)):
        moved[len(inputs) + i] = len(used) + i
    for step in steps.list:
        step["inputs"] = [moved[i] for i in step["inputs"]]
    return {"name": os.path.basename(folder)[5:], "onnx": op, "inputs": [encode(inputs[i]) for i in used],
            "steps": steps.list, "result": moved[result], "expected": encode(expected)}


def main():
    cases, left_out = [], {}
    for folder in sorted(glob.glob(f"{FOLDER}/test_*")):
        try:
            found = case(folder)
        except LeftOut as reason:
            left_out[os.path.basename(folder)[5:]] = str(reason)
            continue
        if found is not None:
            cases.append(found)
    with open(sys.argv[1], "w") as file:
        file.write('{"script": "scripts/oracle/onnx.py", "package": "libonnx-testdata 1.12.0", "leftOut": ')
        file.write(json.dumps(left_out, indent=1) + ',\n"cases": [\n')
        file.write(",\n".join(json.dumps(c) for c in cases) + "\n]}\n")
    print(len(cases), "cases,", len(left_out), "left out")


main()
