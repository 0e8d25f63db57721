import assert from "node:assert/strict";
import { it } from "node:test";
import { asFaultlineError } from "../../../base/errors.ts";
import type { CheckpointStore } from "../../../engine/ports.ts";

/** A store, and how to let its callbacks come. */
export interface StoreUnderTest {
  readonly store: CheckpointStore;
  /** Lets the world go on until `answered`. */
  wait(answered: Promise<unknown>): Promise<void>;
  end(): Promise<void>;
}

/** The store's calls as promises, for tests. */
export function promised({ store, wait }: StoreUnderTest) {
  const answer = async <T>(ask: (done: (error: Error | null, value?: T | null) => void) => void) => {
    let inside = true;
    const promise = new Promise<{ readonly error: string | null; readonly value: T | null }>((resolve) => {
      ask((error, value) => {
        assert.ok(!inside, "called back from inside the call");
        resolve({ error: error === null ? null : asFaultlineError(error).code, value: value ?? null });
      });
    });
    inside = false;
    await wait(promise);
    return promise;
  };
  return {
    store,
    write: async (path: string, bytes: Uint8Array) => (await answer((done) => store.write(path, bytes, done))).error,
    /** Without waiting in between: pieces stay in their order. */
    stream: async (path: string, pieces: readonly Uint8Array[]) => {
      const file = store.create(path);
      for (const piece of pieces) file.append([piece], () => piece.fill(0));
      return (await answer((done) => file.finish(done))).error;
    },
    read: (path: string) => answer<Uint8Array>((done) => store.read(path, done)),
    remove: async (path: string) => (await answer((done) => store.remove(path, done))).error,
    list: async (path: string) => (await answer<readonly string[]>((done) => store.list(path, done))).value,
  };
}

/** What every store of checkpoints must do. */
export function storeContract(create: () => Promise<StoreUnderTest>): void {
  const withStore = (name: string, run: (store: ReturnType<typeof promised>) => Promise<void>) => {
    it(name, async () => {
      const underTest = await create();
      try {
        await run(promised(underTest));
      } finally {
        await underTest.end();
      }
    });
  };
  const bytes = (text: string) => new TextEncoder().encode(text);
  const textOf = (value: Uint8Array | null) => new TextDecoder().decode(value ?? bytes("nothing"));

  withStore("reads what was written, the newest of several", async (store) => {
    assert.equal(await store.write("j/chk-1/a", bytes("one")), null);
    assert.equal(await store.write("j/chk-1/a", bytes("two")), null);
    assert.equal(textOf((await store.read("j/chk-1/a")).value), "two");
    assert.equal(await store.write("j/chk-1/empty", bytes("")), null);
    assert.equal((await store.read("j/chk-1/empty")).value!.length, 0);
  });

  withStore(
    "keeps the bytes as they were when it was asked to write, whatever is done to those that it gave",
    async (store) => {
      await store.write("a", bytes("kept"));
      (await store.read("a")).value!.fill(0);
      assert.equal(textOf((await store.read("a")).value), "kept");
    },
  );

  withStore(
    "a file that is written piece by piece is there when it is finished, and what was taken may change",
    async (store) => {
      const pieces = ["one, ", "two", "", ", three"].map(bytes);
      assert.equal(await store.stream("j/chk-1/a", pieces), null);
      assert.equal(textOf((await store.read("j/chk-1/a")).value), "one, two, three");
      assert.equal(await store.stream("j/chk-1/empty", []), null);
      assert.equal((await store.read("j/chk-1/empty")).value!.length, 0);
    },
  );

  withStore("of a file that is not finished nothing is seen", async (store) => {
    const file = store.store.create("j/chk-1/a");
    file.append([bytes("half")], () => {});
    assert.equal((await store.read("j/chk-1/a")).error, "snapshot-missing");
    file.abandon();
    await store.write("j/chk-1/b", bytes("x"));
    assert.deepEqual(await store.list("j/chk-1"), ["b"]);
    assert.equal((await store.read("j/chk-1/a")).error, "snapshot-missing");
  });

  withStore("says that a file is missing: never written, removed, a folder, or below a file", async (store) => {
    await store.write("j/file", bytes("x"));
    await store.write("j/gone", bytes("x"));
    await store.remove("j/gone");
    for (const path of ["nothing", "j/gone", "j/file/below"]) {
      assert.deepEqual(await store.read(path), { error: "snapshot-missing", value: null }, path);
    }
  });

  withStore("lists files and folders right in a folder, sorted; nothing where there is none", async (store) => {
    for (const path of ["j/chk-2/b", "j/chk-2/a", "j/chk-10/a", "j/notes", "jj/x"]) await store.write(path, bytes("x"));
    assert.deepEqual(await store.list("j"), ["chk-10", "chk-2", "notes"]);
    assert.deepEqual(await store.list("j/chk-2"), ["a", "b"]);
    assert.deepEqual([await store.list("none"), await store.list("j/notes")], [[], []]);
  });

  withStore("removes a file, or a folder with all that is in it and nothing else; twice is no error", async (store) => {
    for (const path of ["j/chk-1/a", "j/chk-1/deep/b", "j/chk-10/a", "j/c"]) await store.write(path, bytes("x"));
    assert.deepEqual([await store.remove("j/chk-1"), await store.remove("j/chk-1")], [null, null]);
    assert.deepEqual(await store.list("j"), ["c", "chk-10"]);
    assert.deepEqual([await store.remove("j/c"), await store.remove("none/at/all")], [null, null]);
    assert.deepEqual(await store.list("j"), ["chk-10"]);
    await store.write("j/chk-1/a", bytes("again"));
    assert.deepEqual(await store.list("j/chk-1"), ["a"]);
  });
}
