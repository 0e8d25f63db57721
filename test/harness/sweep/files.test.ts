import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { FaultlineError } from "../../../base/errors.ts";
import { appendLine, makeDirectory, readIfPresent, writeAtomically } from "../../../harness/sweep/files.ts";

const scratch = mkdtempSync(join(tmpdir(), "faultline-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

test("writing replaces the whole file and leaves no temporary one", async () => {
  const path = join(scratch, "a.json");
  await writeAtomically(path, "old and long");
  await writeAtomically(path, "new");
  assert.equal(readFileSync(path, "utf8"), "new");
  assert.deepEqual(
    readdirSync(scratch).filter((name) => name.includes("tmp")),
    [],
  );
});

test("a write that cannot be completed leaves the old content and names the path", async () => {
  const path = join(scratch, "taken");
  mkdirSync(join(path, "inside"), { recursive: true });
  await assert.rejects(
    writeAtomically(path, "x"),
    (error: FaultlineError) => error.code === "output-unwritable" && error.message.includes("taken"),
  );
  assert.deepEqual(
    readdirSync(scratch).filter((name) => name.includes("tmp")),
    [],
  );
  await assert.rejects(
    writeAtomically(join(scratch, "missing", "x"), "x"),
    (error: FaultlineError) => error.code === "output-unwritable",
  );
});

test("a line appended after a torn one starts anew", async () => {
  const path = join(scratch, "lines");
  await appendLine(path, "one");
  writeFileSync(path, `${readFileSync(path, "utf8")}tor`);
  await appendLine(path, "two");
  assert.equal(readFileSync(path, "utf8"), "one\ntor\ntwo\n");
});

test("a missing file is null, an unreadable one an error", async () => {
  assert.equal(await readIfPresent(join(scratch, "nothing")), null);
  await assert.rejects(readIfPresent(scratch), (error: FaultlineError) => error.code === "results-unreadable");
});

test("a folder is made with all above it; where none can be made the answer comes at once", async () => {
  await makeDirectory(join(scratch, "a", "b", "c"));
  await makeDirectory(join(scratch, "a", "b", "c"));
  assert.ok(readdirSync(join(scratch, "a", "b")).includes("c"));
  writeFileSync(join(scratch, "plain"), "");
  for (const path of ["/proc/nothing/here", join(scratch, "plain"), join(scratch, "plain", "below")]) {
    await assert.rejects(makeDirectory(path), (error: FaultlineError) => error.code === "output-unwritable", path);
  }
});
