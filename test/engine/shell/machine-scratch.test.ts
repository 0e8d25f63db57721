import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { ScratchFile } from "../../../engine/ports.ts";
import { machineScratch } from "../../../engine/shell/machine-scratch.ts";

const root = await mkdtemp(join(tmpdir(), "faultline-scratch-"));
after(() => rm(root, { recursive: true, force: true }));

const append = (file: ScratchFile, bytes: Uint8Array) =>
  new Promise<void>((resolve, reject) =>
    file.append(bytes, (error) => {
      if (error === null) resolve();
      else reject(error);
    }),
  );
const read = (file: ScratchFile, offset: number, length: number) =>
  new Promise<Uint8Array | null>((resolve, reject) =>
    file.read(offset, length, (error, bytes) => {
      if (error === null) resolve(bytes);
      else reject(error);
    }),
  );

describe("a scratch file of this machine", () => {
  it("gives back what was appended, from anywhere, and has no name that could be left behind", async () => {
    const directory = join(root, "made", "on", "demand");
    const file = machineScratch(directory).create();
    const all = Uint8Array.from({ length: 3_000_000 }, (_, index) => index % 251);
    // Without waiting in between: they must not overtake each other.
    const parts = [append(file, all.subarray(0, 10)), append(file, all.subarray(10)), append(file, Uint8Array.of(9))];
    await Promise.all(parts);
    assert.deepEqual(await readdir(directory), []);
    assert.deepEqual(Buffer.compare((await read(file, 0, all.length))!, all), 0);
    assert.deepEqual(await read(file, all.length - 1, 2), Uint8Array.of(all.at(-1)!, 9));
    file.remove();
  });

  it("keeps several apart", async () => {
    const scratch = machineScratch(root);
    const [one, other] = [scratch.create(), scratch.create()];
    await Promise.all([append(one, Uint8Array.of(1)), append(other, Uint8Array.of(2))]);
    assert.deepEqual([await read(one, 0, 1), await read(other, 0, 1)], [Uint8Array.of(1), Uint8Array.of(2)]);
    one.remove();
    other.remove();
  });

  it("says why it cannot be written", async () => {
    const taken = join(root, "taken");
    await writeFile(taken, "");
    const file = machineScratch(taken).create();
    await assert.rejects(append(file, Uint8Array.of(1)), { code: "spill-failed", message: /EEXIST|ENOTDIR/ });
    file.remove();
  });

  it("calls nobody back when it has been removed", async () => {
    const file = machineScratch(root).create();
    await append(file, Uint8Array.of(1, 2));
    let calls = 0;
    file.append(Uint8Array.of(3), () => calls++);
    file.read(0, 2, () => calls++);
    file.remove();
    const other = machineScratch(root).create();
    for (let round = 0; round < 20; round++) await append(other, Uint8Array.of(1));
    other.remove();
    assert.equal(calls, 0);
  });
});
