import assert from "node:assert/strict";
import { test } from "node:test";
import { generateLines } from "../../../generators/nexmark/generate.ts";
import { resolveNexmarkOptions } from "../../../generators/nexmark/options.ts";

test("wire format: one Kafka value a line", async () => {
  let text = "";
  const options = resolveNexmarkOptions({ events: 500 });
  const written = await generateLines(options, { format: "wire" }, (chunk) => {
    text += Buffer.from(chunk).toString("latin1");
    return true;
  });
  const rows = text.split("\n");
  assert.equal(rows.pop(), "");
  assert.equal(written, 500);
  assert.equal(rows.length, 500);
  for (const row of rows) assert.deepEqual(Object.keys(JSON.parse(row)), ["event_type", "person", "auction", "bid"]);
});

test("a reader that went away ends an endless generator", async () => {
  let chunks = 0;
  const written = await generateLines(resolveNexmarkOptions(), { format: "jsonl" }, () => ++chunks < 4);
  assert.equal(chunks, 4);
  assert.ok(written > 0);
});

test("back-pressure: no chunk is made before the last one was taken", async () => {
  let waiting = 0;
  let most = 0;
  await generateLines(resolveNexmarkOptions({ events: 2000 }), { format: "wire" }, async () => {
    most = Math.max(most, ++waiting);
    await Promise.resolve();
    waiting--;
    return true;
  });
  assert.equal(most, 1);
});

test("classic jumps to a far event at once", async () => {
  let text = "";
  const options = resolveNexmarkOptions({ mode: "classic", events: 900_000_000_001 });
  await generateLines(options, { format: "jsonl", firstIndex: 900_000_000_000 }, (chunk) => {
    text += Buffer.from(chunk).toString("latin1");
    return true;
  });
  assert.equal(JSON.parse(text).i, 900_000_000_000);
});

test("a first event outside the data set is refused with a hint", async () => {
  const options = resolveNexmarkOptions({ events: 10 });
  for (const firstIndex of [10, -1, 1.5]) {
    await assert.rejects(
      generateLines(options, { format: "jsonl", firstIndex }, () => true),
      { code: "usage" },
    );
  }
});
