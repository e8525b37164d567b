/** The convolutional networks in PyTorch: modules, autograd and its SGD, one thread. */
import type { Contender } from "../bench.ts";
import { rate, type Work } from "../network-work.ts";
import { python } from "./python.ts";

const setup = `
import torch
from torch import nn
class Block(nn.Module):
    def __init__(self, a, b, stride):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(a, b, 3, stride, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU(),
                                  nn.Conv2d(b, b, 3, 1, 1, bias=False), nn.BatchNorm2d(b))
        same = stride == 1 and a == b
        self.shortcut = nn.Identity() if same else nn.Sequential(nn.Conv2d(a, b, 1, stride, bias=False), nn.BatchNorm2d(b))
    def forward(self, x):
        return torch.relu(self.body(x) + self.shortcut(x))
def vgg11(norm):
    layers, c = [], 3
    for k in [64, 0, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0]:
        layers += [nn.MaxPool2d(2)] if k == 0 else [nn.Conv2d(c, k, 3, padding=1)] + [nn.BatchNorm2d(k)] * norm + [nn.ReLU()]
        c = k or c
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(512, 10))
def lenet():
    return nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(256, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
def resnet18():
    stem = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    widths = [64, 64, 64, 128, 128, 256, 256, 512, 512]
    blocks = [Block(a, b, 1 if i == 0 or a == b else 2) for i, (a, b) in enumerate(zip(widths, widths[1:]))]
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))
`;

const networks: Readonly<Record<string, readonly [make: string, sample: string]>> = {
  lenet: ["lenet()", "1, 28, 28"],
  vgg11: ["vgg11(0)", "3, 32, 32"],
  "vgg11-bn": ["vgg11(1)", "3, 32, 32"],
  "resnet18-bn": ["resnet18()", "3, 32, 32"],
};

/** Undefined where PyTorch is not installed. */
export function pytorchNetwork(name: string, work: Work, batch: number): Promise<Contender | undefined> {
  const [make, sample] = networks[name];
  const program = `${setup}
net = ${make}
x = torch.rand(${batch}, ${sample})
labels = torch.randint(10, (${batch},))
sgd = torch.optim.SGD(net.parameters(), lr=${rate})
def forward():
    with torch.no_grad():
        nn.functional.cross_entropy(net(x), labels)
def step():
    sgd.zero_grad(set_to_none=True)
    nn.functional.cross_entropy(net(x), labels).backward()
    sgd.step()
`;
  return python("PyTorch", program, `${work}()`);
}

/**
 * VGG11 over mini-batches of random images the published way: two networks that share their weights, ReLU'(0) = 0 and 1, forward and
 * backward each, gradients compared.
 */
export function pytorchZone(images: number, batch: number): Promise<Contender | undefined> {
  const program = `${setup}
class Relu(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z, alpha):
        ctx.save_for_backward(z)
        ctx.alpha = alpha
        return z.clamp(min=0)
    @staticmethod
    def backward(ctx, g):
        (z,) = ctx.saved_tensors
        below = g * (z > 0)
        return (below if ctx.alpha == 0 else torch.where(z == 0, ctx.alpha * g, below)), None
class Alpha(nn.Module):
    def __init__(self, alpha):
        super().__init__()
        self.alpha = alpha
    def forward(self, x):
        return Relu.apply(x, self.alpha)
layers = vgg11(0)
nets = [nn.Sequential(*[Alpha(a) if isinstance(l, nn.ReLU) else l for l in layers]) for a in (0.0, 1.0)]
data = [(torch.rand(${batch}, 3, 32, 32), torch.randint(10, (${batch},))) for _ in range(${images} // ${batch})]
def gradients(net, x, labels):
    return torch.autograd.grad(nn.functional.cross_entropy(net(x), labels), list(net.parameters()))
def scan():
    for x, labels in data:
        a, b = [gradients(net, x, labels) for net in nets]
        any(not torch.equal(p, q) for p, q in zip(a, b))
`;
  return python("PyTorch", program, "scan()");
}
