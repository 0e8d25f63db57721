import assert from "node:assert/strict";
import { it } from "node:test";
import { untilRegistered } from "../../../../harness/cluster/keeper/registration.ts";

/** Workers that register, or end, at given times of a clock that moves when somebody sleeps. */
function world(registersMs: Readonly<Record<string, number>>, endsMs: Readonly<Record<string, number>> = {}) {
  let nowMs = 0;
  return {
    nowMs: () => nowMs,
    registration: {
      registered: () => Object.keys(registersMs).filter((name) => registersMs[name]! <= nowMs),
      hasEnded: (name: string) => (endsMs[name] ?? Number.POSITIVE_INFINITY) <= nowMs,
      sleep: async (ms: number) => {
        nowMs += ms;
      },
      logs: "logs",
    },
  };
}

it("waits for the last one that the coordinator tells of", async () => {
  const { nowMs, registration } = world({ "worker-1": 20, "worker-2": 300 });
  await untilRegistered(["worker-1", "worker-2"], registration);
  assert.equal(nowMs(), 300);
});

it("names the one that ended, at once, and where its log is", async () => {
  const { nowMs, registration } = world({ "worker-1": 20 }, { "worker-2": 50 });
  await assert.rejects(untilRegistered(["worker-1", "worker-2"], registration), {
    code: "service-start-failed",
    message: "worker-2 has not registered",
    hint: "Its log is logs/worker-2.log.",
  });
  assert.equal(nowMs(), 50);
});

it("gives up after 15 s", async () => {
  const { nowMs, registration } = world({});
  await assert.rejects(untilRegistered(["worker-1"], registration), { code: "service-start-failed" });
  assert.equal(nowMs(), 15_000);
});
