"""Values and gradients of every op by PyTorch, at random points and at kinks: python3 scripts/oracle/ops.py test/vectors/pytorch.json

Debian's python3 with python3-torch 1.13. Inputs and cotangents are float32 numbers, so that float32 and float64 share
them. NaN and infinities are written as strings.
"""
import json
import math
import sys
import zlib

import numpy
import torch
import torch.nn.functional as F

torch.set_num_threads(1)
INF, NAN = math.inf, math.nan
CASES = []


def generator(name):
    return numpy.random.default_rng(zlib.crc32(name.encode()))


def plain(tensor):
    def number(x):
        if isinstance(x, (bool, int)):
            return int(x)
        return x if math.isfinite(x) else {INF: "Infinity", -INF: "-Infinity"}.get(x, "NaN")

    return [number(x) for x in tensor.detach().reshape(-1).tolist()]


def result(function, arrays, cotangent, dtype):
    inputs = [
        torch.tensor(a, dtype=dtype).requires_grad_() if a.dtype.kind == "f" else torch.tensor(a) for a in arrays
    ]
    output = function(*inputs)
    floats = [x for x in inputs if x.requires_grad]
    out = {"output": plain(output)}
    if output.requires_grad:
        gradients = torch.autograd.grad(output, floats, torch.tensor(cotangent, dtype=dtype).reshape(output.shape))
        out["gradients"] = [plain(g) for g in gradients]
    return out


def case(name, op, function, arrays, options=None):
    """One op on given arrays; cotangents away from 0, so that none of them hides a slope."""
    arrays = [a.astype(numpy.float32).astype(numpy.float64) if a.dtype.kind == "f" else a for a in arrays]
    shape = function(*(torch.tensor(a) for a in arrays)).shape
    r = generator("cotangent " + name)
    cotangent = (r.uniform(0.5, 2, shape) * r.choice((-1, 1), shape)).astype(numpy.float32).astype(numpy.float64)
    types = {"f": "store", "i": "int32", "b": "bool"}
    CASES.append(
        {
            "name": name,
            "op": op,
            "options": options or {},
            "inputs": [
                {"type": types[a.dtype.kind], "shape": list(a.shape), "values": plain(torch.tensor(a))} for a in arrays
            ],
            "shape": list(shape),
            "cotangent": plain(torch.tensor(cotangent)),
            "float64": result(function, arrays, cotangent, torch.float64),
            "float32": result(function, arrays, cotangent, torch.float32),
        }
    )


def unary(op, function, kinks=(), low=-6.0, high=6.0, options=None, label=""):
    name = op + label
    case(f"{name} at random points", op, function, [generator(name).uniform(low, high, 24)], options)
    if kinks:
        around = [x for k in kinks for x in (k, numpy.nextafter(numpy.float32(k), 9), numpy.nextafter(numpy.float32(k), -9))]
        if low >= 0:
            around = [x for x in around if x >= 0]
        # PyTorch's slope of sqrt at -0 is -Infinity, a side effect of dividing by the root: left out.
        zeros = [-0.0] if 0 in kinks and low < 0 else []
        case(f"{name} at kinks", op, function, [numpy.array([float(x) for x in around + zeros])], options)


def floats(name, *shape, low=-2.0, high=2.0):
    return generator(name).uniform(low, high, shape)


def elementwise():
    unary("neg", torch.neg)
    unary("abs", torch.abs, (0,))
    unary("relu", torch.relu, (0,))
    unary("leakyRelu", lambda x: F.leaky_relu(x, 0.25), (0,), options={"slope": 0.25})
    unary("relu6", F.relu6, (0, 6), high=9)
    unary("clamp", lambda x: x.clamp(-1.5, 2.25), (-1.5, 2.25), options={"low": -1.5, "high": 2.25})
    unary("elu", F.elu, (0,), options={"alpha": 1})
    unary("elu", lambda x: F.elu(x, 2.0), (0,), options={"alpha": 2}, label=" alpha 2")
    unary("selu", F.selu, (0,))
    unary("softplus", F.softplus, high=19)
    unary("sigmoid", torch.sigmoid)
    unary("tanh", torch.tanh)
    unary("erf", torch.erf)
    unary("silu", F.silu)
    unary("gelu", F.gelu)
    unary("hardswish", F.hardswish, (-3, 3))
    unary("hardsigmoid", F.hardsigmoid, (-3, 3))
    unary("hardtanh", F.hardtanh, (-1, 1))
    unary("exp", torch.exp)
    unary("log", torch.log, low=0.01)
    unary("sqrt", torch.sqrt, (0,), low=0)
    unary("square", torch.square)
    unary("sign", torch.sign, (0,))
    special = numpy.array([NAN, INF, -INF])
    # Not abs: PyTorch's sign of NaN is 0.
    for op, function in (("relu", torch.relu), ("tanh", torch.tanh), ("sigmoid", torch.sigmoid), ("exp", torch.exp)):
        case(f"{op} at NaN and infinities", op, function, [special])


def binary():
    for op, function in (("add", torch.add), ("sub", torch.sub), ("mul", torch.mul), ("div", torch.div)):
        case(f"{op}", op, function, [floats(op, 12), floats(op + "b", 12, low=0.5)])
        case(f"{op} broadcast", op, function, [floats(op, 3, 1, 4), floats(op + "b", 2, 1, low=0.5)])
    case("div by zero", "div", torch.div, [numpy.array([1.0, -2.0]), numpy.array([0.0, 0.0])])
    ties = [numpy.array([0.0, -0.0, 0.0, 1, 2, -1.5, 3]), numpy.array([0.0, 0.0, -0.0, 1, 3, -1.5, 2])]
    for op, function in (("max", torch.maximum), ("min", torch.minimum)):
        case(f"{op} at ties", op, function, ties)
        case(f"{op} broadcast", op, function, [floats(op, 3, 4), floats(op + "b", 4)])
    case("pow", "pow", torch.pow, [floats("pow", 16, low=0.1), floats("powb", 16)])
    case("pow of zero", "pow", torch.pow, [numpy.zeros(2), numpy.array([2.0, 3.0])])
    condition = generator("where").integers(0, 2, 12).astype(bool)
    case("where", "where", torch.where, [condition, floats("where a", 12), floats("where b", 12)])
    left, right = numpy.array([0.0, -0.0, 1, 2, NAN]), numpy.array([-0.0, 0.0, 1, 1, 1])
    for op in ("eq", "ne", "lt", "le", "gt", "ge"):
        case(op, op, getattr(torch, op), [left, right])


def reductions():
    x = floats("reduce", 3, 4, 5)
    for op, function in (("sum", torch.sum), ("mean", torch.mean), ("reduceMax", torch.amax), ("l2norm", torch.linalg.vector_norm)):
        case(f"{op} all", op, lambda t: function(t, dim=(0, 1, 2)), [x], {"axes": None})
        case(f"{op} axis 1", op, lambda t: function(t, dim=(1,)), [x], {"axes": [1]})
        case(f"{op} axes 0, 2 kept", op, lambda t: function(t, dim=(0, 2), keepdim=True), [x], {"axes": [0, 2], "keepDims": True})
    tied = numpy.array([[1.0, 2, 2, 2], [0.0, -0.0, -1, 0], [3, 1, 3, 1]])
    case("reduceMax ties", "reduceMax", lambda t: torch.amax(t, dim=1), [tied], {"axes": [1]})
    zero_row = numpy.array([[0.0, 0, 0], [3, 4, 0], [-0.0, 0, -0.0]])
    case("l2norm at 0", "l2norm", lambda t: torch.linalg.vector_norm(t, dim=1), [zero_row], {"axes": [1]})


def products():
    def pair(name, *shapes):
        return [floats(name + str(i), *shape) for i, shape in enumerate(shapes)]

    case("matmul", "matmul", torch.matmul, pair("matmul", (5, 7), (7, 3)))
    case("matmul batched, broadcast", "matmul", torch.matmul, pair("batched", (2, 1, 3, 4), (3, 4, 2)))
    case("matmul of vectors", "matmul", torch.matmul, pair("vectors", (6,), (6,)))
    case("matmul of matrix and vector", "matmul", torch.matmul, pair("matrix vector", (4, 6), (6,)))
    case("matmul of vector and matrices", "matmul", torch.matmul, pair("vector matrix", (4,), (3, 4, 2)))
    case("matmul of transposed", "matmul", lambda a, b: a.mT @ b.mT, pair("transposed", (4, 3), (2, 4)), {"transposeA": True, "transposeB": True})
    case("linear", "linear", F.linear, pair("linear", (6, 5), (4, 5), (4,)))
    case("linear without bias, batched", "linear", F.linear, pair("linear batched", (2, 3, 5), (4, 5)))


def structure():
    x = floats("structure", 3, 4, 5)
    case("reshape", "reshape", lambda t: t.reshape(4, 15), [x], {"shape": [4, 15]})
    case("transpose", "transpose", lambda t: t.permute(2, 0, 1), [x], {"perm": [2, 0, 1]})
    case("broadcast", "broadcast", lambda t: t.expand(2, 3, 4), [floats("broadcast", 3, 1)], {"shape": [2, 3, 4]})
    case("slice", "slice", lambda t: t[1:3, 0:4:2, 1:5:3], [x], {"starts": [1, 0, 1], "stops": [3, 4, 5], "steps": [1, 2, 3]})
    parts = [floats("concat a", 2, 3), floats("concat b", 2, 1), floats("concat c", 2, 2)]
    case("concat", "concat", lambda *ts: torch.cat(ts, 1), parts, {"axis": 1})
    indices = numpy.array([2, 0, 2, 1, 2])
    case("gather", "gather", lambda t, i: t.index_select(0, i), [floats("gather", 3, 4), indices], {"axis": 0})
    case("gather axis 1", "gather", lambda t, i: t.index_select(1, i), [floats("gather 1", 2, 4, 3), indices], {"axis": 1})


def losses():
    x, labels = floats("logits", 6, 10, low=-5, high=5), generator("labels").integers(0, 10, 6)
    for reduction in ("mean", "sum", "none"):
        function = lambda t, l: F.cross_entropy(t, l, reduction=reduction)
        case(f"softmaxCrossEntropy {reduction}", "softmaxCrossEntropy", function, [x, labels], {"reduction": reduction})
    tied = numpy.array([[1.0, 1, 1, 0], [0.0, -0.0, 0, 0], [90, 90, -90, 0]])
    case("softmaxCrossEntropy of ties", "softmaxCrossEntropy", F.cross_entropy, [tied, numpy.array([0, 2, 2])])
    case("softmax", "softmax", lambda t: F.softmax(t, 1), [x], {"axis": 1})
    case("logSoftmax", "logSoftmax", lambda t: F.log_softmax(t, 1), [x], {"axis": 1})


def convolutions():
    """Forward and the gradients of image, weight and bias."""
    geometries = (
        ("3 by 3", (2, 3, 6, 5), (4, 3, 3, 3), {"padding": 1}),
        ("odd size, stride 2", (2, 2, 7, 9), (3, 2, 3, 3), {"stride": 2, "padding": 1}),
        ("without padding", (1, 3, 8, 7), (2, 3, 3, 3), {}),
        ("1 by 1, stride 2", (2, 4, 5, 6), (3, 4, 1, 1), {"stride": 2}),
        ("7 by 7, stride 2", (1, 3, 13, 12), (2, 3, 7, 7), {"stride": 2, "padding": 3}),
        ("dilated", (1, 2, 9, 10), (3, 2, 3, 3), {"dilation": 2, "padding": 2}),
        ("dilated and strided", (1, 2, 11, 9), (2, 2, 3, 2), {"dilation": [2, 3], "stride": [3, 2], "padding": [1, 2]}),
        ("2 groups", (2, 4, 6, 6), (6, 2, 3, 3), {"groups": 2, "padding": 1}),
        ("depthwise", (2, 3, 5, 5), (6, 1, 3, 3), {"groups": 3, "padding": 1, "stride": 2}),
        ("oblong", (2, 2, 6, 9), (3, 2, 2, 5), {"padding": [0, 2], "stride": [1, 3]}),
        ("stride beyond the kernel", (1, 2, 8, 8), (2, 2, 2, 2), {"stride": 3}),
        ("the whole image", (2, 3, 4, 5), (2, 3, 4, 5), {}),
    )
    for label, image, weight, options in geometries:
        name = f"conv2d {label}"
        where = {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}
        function = lambda *operands: F.conv2d(*operands, **where)
        arrays = [floats(name, *image), floats(name + " weight", *weight), floats(name + " bias", weight[0])]
        case(name, "conv2d", function, arrays, options)
        if label == geometries[0][0]:
            case(f"{name} without bias", "conv2d", function, arrays[:2], options)


def pools():
    geometries = (
        ("2 by 2", (2, 3, 6, 8), {"window": 2}),
        ("odd size", (2, 2, 7, 5), {"window": 2}),
        ("overlapping", (1, 2, 9, 8), {"window": 3, "stride": 2}),
        ("overlapping with padding", (2, 2, 7, 8), {"window": 3, "stride": 2, "padding": 1}),
        ("every pixel", (1, 1, 5, 6), {"window": 3, "stride": 1, "padding": 1}),
        ("gaps", (1, 2, 8, 9), {"window": 2, "stride": 3}),
        ("oblong", (1, 2, 7, 9), {"window": [3, 4], "stride": [1, 2], "padding": [1, 2]}),
    )

    def both(value):
        return tuple(value) if isinstance(value, list) else value

    def geometry(options):
        return {
            "kernel_size": both(options["window"]),
            "stride": both(options.get("stride", options["window"])),
            "padding": both(options.get("padding", 0)),
        }

    for label, shape, options in geometries:
        where = geometry(options)
        name = f"maxPool2d {label}"
        case(name, "maxPool2d", lambda t: F.max_pool2d(t, **where), [floats(name, *shape)], options)
        tied = generator("ties " + name).integers(-1, 2, shape).astype(float)
        case(f"{name} at ties", "maxPool2d", lambda t: F.max_pool2d(t, **where), [tied], options)
        for counted in (True, False):
            name = f"avgPool2d {label}{'' if counted else ', padding not counted'}"
            average = lambda t: F.avg_pool2d(t, **where, count_include_pad=counted)
            case(name, "avgPool2d", average, [floats(name, *shape)], {**options, "countPadding": counted})
        if options.get("padding", 0) == 0:
            name = f"normPool {label}"
            # Its own sign(x) relu(|x|) and its power 1/2 have no derivative at 0: points away from there.
            norm = lambda t: F.lp_pool2d(t, 2, where["kernel_size"], where["stride"])
            case(name, "normPool", norm, [floats(name, *shape, low=0.25)], options)
    window_of_nan = numpy.array([[1.0, NAN, 5, 2], [0, -0.0, -1, -INF], [-INF] * 4, [INF, 1, INF, NAN]]).reshape(4, 1, 2, 2)
    case("maxPool2d at NaN and infinities", "maxPool2d", lambda t: F.max_pool2d(t, 2), [window_of_nan], {"window": 2})
    lowest = numpy.full((1, 1, 3, 3), -INF)
    padded = lambda t: F.max_pool2d(t, 3, 2, 1)
    case("maxPool2d of -Infinity with padding", "maxPool2d", padded, [lowest], {"window": 3, "stride": 2, "padding": 1})
    x = floats("global pools", 2, 3, 5, 4)
    case("globalMaxPool", "globalMaxPool", lambda t: F.adaptive_max_pool2d(t, 1), [x])
    case("globalAvgPool", "globalAvgPool", lambda t: F.adaptive_avg_pool2d(t, 1), [x])
    case("upsampleNearest", "upsampleNearest", lambda t: F.interpolate(t, scale_factor=(2, 3)), [x], {"scale": [2, 3]})
    case("flatten", "flatten", lambda t: t.flatten(1), [x])
    case("dropout of nothing", "dropout", lambda t: F.dropout(t, 0.0), [x], {"rate": 0})


def norms():
    for shape in ((4, 3), (3, 5, 4, 3), (2, 4, 7)):
        channels, name = shape[1], f"batchNorm {'x'.join(map(str, shape))}"
        arrays = [floats(name, *shape, low=-1, high=5), floats(name + "gamma", channels), floats(name + "beta", channels)]
        for eps in (1e-5, 0.125):
            train = lambda x, gamma, beta: F.batch_norm(x, None, None, gamma, beta, True, 0.1, eps)
            case(f"{name} eps {eps}", "batchNorm", train, arrays, {"eps": eps})
    # Both formulas for the variance lose digits here; two passes keep them.
    shifted = [floats("shifted", 64, 2, low=12, high=13), numpy.array([1.5, -1]), numpy.array([0.5, 2])]
    case("batchNorm far from 0", "batchNorm", lambda x, g, b: F.batch_norm(x, None, None, g, b, True), shifted)
    for shape, own in (((3, 8), (8,)), ((2, 3, 5), (3, 5)), ((2, 4, 3, 3), (3,))):
        name = f"layerNorm {'x'.join(map(str, shape))} over {len(own)}"
        layer = lambda x, gamma, beta: F.layer_norm(x, own, gamma, beta)
        case(name, "layerNorm", layer, [floats(name, *shape), floats(name + "gamma", *own), floats(name + "beta", *own)])
    for groups in (1, 2, 6):
        name = f"groupNorm {groups}"
        arrays = [floats(name, 3, 6, 2, 5), floats(name + "gamma", 6), floats(name + "beta", 6)]
        case(name, "groupNorm", lambda x, g, b: F.group_norm(x, groups, g, b), arrays, {"groups": groups})


def running_statistics():
    """Two training steps of batch norm, then evaluation, with its gradients."""
    found = []
    for dtype in (torch.float64, torch.float32):
        r = generator("running statistics")
        steps = [torch.tensor(r.uniform(-2, 3, (4, 3, 2, 2)).astype(numpy.float32), dtype=dtype) for _ in range(2)]
        x = torch.tensor(r.uniform(-2, 2, (2, 3, 2, 2)).astype(numpy.float32), dtype=dtype).requires_grad_()
        gamma, beta = (torch.tensor(r.uniform(-2, 2, 3).astype(numpy.float32), dtype=dtype).requires_grad_() for _ in range(2))
        mean, variance = torch.zeros(3, dtype=dtype), torch.ones(3, dtype=dtype)
        for step in steps:
            F.batch_norm(step, mean, variance, gamma, beta, True, 0.25)
        y = F.batch_norm(x, mean, variance, gamma, beta, False)
        cotangent = torch.tensor(r.uniform(-1, 1, (2, 3, 2, 2)).astype(numpy.float32), dtype=dtype)
        gradients = torch.autograd.grad(y, (x, gamma, beta), cotangent)
        tensors = {"x": x, "gamma": gamma, "beta": beta, "mean": mean, "variance": variance, "y": y, "cotangent": cotangent}
        tensors.update(zip(("dx", "dgamma", "dbeta"), gradients))
        plain_tensors = {name: plain(t) for name, t in tensors.items()}
        found.append({"format": str(dtype)[6:], "momentum": 0.25, "steps": [plain(s) for s in steps], **plain_tensors})
    return found


def main():
    for family in (elementwise, binary, reductions, products, structure, losses, convolutions, pools, norms):
        family()
    with open(sys.argv[1], "w") as file:
        file.write(f'{{"script": "scripts/oracle/ops.py", "torch": "{torch.__version__}", "cases": [\n')
        file.write(",\n".join(json.dumps(c, allow_nan=False) for c in CASES) + "\n],\n")
        running = ",\n".join(json.dumps(c, allow_nan=False) for c in running_statistics())
        file.write(f'"runningStatistics": [\n{running}\n]}}\n')


main()
