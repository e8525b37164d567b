/** What the figures are to reach: the least ratio to a peer, by the beginning of the name. */

interface Goal {
  readonly bench: RegExp;
  readonly peerName: string;
  readonly least: number;
}

/** Of printed C: fused is held to the peers, strict to what this machine's separate multiplier and adder allow. */
const native: readonly Goal[] = [
  { bench: /^matmul\.f(32|64)\..*\.strict\.native$/, peerName: "roof", least: 0.85 },
  { bench: /^matmul\.f(32|64)\..*\.fused\.native$/, peerName: "NumPy", least: 1 },
  { bench: /^matmul\.(f16|bf16|f8)\..*\.native$/, peerName: "f32", least: 0.85 },
  { bench: /^conv2d\..*\d\.strict\.native$/, peerName: "matmul", least: 0.8 },
  { bench: /^conv2d\..*\d\.fused\.native$/, peerName: "PyTorch", least: 1 },
  { bench: /^(mlp|lenet|vgg11|vgg11-bn|resnet18-bn)\.step\.fused\.native$/, peerName: "PyTorch", least: 1 },
  { bench: /^(mlp|lenet|vgg11|vgg11-bn|resnet18-bn)\.step\.strict\.native$/, peerName: "PyTorch", least: 1 / 1.8 },
  { bench: /^zone\.f32\..*\.native$/, peerName: "PyTorch", least: 4 },
  { bench: /^propagate\..*\.strict\.native$/, peerName: "PyTorch", least: 1 / 1.8 },
  { bench: /^propagate\..*\.fused\.native$/, peerName: "PyTorch", least: 1 / 1.1 },
  { bench: /^train\.step\.strict\.native$/, peerName: "PyTorch", least: 1 / 1.8 },
  { bench: /^train\.step\.fused\.native$/, peerName: "PyTorch", least: 1 / 1.1 },
  { bench: /^train\.trace\..*\.native$/, peerName: "untraced", least: 1 / 1.1 },
  { bench: /^train\.update\..*\.native$/, peerName: "sgd", least: 1 / 2 },
  { bench: /^batchnorm\..*\.native$/, peerName: "copy", least: 0.6 },
  { bench: /^zone\.vgg11\..*\.native$/, peerName: "PyTorch", least: 2 },
  { bench: /^bandwidth\./, peerName: "copy", least: 0.7 },
  { bench: /^threads\..*\.native$/, peerName: "arithmetic", least: 0.9 },
];

const goals: readonly Goal[] = [
  ...native,
  { bench: /^matmul\.f(32|64)\./, peerName: "roof", least: 0.8 },
  { bench: /^matmul\.f32\.\d+\.nn\./, peerName: "tfjs", least: 1.2 },
  { bench: /^matmul\.f32\.\d+\.(nt|tn)\./, peerName: "tfjs", least: 10 },
  { bench: /^matmul\.f32\.\d+\.nn\./, peerName: "jax-js", least: 1.2 },
  { bench: /^matmul\.f32\.\d+\.(nt|tn)\./, peerName: "jax-js", least: 10 },
  { bench: /^matmul\.(f16|bf16|f8)\./, peerName: "f32", least: 0.9 },
  { bench: /^conv2d\.\w+\.3-|^conv2d\..*-(k1|s2)\./, peerName: "matmul", least: 0.425 },
  { bench: /^conv2d\..*\.b?float16\./, peerName: "f32", least: 0.85 },
  { bench: /^conv2d\..*\d\.(strict|fused)$/, peerName: "matmul", least: 0.85 },
  { bench: /^conv2d\.forward\./, peerName: "tfjs", least: 2 },
  { bench: /^conv2d\.forward\./, peerName: "jax-js", least: 2 },
  { bench: /^conv2d\.dw\./, peerName: "jax-js", least: 5 },
  { bench: /^(lenet|vgg11)\..*\.b?float16\./, peerName: "f32", least: 0.85 },
  { bench: /^(lenet|vgg11)\.\w+\.(strict|fused)$/, peerName: "matmul", least: 0.75 },
  { bench: /^mlp\./, peerName: "roof", least: 0.75 },
  { bench: /^mlp\./, peerName: "tfjs", least: 1.5 },
  { bench: /^zone\.f32\./, peerName: "published-way", least: 3.5 },
  { bench: /^zone\.vgg11\./, peerName: "published-way", least: 2.5 },
  { bench: /^workers\./, peerName: "arithmetic", least: 0.93 },
  { bench: /^spectra\.(kernel|width)\./, peerName: "NumPy", least: 1 },
  { bench: /^spectra\.eigenvalues\./, peerName: "NumPy", least: 1 / 20 },
  { bench: /^(memory|compile|spectra\.circle)\./, peerName: "goal", least: 1 },
];

/** The least ratio that a row is to reach, or undefined where it is only reported. */
export function goalOf(name: string, peerName: string): number | undefined {
  return goals.find((goal) => goal.bench.test(name) && goal.peerName === peerName)?.least;
}
