import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { isLinkFault, linkFaultSchemas } from "../../../../harness/faults/link/link-faults.ts";

const schema = z.discriminatedUnion("kind", [...linkFaultSchemas]);
const issues = (fault: unknown) => schema.safeParse(fault).error?.issues.map(({ message }) => message) ?? [];

test("durations and sizes are written with units and become ms and bytes", () => {
  const delay = {
    kind: "delay",
    target: "worker/1<->worker/2",
    delay: "25ms",
    jitter: "10ms",
    duration: "3s",
    at: "2s",
  };
  const parsed = schema.parse(delay);
  assert.deepEqual(parsed, { ...delay, delay: 25, jitter: 10, duration: 3000, at: 2000 });
  assert.ok(isLinkFault(parsed) && !isLinkFault({ kind: "kill" }));
  const rate = schema.parse({ kind: "rate", target: "broker", bytesPerSecond: "256KiB", duration: "1s", at: 0 });
  assert.match(issues({ ...delay, jitter: "26ms" })[0]!, /greater than the delay/);
  assert.equal(rate.kind === "rate" && rate.bytesPerSecond, 262_144);
});

test("a target that is no link is one error that says what a link looks like; a reset lasts no time", () => {
  const reset = { kind: "reset", target: "worker/1<->", at: "1s" };
  assert.equal(issues(reset).length, 1);
  assert.match(issues(reset)[0]!, /a link is written worker\/1<->worker\/2/);
  assert.match(issues({ ...reset, target: "worker/1<->worker/1" })[0]!, /on both sides/);
  assert.match(issues({ ...reset, target: "worker/1", duration: "1s" })[0]!, /duration/);
  assert.equal(issues({ kind: "partition", target: "worker/1", at: "1s" }).length, 1, "how long?");
});
