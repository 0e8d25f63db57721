import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { FileStore } from "../../../engine/shell/file-store.ts";
import { LocalFiles } from "../../../engine/shell/local-files.ts";

const PATH = "j/chk-1/map-0";
/** Another file system than that of temporary files, where there is one. */
const MEMORY = "/dev/shm";

async function rig(t: TestContext, localParent = tmpdir()) {
  const made = async (parent: string) => {
    const directory = await mkdtemp(join(parent, "faultline-local-"));
    t.after(() => rm(directory, { recursive: true, force: true }));
    return directory;
  };
  const [storeDirectory, localDirectory] = [await made(tmpdir()), await made(localParent)];
  const store = new FileStore(storeDirectory);
  const local = new LocalFiles(localDirectory, storeDirectory);
  const ask = (of: (done: (error: Error | null) => void) => void) =>
    new Promise<string | null>((resolve) => of((error) => resolve(error === null ? null : error.message)));
  return {
    write: (text: string) => ask((done) => store.write(PATH, Buffer.from(text), done)),
    keep: () => ask((done) => local.keep(PATH, done)),
    removeFromStore: () => ask((done) => store.remove("j/chk-1", done)),
    remove: () => ask((done) => local.remove("j/chk-1", done)),
    read: () =>
      new Promise<string | null>((resolve) =>
        local.read(PATH, (_, bytes) => resolve(bytes && `${Buffer.from(bytes)}`)),
      ),
    stored: join(storeDirectory, PATH),
    kept: join(localDirectory, PATH),
  };
}

describe("a worker's copies of files of the store", () => {
  it("are second names of the same files: nothing is written twice, and they outlive the store's", async (t) => {
    const { write, keep, read, removeFromStore, remove, stored, kept } = await rig(t);
    assert.equal(await write("state"), null);
    assert.equal(await keep(), null);
    assert.equal((await stat(kept)).ino, (await stat(stored)).ino);
    assert.equal(await removeFromStore(), null);
    assert.equal(await read(), "state");
    assert.equal(await remove(), null);
    assert.equal(await read(), null);
  });

  it("are what the store has now, also where an earlier copy lies", async (t) => {
    const { write, keep, read } = await rig(t);
    await write("one");
    await keep();
    await write("two");
    assert.equal(await read(), "one", "the store replaces files, it does not change them");
    assert.equal(await keep(), null);
    assert.equal(await read(), "two");
  });

  it("say so when the store has no such file", async (t) => {
    const { keep, read } = await rig(t);
    assert.match((await keep())!, /cannot keep j\/chk-1\/map-0/);
    assert.equal(await read(), null);
  });

  it("on another file system are true copies", { skip: !existsSync(MEMORY) }, async (t) => {
    const { write, keep, read, stored, kept } = await rig(t, MEMORY);
    await write("state");
    assert.equal(await keep(), null);
    assert.notEqual((await stat(kept)).dev, (await stat(stored)).dev, "the test needs two file systems");
    await writeFile(stored, "spoilt");
    assert.equal(await read(), "state");
  });
});
