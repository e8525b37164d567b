"""Weights after 1, 2, 10 and 100 steps of PyTorch's optimizers: python3 scripts/oracle/optimizers.py test/vectors/optimizers.json

Debian's python3 with python3-torch 1.13, float64. The gradient of step t (from 0) is made of products of integers, which every language
repeats exactly: g_i = ((7 i + 3 t) % 11 - 5) / 8 + w_i / 4. Learning rates follow lr (1 + (t % 3)) / 2.
"""
import json
import sys

import torch

torch.set_num_threads(1)
START = [0.5, -1.25, 2.0, -0.03125, 0.75]
STEPS = [1, 2, 10, 100]
CASES = [
    ("sgd:momentum=0", torch.optim.SGD, dict()),
    ("sgd:momentum=0,weightDecay=0.01", torch.optim.SGD, dict(weight_decay=0.01)),
    ("sgd:momentum=0.9", torch.optim.SGD, dict(momentum=0.9)),
    ("sgd:momentum=0.9,weightDecay=0.01", torch.optim.SGD, dict(momentum=0.9, weight_decay=0.01)),
    ("sgd:momentum=0.9,nesterov=1,weightDecay=0.01", torch.optim.SGD, dict(momentum=0.9, nesterov=True, weight_decay=0.01)),
    ("adam", torch.optim.Adam, dict()),
    ("adam:beta1=0.8,beta2=0.9,epsilon=1e-3,weightDecay=0.01", torch.optim.Adam, dict(betas=(0.8, 0.9), eps=1e-3, weight_decay=0.01)),
    ("adamw", torch.optim.AdamW, dict()),
    ("adamw:beta1=0.8,beta2=0.9,epsilon=1e-3,weightDecay=0.1", torch.optim.AdamW, dict(betas=(0.8, 0.9), eps=1e-3, weight_decay=0.1)),
]


def run(make, options, lr):
    w = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = make([w], lr=lr, **options)
    index = torch.arange(len(START))
    path = {}
    for t in range(max(STEPS)):
        optimizer.param_groups[0]["lr"] = lr * (1 + t % 3) / 2
        w.grad = ((7 * index + 3 * t) % 11 - 5).double() / 8 + w.detach() / 4
        optimizer.step()
        if t + 1 in STEPS:
            path[t + 1] = w.detach().tolist()
    return path


LR = 0.05
result = {
    "torch": torch.__version__,
    "lr": LR,
    "start": START,
    "cases": [{"rule": rule, "weights": run(make, options, LR)} for rule, make, options in CASES],
}
with open(sys.argv[1], "w") as file:
    json.dump(result, file, indent=1)
    file.write("\n")
