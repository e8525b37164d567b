import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { create } from "tar";
import { describe, expect, test } from "vitest";
import { DataError } from "../../src/base/errors.ts";
import { loadCifar10, loadCifar100, loadImages } from "../../src/data/index.ts";
import { cifarRecords, folder, folderWith, pixel } from "./support.ts";

const two = cifarRecords([[3], [9]]);
const five = Object.fromEntries([1, 2, 3, 4, 5].map((i) => [`data_batch_${i}.bin`, two]));

describe("CIFAR", () => {
  test("a folder of batches, itself or under its usual names", () => {
    const here = folderWith({ ...five, "test_batch.bin": cifarRecords([[0]]) });
    const set = loadCifar10({ dataDir: here });
    expect([set.count, set.channels, set.height, set.width, set.classes]).toEqual([10, 3, 32, 32, 10]);
    expect([...set.labels]).toEqual([3, 9, 3, 9, 3, 9, 3, 9, 3, 9]);
    expect([...set.images.subarray(3072, 3080)]).toEqual(Array.from({ length: 8 }, (_, i) => pixel(3072 + i)));
    expect([set.variant, set.standard, set.skipped]).toEqual(["unverified copy", false, []]);
    expect(set.checksum).toMatch(/^sha256:[0-9a-f]{64}$/);
    for (const place of ["cifar10", "cifar-10-batches-bin"]) {
      const under = folderWith(Object.fromEntries(Object.entries(five).map(([k, v]) => [`${place}/${k}`, v])));
      expect(loadCifar10({ dataDir: under }).checksum).toBe(set.checksum);
    }
    expect(loadImages("cifar10", { dataDir: here, split: "test" }).count).toBe(1);
    expect(loadImages("cifar10", { dataDir: here, limit: 3 }).labels).toEqual(Uint8Array.of(3, 9, 3));
  });

  test("CIFAR-100 has a coarse and a fine label", () => {
    const dataDir = folderWith({
      "cifar-100-binary/train.bin": cifarRecords([
        [19, 99],
        [0, 42],
      ]),
    });
    const set = loadCifar100({ dataDir });
    expect([[...set.labels], set.classes, set.images[0], set.images[3072]]).toEqual([
      [99, 42],
      100,
      pixel(0),
      pixel(3072),
    ]);
  });

  test("the tar.gz gives what the folder gives; a damaged one is refused wherever it is cut", () => {
    const source = folderWith(
      Object.fromEntries(Object.entries(five).map(([k, v]) => [`cifar-10-batches-bin/${k}`, v])),
    );
    const root = folder();
    const archive = join(root, "cifar-10-binary.tar.gz");
    create({ file: archive, gzip: true, sync: true, cwd: source, portable: true, mtime: new Date(0) }, [
      "cifar-10-batches-bin",
    ]);
    const set = loadCifar10({ dataDir: root });
    expect(set.checksum).toBe(loadCifar10({ dataDir: source }).checksum);
    expect(loadCifar10({ dataDir: archive }).count).toBe(10);
    expect(() => loadCifar10({ dataDir: archive, split: "test" })).toThrow("test_batch.bin is not in the archive");
    const bytes = readFileSync(archive);
    for (let length = 0; length < bytes.length; length += Math.ceil(bytes.length / 50)) {
      writeFileSync(archive, bytes.subarray(0, length));
      expect(() => loadCifar10({ dataDir: root }), `length ${length}`).toThrow(DataError);
    }
    for (let at = 20; at < bytes.length; at += Math.ceil(bytes.length / 30)) {
      const flipped = Buffer.from(bytes);
      flipped[at] ^= 8;
      writeFileSync(archive, flipped);
      expect(() => loadCifar10({ dataDir: root }), `byte ${at}`).toThrow(/^cifar-10-binary.tar.gz: damaged/);
    }
  });

  test("a truncated record, a missing file and a wrong label are named", () => {
    const cut = folderWith({ ...five, "data_batch_3.bin": two.subarray(0, 5000) });
    expect(() => loadCifar10({ dataDir: cut })).toThrow(
      "data_batch_3.bin: truncated in record 1: found 5000 bytes, expected a multiple of 3073",
    );
    const empty = folderWith({ ...five, "data_batch_2.bin": "" });
    expect(() => loadCifar10({ dataDir: empty })).toThrow("data_batch_2.bin: truncated in record 0: found 0 bytes");
    const { "data_batch_4.bin": _, ...four } = five;
    expect(() => loadCifar10({ dataDir: folderWith(four) })).toThrow("data_batch_4.bin: cannot be read (ENOENT)");
    expect(() => loadCifar10({ dataDir: folder() })).toThrow(/^cifar10: not found in .*; expected data_batch_1.bin/);
    expect(() => loadCifar10()).toThrow("cifar10: pass --data-dir with data_batch_1.bin");
    expect(() => loadImages("cifar10", { split: "extra" })).toThrow("cifar10 has no split 'extra'; it has train, test");
    const bad = folderWith(five);
    writeFileSync(join(bad, "data_batch_5.bin"), cifarRecords([[1], [10], [2], [255]]));
    expect(() => loadCifar10({ dataDir: bad })).toThrow(
      "data_batch_5.bin: found label 10 in record 1, expected 0 to 9; 1 more bad image (--skip-bad leaves bad images out)",
    );
    const kept = loadCifar10({ dataDir: bad, skipBad: true });
    expect([[...kept.labels.subarray(8)], kept.skipped.length]).toEqual([[1, 2], 2]);
    expect([...kept.images.subarray(9 * 3072, 9 * 3072 + 3)]).toEqual([0, 1, 2].map((i) => pixel(2 * 3072 + i)));
  });
});
