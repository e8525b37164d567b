/** Published counts of E4 (papers/maxpool E4, the final combined figure): mini-batches above tau. */

export interface PublishedVolume {
  readonly model: string;
  readonly batch: number;
  readonly format: "float16" | "float32" | "float64";
  readonly hits: number;
  readonly batches: number;
}

const of = (
  format: PublishedVolume["format"],
  entries: readonly (readonly [string, number, number, number])[],
): PublishedVolume[] => entries.map(([model, batch, hits, batches]) => ({ model, batch, format, hits, batches }));

/** The batch sweep ran on VGG19 (flaw F4). Of several published draws of one cell the first table's. */
export const publishedVolumes: readonly PublishedVolume[] = [
  ...of("float32", [
    ["vgg11", 128, 216, 391],
    ["vgg13", 128, 171, 391],
    ["vgg16", 128, 187, 391],
    ["vgg19", 128, 149, 391],
    ["vgg19", 64, 208, 782],
    ["vgg19", 256, 118, 196],
    ["vgg19", 512, 75, 98],
    ["vgg19", 1024, 45, 49],
    ["vgg11-bn", 128, 311, 391],
  ]),
  ...of("float16", [
    ["vgg11", 128, 391, 391],
    ["vgg13", 128, 391, 391],
    ["vgg16", 128, 391, 391],
    ["vgg19", 128, 390, 391],
    ["vgg11-bn", 128, 391, 391],
  ]),
  ...of("float64", [
    ["vgg11", 128, 0, 391],
    ["vgg13", 128, 0, 391],
    ["vgg16", 128, 0, 391],
    ["vgg19", 128, 0, 391],
    ["vgg11-bn", 128, 0, 391],
  ]),
];

/** Share in percent; undefined where the paper has none. */
export function publishedShare(model: string, batch: number, format: string): number | undefined {
  const found = publishedVolumes.find((cell) => cell.model === model && cell.batch === batch && cell.format === format);
  return found === undefined ? undefined : (100 * found.hits) / found.batches;
}
