import assert from "node:assert/strict";
import { test } from "node:test";
import { LinkDriver, type LinkDriverParts } from "../../../../harness/faults/link/link-driver.ts";
import type { LinkFault } from "../../../../harness/faults/link/link-faults.ts";

type Links = NonNullable<LinkDriverParts["links"]>;
type Calls = [string, unknown, unknown?][];

/** A driver whose proxy notes what it is told; `seen`: what it says of the strike. */
function rig(
  fault: LinkFault,
  { seen, brokers = ["b:1"], resets }: { seen?: string; brokers?: string[] | null; resets?: number } = {},
) {
  const calls: Calls = [];
  const strike = {
    id: 1,
    done: Promise.resolve({ id: 1, order: "rule" as const, atUs: 5, ...(resets === undefined ? {} : { resets }) }),
    seen: seen === undefined ? new Promise<never>(() => {}) : Promise.resolve({ atUs: 77, what: seen }),
  };
  const links: Links = {
    brokers,
    treat: (flows, treatment) => {
      calls.push(["treat", flows, treatment]);
      return strike;
    },
    reset: (flows) => {
      calls.push(["reset", flows]);
      return strike;
    },
    heal: async ({ id }) => {
      calls.push(["heal", id]);
      return { id, order: "heal", atUs: 9 };
    },
  };
  const processesAt = (end: string) => {
    if (end === "zone:b") return [{ name: "worker-2" }, { name: "worker-4" }];
    return end === "worker/3" || end === "zone:empty" ? [] : [{ name: end.replace("/", "-") }];
  };
  const parts = { monotonicUs: () => 0, sleep: async () => {}, fault, processesAt, seed: 4 };
  return { calls, driver: new LinkDriver({ ...parts, links }), without: new LinkDriver({ ...parts, links: null }) };
}

const at = { target: "worker/1->broker", at: 0 } as const;
const DELAY: LinkFault = { ...at, kind: "delay", delay: 25, jitter: 10, duration: 100 };

test("a delay: the flows between those who serve now, observed at the moment the proxy saw it, healed once", async () => {
  const { driver, calls } = rig(DELAY, { seen: "9 bytes later" });
  assert.equal(driver.precondition(), null);
  await driver.inject();
  assert.deepEqual(await driver.observe(), { atUs: 77, resolutionUs: 1, what: "TCP link proxy: 9 bytes later" });
  await driver.heal();
  await driver.heal();
  assert.deepEqual(calls, [
    ["treat", [{ from: ["worker-1"], to: ["broker"] }], { kind: "delay", ms: 25, jitterMs: 10, seed: 4 }],
    ["heal", 1],
  ]);
});

test("a link over which nothing goes while the fault lasts is not observed", async () => {
  const { driver } = rig(DELAY);
  await driver.inject();
  const observed = driver.observe();
  await driver.heal();
  assert.equal(await observed, null);
});

test("a reset that found no connection is known not to have happened at once", async () => {
  const { driver } = rig({ ...at, kind: "reset" }, { resets: 0 });
  await driver.inject();
  assert.equal(await driver.observe(), null);
});

test("a partition keeps new connections apart too, a blackhole does not; a reset needs no healing", async () => {
  for (const [kind, newToo] of [
    ["partition", true],
    ["blackhole", false],
  ] as const) {
    const { driver, calls } = rig({ ...at, kind, duration: 1 });
    await driver.inject();
    assert.deepEqual(calls[0]![2], { kind: "block", newToo });
  }
  const { driver, calls } = rig({ ...at, kind: "reset" });
  await driver.inject();
  await driver.heal();
  assert.deepEqual(
    calls.map(([what]) => what),
    ["reset"],
  );
});

test("what cannot be struck is said before: no proxy, nobody there, a broker that is not ours", () => {
  assert.match(rig(DELAY).without.precondition()!, /no link proxy/);
  assert.equal(rig({ ...DELAY, target: "worker/1<->worker/3" }).driver.precondition(), "there is no worker/3");
  assert.match(rig(DELAY, { brokers: null }).driver.precondition()!, /not Faultline's own/);
  const alone = { ...DELAY, target: "worker/1" };
  assert.match(
    rig(alone, { brokers: null }).driver.precondition()!,
    /not Faultline's own/,
    "all its links: also these",
  );
  const within = { ...DELAY, target: "worker/1<->worker/2" };
  assert.equal(rig(within, { brokers: null }).driver.precondition(), null);
});

test("healing what was never injected does nothing", async () => {
  const { driver, calls } = rig(DELAY);
  await driver.heal();
  assert.deepEqual(calls, []);
});

test("a zone means its workers of the moment; none in it, or one of them on both sides, and nothing is struck", async () => {
  const partition = (target: string): LinkFault => ({ kind: "partition", target, at: 0, duration: 100 });
  const { driver, calls } = rig(partition("worker/1<->zone:b,broker"), { seen: "9 bytes held back" });
  assert.equal(driver.precondition(), null);
  await driver.inject();
  const [one, others] = [["worker-1"], ["worker-2", "worker-4", "broker"]];
  const flows = [
    { from: one, to: others },
    { from: others, to: one },
  ];
  assert.deepEqual(calls, [["treat", flows, { kind: "block", newToo: true }]]);
  assert.equal(rig(partition("zone:b<->zone:empty")).driver.precondition(), "there is no zone:empty");
  const twice = rig(partition("worker/2<->zone:b")).driver.precondition();
  assert.equal(twice, "worker-2 is on both sides of worker/2<->zone:b");
});
