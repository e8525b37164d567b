/** Networks by name: one line per architecture. */
import { UsageError, unknown } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { activations } from "../activations.ts";
import { mlpNamed } from "../architecture.ts";
import { activation, dense, type Layer, norm, type Variant } from "../layer.ts";
import { layeredNetwork } from "../layered.ts";
import { mlpNetwork } from "../mlp.ts";
import type { Network } from "../network.ts";
import type { NormSpec } from "../norms.ts";
import { densenet, densenetNames } from "./densenet.ts";
import { lenet } from "./lenet.ts";
import { resnet, resnetNames } from "./resnet.ts";
import { vgg, vggNames } from "./vgg.ts";

interface Architecture {
  /** Sample and classes where none are asked for. */
  readonly input: Shape;
  readonly classes: number;
  layers(variant: Variant, input: Shape, classes: number): readonly Layer[];
}

const cifar = { input: [3, 32, 32], classes: 10 };

const architectures: Readonly<Record<string, Architecture>> = {
  lenet: { input: [1, 28, 28], classes: 10, layers: (variant, _, classes) => lenet(variant, classes) },
  ...Object.fromEntries(
    vggNames.map((name) => [
      name,
      { ...cifar, layers: (variant: Variant, _: Shape, classes: number) => vgg(name, variant, classes) },
    ]),
  ),
  ...Object.fromEntries(
    resnetNames.map((name) => [
      name,
      {
        ...cifar,
        layers: (variant: Variant, input: Shape, classes: number) => resnet(name, variant, input, classes),
      },
    ]),
  ),
  ...Object.fromEntries(
    densenetNames.map((name) => [
      name,
      { ...cifar, layers: (variant: Variant, _: Shape, classes: number) => densenet(name, variant, classes) },
    ]),
  ),
};

/** Names without variants. */
export const architectureNames: readonly string[] = Object.keys(architectures);

function normPool(squares: "rounded" | "accumulated"): Layer {
  return { layer: "normPool", window: 2, stride: 2, padding: 0, squares };
}

/** What a suffix `:name` changes. */
const suffixes: Readonly<Record<string, Partial<Variant>>> = {
  "pool-first": { poolFirst: true },
  "pool-3x3": { pool: { layer: "maxPool", window: 3, stride: 2, padding: 1 } },
  "pool-norm": { pool: normPool("rounded") },
  "pool-norm-accumulated": { pool: normPool("accumulated") },
  ...Object.fromEntries(Object.keys(activations).map((name) => [name, { activation: name }])),
};

const plain: Variant = {
  norm: false,
  normSpec: undefined,
  activation: "relu",
  pool: undefined,
  poolFirst: false,
  dropout: 0,
};

/** A network's name without its suffixes, and what they and the caller say of its norms. */
interface Named {
  readonly text: string;
  readonly isNormed: boolean;
  readonly flags: readonly string[];
  readonly normSpec: NormSpec | undefined;
}

function variantOf({ text, isNormed, flags, normSpec }: Named): Variant {
  const changes = flags.map((flag): Partial<Variant> => {
    const rate = /^dropout-(0?\.\d+|0)$/.exec(flag);
    if (rate !== null) return { dropout: Number(rate[1]) };
    const ghost = /^ghost-(\d+)$/.exec(flag);
    if (ghost !== null && isNormed) return { normSpec: { ...normSpec, ghost: Number(ghost[1]) } };
    if (ghost !== null) throw new UsageError(`--model '${text}': ghost batches are of batch norms, which -bn adds`);
    if (Object.hasOwn(suffixes, flag)) return suffixes[flag];
    throw unknown(`suffix of --model '${text}'`, flag, [...Object.keys(suffixes), "dropout-0.5", "ghost-32"]);
  });
  return Object.assign({}, plain, { norm: isNormed, normSpec }, ...changes);
}

/** A perceptron of the form linear, norm, activation, dropout (papers/relu0 3.1). */
function variedMlp(text: string, body: string, variant: Variant): Network {
  const { sizes } = mlpNamed(body);
  const dropped: readonly Layer[] = variant.dropout > 0 ? [{ layer: "dropout", rate: variant.dropout }] : [];
  const hidden = sizes
    .slice(1, -1)
    .flatMap((units): readonly Layer[] => [dense(units), ...norm(variant), activation(variant), ...dropped]);
  const classes = sizes[sizes.length - 1];
  return layeredNetwork(text, [...hidden, dense(classes)], [sizes[0]], classes);
}

/** The sample and the classes that a data set has. */
export interface Sample {
  /** [channels, height, width]. */
  readonly input: Shape;
  readonly classes: number;
}

/**
 * `784-256x3-10`, `lenet`, `vgg11`, `resnet18`, `resnet18-2x2`, `densenet121` ..., each with `-bn` for batch norm and
 * suffixes: `:pool-first`, `:pool-3x3`, `:pool-norm` (squares rounded before they are summed), `:pool-norm-accumulated`, an
 * activation's name, for `-bn` networks `:ghost-32` (batch norm over parts of 32 samples), for perceptrons `:dropout-0.5`.
 * @param sample For which data; what the papers use unless given. Multilayer perceptrons name their own sizes.
 * @param normSpec How the norms of `-bn` networks compute; default: batch norm with eps 1e-5.
 * @throws UsageError on an unknown name or suffix; ShapeError where the images do not fit.
 */
export function networkNamed(text: string, sample?: Sample, normSpec?: NormSpec): Network {
  const [body, ...flags] = text.split(":");
  const isNormed = body.endsWith("-bn");
  const name = isNormed ? body.slice(0, -3) : body;
  if (/^\d/.test(name)) {
    const isPlain = !isNormed && flags.every((flag) => flag === "no-first-relu");
    return isPlain ? mlpNetwork(mlpNamed(text)) : variedMlp(text, name, variantOf({ text, isNormed, flags, normSpec }));
  }
  if (!Object.hasOwn(architectures, name)) {
    throw unknown("model", name, [...architectureNames, "784-256x3-10"]);
  }
  const architecture = architectures[name];
  const { input, classes } = sample ?? architecture;
  const variant = variantOf({ text, isNormed, flags, normSpec });
  if (variant.dropout > 0)
    throw new UsageError(`--model '${text}': only perceptrons such as 784-2048x3-10 have dropout`);
  if (input.length !== 3) {
    throw new UsageError(
      `--model '${text}': samples of shape [${input.join(", ")}], expected [channels, height, width]`,
    );
  }
  if (variant.pool === undefined) checkSizes(text, name, input);
  return layeredNetwork(text, architecture.layers(variant, input, classes), input, classes);
}

/** Halvings by the papers' own 2x2 pool, which is defined on even sizes only (papers/maxpool 2.1). */
function checkSizes(text: string, name: string, [, height, width]: Shape): void {
  const halvings = name.startsWith("vgg") ? 5 : name.endsWith("-2x2") ? 1 : 0;
  const factor = 2 ** halvings;
  if (height % factor === 0 && width % factor === 0) return;
  throw new UsageError(
    `--model '${text}': images of ${height} x ${width}; its 2x2 pools need sizes divisible by ${factor} (or the suffix :pool-3x3)`,
  );
}
