import assert from "node:assert/strict";
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { insideOf, resultsRoot } from "../../../harness/serve/inside.ts";
import { temporaryFolder } from "../synthetic-run.ts";

test("what lies outside the served folder, or is hidden, is not there: by .., absolutely, through links, with NUL or backslash", async (t) => {
  const place = temporaryFolder(t);
  const root = join(place, "results");
  mkdirSync(join(root, "a"), { recursive: true });
  mkdirSync(join(root, ".secret"));
  writeFileSync(join(place, "outside.txt"), "no");
  writeFileSync(join(root, "a", "in.txt"), "yes");
  writeFileSync(join(root, ".lock"), "no");
  writeFileSync(join(root, ".secret", "x"), "no");
  symlinkSync(join(place, "outside.txt"), join(root, "a", "link-out"));
  symlinkSync(place, join(root, "folder-out"));
  symlinkSync("../a/in.txt", join(root, "a", "link-in"));
  symlinkSync("../.secret/x", join(root, "a", "link-hidden"));
  symlinkSync("loop", join(root, "loop"));
  // A neighbour whose name begins like ours.
  mkdirSync(join(place, "results-other"));
  writeFileSync(join(place, "results-other", "x"), "no");
  const served = await resultsRoot(root);

  for (const path of ["a/in.txt", "a//in.txt", "/a/in.txt", "a/link-in"]) {
    assert.equal((await insideOf(served, path))?.absolute, realpathSync(join(root, "a", "in.txt")), path);
  }
  assert.equal((await insideOf(served, ""))?.absolute, served);
  const nowhere = [
    "../outside.txt",
    "a/../../outside.txt",
    "a/../a/in.txt",
    "./a/in.txt",
    "../results-other/x",
    "..",
    "a/link-out",
    "folder-out/outside.txt",
    "a/link-hidden",
    ".lock",
    ".secret/x",
    "loop",
    "a/in.txt/x",
    "a/in.txt\0",
    "a\\in.txt",
    "..\\outside.txt",
    join(place, "outside.txt"),
    "nothing",
    "x".repeat(300),
    "x/".repeat(5_000),
  ];
  for (const path of nowhere) assert.equal(await insideOf(served, path), null, path.slice(0, 80));
});

test("whatever is asked for, the answer lies below the root", async (t) => {
  const place = temporaryFolder(t);
  const root = join(place, "results");
  mkdirSync(join(root, "a", "b"), { recursive: true });
  writeFileSync(join(place, "x"), "no");
  const served = await resultsRoot(root);
  const piece = fc.constantFrom("..", ".", "a", "b", "/", "//", "\\", "%2e%2e", "~", "x", "results", "etc", " ", "\0");
  const asked = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("/"));
  await fc.assert(
    fc.asyncProperty(asked, async (path) => {
      const inside = await insideOf(served, path);
      assert.ok(inside === null || inside.absolute === served || inside.absolute.startsWith(`${served}/`));
    }),
    { numRuns: 300 },
  );
});

test("a folder that is not there, or is a file, is refused with its name", async (t) => {
  const place = temporaryFolder(t);
  writeFileSync(join(place, "file"), "");
  for (const name of ["nothing", "file"]) {
    await assert.rejects(resultsRoot(join(place, name)), { code: "results-unreadable", message: new RegExp(name) });
  }
});
