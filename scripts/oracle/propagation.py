"""Norms of gradients block by block from PyTorch, for test/vectors/propagation.json. `python3 scripts/oracle/propagation.py > test/vectors/propagation.json`

Weights, inputs and the top gradient are numbers that both sides compute alike, and not so round that a sum would be 0 but for rounding:
((7919 i + salt) mod 101 - 50) / 40 + ((104729 i + salt) mod 9973) / 100000.
"""
import json
import torch

torch.set_default_dtype(torch.float64)
B, N, L, EPS = 12, 8, 4, 1e-5


def numbers(salt, *shape):
    size = 1
    for extent in shape:
        size *= extent
    return torch.tensor([((7919 * i + salt) % 101 - 50) / 40 + ((104729 * i + salt) % 9973) / 100000 for i in range(size)]).reshape(shape)


def norm(kind, h):
    if kind == "batch":
        return torch.nn.functional.batch_norm(h, None, None, training=True, eps=EPS)
    if kind == "batch:frozen":
        mean, variance = h.mean(0).detach(), h.var(0, unbiased=False).detach()
        return (h - mean) / torch.sqrt(variance + EPS)
    if kind == "layer":
        return torch.nn.functional.layer_norm(h, (N,), eps=EPS)
    if kind == "group:2":
        return torch.nn.functional.group_norm(h, 2, eps=EPS)
    return h


acts = {"relu": torch.relu, "gelu": torch.nn.functional.gelu, "tanh": torch.tanh}
cases = []
for kind in ["batch", "layer", "group:2", "none", "batch:frozen"]:
    for order in ["norm-act", "act-norm"]:
        for act in acts:
            x, kept = numbers(1, B, N), []
            for l in range(L):
                w = numbers(10 + l, N, N).requires_grad_()
                h = x @ w.T
                h.requires_grad_() if not h.requires_grad else None
                h.retain_grad()
                y = acts[act](norm(kind, h)) if order == "norm-act" else norm(kind, acts[act](h))
                y.retain_grad()
                kept.append((w, h, y))
                x = y
            x.backward(numbers(5, B, N))
            size = lambda t: t.grad.norm().item()
            cases.append(
                {
                    "norm": kind,
                    "order": order,
                    "activation": act,
                    "gradient": [size(y) for _, _, y in kept],
                    "signal": [size(h) for _, h, _ in kept],
                    "weightGradient": [size(w) for w, _, _ in kept],
                }
            )
print(json.dumps({"torch": torch.__version__, "batch": B, "width": N, "depth": L, "eps": EPS, "cases": cases}, indent=1))
