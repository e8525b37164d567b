import { encode as encodePng } from "fast-png";
import { describe, expect, test } from "vitest";
import { cifarRecords, folderWith } from "../data/support.ts";
import { here, json } from "./run.ts";

const photo = (level: number): Uint8Array =>
  encodePng({ width: 20, height: 30, data: new Uint8Array(1800).fill(level), channels: 3 });

const batches = (labels: readonly number[]): Record<string, Uint8Array> =>
  Object.fromEntries([1, 2, 3, 4, 5].map((i) => [`cifar10/data_batch_${i}.bin`, cifarRecords(labels.map((l) => [l]))]));

const dataDir = folderWith({
  ...batches([3, 9]),
  "imagenet/val/n01/a.jpg": photo(51),
  "imagenet/val/n01/b.png": photo(51),
  "imagenet/val/n02/c.png": photo(255),
});

describe("data", () => {
  test("ls: every set and split, found or how to obtain it", async () => {
    const listing = await json<{ name: string; obtain: string; splits: Record<string, unknown>[] }[]>(
      "data",
      "--data-dir",
      dataDir,
    );
    expect(listing.map(({ name }) => name)).toEqual([
      "mnist",
      "fashion-mnist",
      "cifar10",
      "cifar100",
      "svhn",
      "imagenet",
      "npz",
    ]);
    const [cifar, svhn, imagenet] = ["cifar10", "svhn", "imagenet"].map((name) =>
      listing.find((set) => set.name === name),
    );
    expect(cifar?.splits[0]).toEqual({
      split: "train",
      path: `${dataDir}/cifar10`,
      count: 10,
      published: 50000,
      problem: null,
    });
    expect(cifar?.splits[1].path).toBe(null);
    expect(imagenet?.splits[1]).toMatchObject({ split: "val", count: 3 });
    expect(svhn?.splits.map(({ path }) => path)).toEqual([null, null, null]);
    const { stdout, code } = await here(["data", "ls", "svhn"]);
    expect(code).toBe(0);
    expect(stdout).toContain("To obtain what is missing (nothing is downloaded)");
    expect(stdout).toContain("ufldl.stanford.edu/housenumbers");
  });

  test("check: exit 0 where all is whole, 1 and every bad image otherwise", async () => {
    const [row] = await json<Record<string, unknown>[]>("data", "check", "cifar10", "--data-dir", dataDir);
    expect(row).toMatchObject({
      split: "train",
      ok: true,
      count: 10,
      published: 50000,
      variant: "unverified copy",
      skipped: 0,
    });
    const bad = folderWith({
      ...batches([3, 77]),
      "imagenet/val/n01/a.jpg": "GIF89a",
      "imagenet/val/n01/b.png": photo(1),
      "imagenet/val/n02/c.png": photo(2).subarray(0, 50),
    });
    const failed = await here(["data", "check", "imagenet", "--data-dir", bad]);
    process.exitCode = undefined;
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain("imagenet val: n01/a.jpg: found a GIF image, expected a JPEG or a PNG");
    expect(failed.stdout).toContain("imagenet val: n02/c.png: damaged PNG");
    const [skipped] = await json<Record<string, unknown>[]>(
      "data",
      "check",
      "cifar10",
      "--data-dir",
      bad,
      "--skip-bad",
    );
    expect(skipped).toMatchObject({ ok: true, count: 5, skipped: 5 });
    const cut = folderWith({ ...batches([3]), "cifar10/data_batch_2.bin": new Uint8Array(4000) });
    const truncated = await here(["data", "check", "cifar10", "--data-dir", cut, "--skip-bad"]);
    process.exitCode = undefined;
    expect(truncated.code).toBe(1);
    expect(truncated.stdout).toContain("data_batch_2.bin: truncated in record 1: found 4000 bytes");
  });

  test("summary: moments, classes, repeated images", async () => {
    const [row] = await json<Record<string, unknown>[]>("data", "summary", "imagenet", "--data-dir", dataDir);
    expect(row).toMatchObject({
      count: 3,
      classes: 2,
      classCounts: [2, 1],
      skipped: 0,
      variant: "3 images of 2 classes",
    });
    const mean = (0.2 + 0.2 + 1) / 3;
    for (let c = 0; c < 3; c++) {
      expect((row.mean as number[])[c]).toBeCloseTo(mean, 12);
      expect((row.std as number[])[c]).toBeCloseTo(Math.sqrt((2 * (0.2 - mean) ** 2 + (1 - mean) ** 2) / 3), 12);
    }
    expect(row.repeated).toBeCloseTo(1 / 3, 15);
    const mnist = await json<{ mean: number[]; std: number[]; classCounts: number[] }[]>(
      "data",
      "summary",
      "mnist",
      "--split",
      "test",
    );
    // The published moments of MNIST's test images.
    expect(mnist[0].mean[0]).toBeCloseTo(0.1325, 4);
    expect(mnist[0].std[0]).toBeCloseTo(0.3105, 4);
    expect(mnist[0].classCounts.reduce((a, b) => a + b, 0)).toBe(10000);
  });

  test("what is missing is one line with how to obtain it", async () => {
    const { code, stderr } = await here(["data", "summary", "cifar100", "--data-dir", dataDir]);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `error: cifar100: not found in ${dataDir}; to obtain it: cifar-100-binary.tar.gz from ` +
        "www.cs.toronto.edu/~kriz/cifar.html, unpacked or not\n",
    );
  });
});
