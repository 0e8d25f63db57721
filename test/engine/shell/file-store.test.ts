import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { encodeMetadata } from "../../../engine/checkpoint/metadata.ts";
import { findRestorePoint } from "../../../engine/checkpoint/restore-point.ts";
import { downloadSnapshot } from "../../../engine/checkpoint/snapshot-download.ts";
import { encodeSnapshotFile } from "../../../engine/checkpoint/snapshot-file.ts";
import type { SnapshotHandle } from "../../../engine/cluster/checkpoint-facts.ts";
import { FileStore } from "../../../engine/shell/file-store.ts";
import { storeError } from "../../../engine/shell/store-error.ts";
import { promised, type StoreUnderTest, storeContract } from "./file-store-contract.ts";

async function create(): Promise<StoreUnderTest & { readonly directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), "faultline-store-"));
  return {
    directory,
    store: new FileStore(join(directory, "checkpoints")),
    wait: async (answered) => void (await answered),
    end: () => rm(directory, { recursive: true, force: true }),
  };
}

describe("a store of checkpoints in files", () => {
  storeContract(create);

  it("leaves no partial file, hides what a crash has left, and removes it with its folder", async () => {
    const underTest = await create();
    const store = promised(underTest);
    const folder = join(underTest.directory, "checkpoints/j/chk-1");
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => store.write("j/chk-1/a", new Uint8Array(10_000).fill(index))),
    );
    assert.deepEqual(await readdir(folder), ["a"]);
    const file = await readFile(join(folder, "a"));
    assert.ok(file.length === 10_000 && file.every((byte) => byte === file[0]), "one of them, whole");
    await writeFile(join(folder, "b.123-0.tmp"), "torn");
    await mkdir(join(underTest.directory, "checkpoints/j/chk-0.123-1.tmp"));
    assert.deepEqual([await store.list("j"), await store.list("j/chk-1")], [["chk-1"], ["a"]]);
    await store.remove("j");
    assert.deepEqual(await readdir(join(underTest.directory, "checkpoints")), []);
    await underTest.end();
  });

  it("leaves nothing under the final name when the write fails", async () => {
    const underTest = await create();
    const store = promised(underTest);
    await store.write("j/chk-1/a/file", new Uint8Array(1));
    assert.equal(await store.write("j/chk-1/a", new Uint8Array(1)), "checkpoint-failed");
    assert.deepEqual(await readdir(join(underTest.directory, "checkpoints/j/chk-1")), ["a"]);
    await underTest.end();
  });

  it("never reaches out of its directory, nor removes itself", async () => {
    const underTest = await create();
    for (const path of ["../x", "/x", "a/../../x", ".", "a/.."]) {
      assert.throws(() => underTest.store.remove(path, () => {}), { code: "assertion-failed" }, path);
    }
    await underTest.end();
  });

  it("says what the operator can do about a full disk or missing permission", () => {
    const from = (code: string) => storeError(Object.assign(new Error(`${code}: write`), { code }), "write j/a");
    const [full, denied, other] = [from("ENOSPC"), from("EACCES"), from("EIO")];
    assert.deepEqual([full.code, denied.code, other.code], ["disk-full", "output-unwritable", "checkpoint-failed"]);
    assert.match(full.message, /cannot write j\/a/);
    assert.match(full.hint!, /make room/);
  });
});

describe("files that were damaged on disk", () => {
  const job = { graphHash: "g", parallelism: { map: 1 } };
  const world = (store: FileStore, damages: unknown[]) => ({
    store,
    journal: { write: (_event: string, facts: unknown) => damages.push(facts) },
  });

  /** Checkpoints 1 and 2 of a job with one task. */
  async function twoCheckpoints() {
    const underTest = await create();
    const store = promised(underTest);
    const handles: SnapshotHandle[] = [];
    for (const checkpointId of [1, 2]) {
      const file = Buffer.from(encodeSnapshotFile([new Uint8Array(100_000).fill(checkpointId)]));
      const checksum = file.readUInt32LE(file.length - 4);
      const handle = { vertex: "map", subtask: 0, file: "map-0", bytes: file.length, checksum };
      handles.push(handle);
      await store.write(`j/chk-${checkpointId}/map-0`, file);
      const about = { checkpointId, jobId: "j", attempt: 1, timeUs: 0, isSavepoint: false, ...job };
      await store.write(`j/chk-${checkpointId}/_metadata`, encodeMetadata({ ...about, snapshots: [handle] }));
    }
    const damages: Record<string, unknown>[] = [];
    const find = (excluding: readonly number[] = []) =>
      new Promise<number | null>((resolve, reject) => {
        const search = { world: world(underTest.store as FileStore, damages), jobId: "j", job };
        findRestorePoint({ ...search, excluding: new Set(excluding) }, (error, point) => {
          if (error === null) resolve(point?.checkpointId ?? null);
          else reject(error);
        });
      });
    const download = (checkpointId: number) =>
      new Promise<string>((resolve) => {
        const handle = handles[checkpointId - 1]!;
        downloadSnapshot(world(underTest.store as FileStore, damages), `j/chk-${checkpointId}`, handle, (error) => {
          resolve(error?.code ?? "whole");
        });
      });
    return {
      ...underTest,
      find,
      download,
      damages,
      path: (file: string) => join(underTest.directory, "checkpoints/j", file),
    };
  }

  async function flip(path: string, at: number): Promise<void> {
    const bytes = await readFile(path);
    bytes[at]! ^= 16;
    await writeFile(path, bytes);
  }

  it("metadata torn or flipped: the checkpoint before is used, with a message", async () => {
    for (const damage of [(path: string) => truncate(path, 60), (path: string) => flip(path, 60)]) {
      const { find, damages, path, end } = await twoCheckpoints();
      assert.equal(await find(), 2);
      await damage(path("chk-2/_metadata"));
      assert.equal(await find(), 1);
      assert.deepEqual([damages[0]!.checkpointId, damages[0]!.usedInstead], [2, 1]);
      await end();
    }
  });

  it("a snapshot torn or flipped: the worker notices, and the checkpoint before is used", async () => {
    for (const damage of [(path: string) => truncate(path, 50_000), (path: string) => flip(path, 70_000)]) {
      const { find, download, path, end } = await twoCheckpoints();
      assert.equal(await download(2), "whole");
      await damage(path("chk-2/map-0"));
      assert.equal(await download(2), "snapshot-corrupt");
      assert.equal(await find([2]), 1);
      assert.equal(await download(1), "whole");
      await assert.rejects(find([1, 2]), { code: "snapshot-corrupt" });
      await end();
    }
  });
});
