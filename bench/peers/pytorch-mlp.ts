/** The network in PyTorch: modules, autograd and its SGD, one thread. */
import type { Contender } from "../bench.ts";
import type { Work } from "../network-work.ts";
import type { MlpData } from "./mlp-data.ts";
import { python } from "./python.ts";

export function pytorchMlp(work: Work, { sizes, batch, rate }: MlpData): Promise<Contender | undefined> {
  const setup = `
import torch
sizes = [${sizes.join(", ")}]
layers = []
for a, b in zip(sizes, sizes[1:]):
    layers += [torch.nn.Linear(a, b), torch.nn.ReLU()]
net = torch.nn.Sequential(*layers[:-1])
x = torch.rand(${batch}, sizes[0])
labels = torch.randint(sizes[-1], (${batch},))
sgd = torch.optim.SGD(net.parameters(), lr=${rate})
def forward():
    with torch.no_grad():
        torch.nn.functional.cross_entropy(net(x), labels)
def step():
    sgd.zero_grad(set_to_none=True)
    torch.nn.functional.cross_entropy(net(x), labels).backward()
    sgd.step()
`;
  return python("PyTorch", setup, `${work}()`);
}
