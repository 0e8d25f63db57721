import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { analyzeRunFully } from "../../../harness/analyze/analyze-run.ts";
import type { RuntimeSample } from "../../../harness/measure/runtime-probe.ts";
import { runDetails } from "../../../harness/report/html/run-details.ts";
import { resourcesCsv } from "../../../harness/report/tables.ts";
import { START_US, temporaryFolder, writeSyntheticRun } from "../synthetic-run.ts";

it("what was not measured of a process is a dash in the details and an empty cell in the table, what was is there", async (t) => {
  const folder = temporaryFolder(t);
  const id = writeSyntheticRun(folder, { query: "q0" });
  const samples = [2, 3].map((second): RuntimeSample => {
    const pauses = { gcPauses: 2, gcPauseUs: 15_000, gcPauseMaxUs: 9_000 };
    const loopDelaysUs = Array.from({ length: 50 }, () => 1_100);
    const atUs = START_US + second * 1_000_000;
    return { atUs, role: "worker-1", pid: 11, heapUsedBytes: 4_000_000, ...pauses, loopDelaysUs };
  });
  writeFileSync(join(folder, "raw", id, "runtime.jsonl"), samples.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const analysis = await analyzeRunFully(folder, id);
  const rows = runDetails(analysis, []).text.split("<tr>");
  const rowsOf = (role: string) => rows.filter((text) => text.includes(`>${role}<`));
  const [used, interrupted] = rowsOf("worker");
  assert.match(used!, /46\.9 KiB <span class="soft">[\d.]+ B\/event<\/span>/);
  assert.match(interrupted!, /1\.00 % <span class="soft">longest 9\.00 ms<\/span>/);
  assert.match(interrupted!, />1\.10 ms</);
  const [broker, ...others] = rowsOf("kafka");
  assert.equal(broker!.match(/>–</g)?.length, 3, "written, read, niceness");
  assert.equal(others.length, 0, "nothing is known of what kept it from its work");
  const [, kafka, worker] = resourcesCsv([analysis.result]).trimEnd().split("\n");
  assert.ok(kafka!.endsWith(",".repeat(12)), kafka);
  assert.ok(worker!.endsWith(",4000000,4,30000,9000,1100,1100"), worker);
});
