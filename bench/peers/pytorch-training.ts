/** A training step of 64-256x20-10 with batch norm in PyTorch: modules, autograd, SGD with momentum, one thread. */
import type { Contender } from "../bench.ts";
import { python } from "./python.ts";

/** Undefined where PyTorch is not installed. */
export function pytorchTraining(batch: number, lr: number): Promise<Contender | undefined> {
  const program = `
import torch
from torch import nn
layers, width = [], 64
for _ in range(20):
    layers += [nn.Linear(width, 256), nn.BatchNorm1d(256), nn.ReLU()]
    width = 256
net = nn.Sequential(*layers, nn.Linear(256, 10))
x = torch.rand(${batch}, 64)
labels = torch.randint(10, (${batch},))
sgd = torch.optim.SGD(net.parameters(), lr=${lr}, momentum=0.9)
def step():
    sgd.zero_grad(set_to_none=True)
    nn.functional.cross_entropy(net(x), labels).backward()
    sgd.step()
`;
  return python("PyTorch", program, "step()");
}
