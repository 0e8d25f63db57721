import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { LinkProxyStart } from "../../../harness/faults/link/link-proxy.ts";
import { Cleanup } from "../../../harness/sweep/cleanup.ts";
import type { RunContext } from "../../../harness/sweep/run-context.ts";
import { startRunLinks, storeFaultsFile } from "../../../harness/sweep/run-links.ts";
import type { LinkProxyProcess } from "../../../harness/sweep/toolbox.ts";
import { fakeWorld, recordingEvents, smallSweep } from "./fakes.ts";

async function contextOf(faults: string, raw: string): Promise<RunContext> {
  const { toolbox } = fakeWorld();
  const signal = new AbortController().signal;
  const guard = await toolbox.startGuard();
  const kafka = await toolbox.startKafka({ brokers: [], heapBytes: 1, logFile: "", guard, signal, onProgress() {} });
  const { config } = smallSweep(`query: q0\nload: {duration: 10s}\nfaults: [${faults}]\n`).cells[0]!;
  const linkListener = { address: "127.0.0.1:5", advertisedPort: 6 };
  const run = { id: "r", cell: "c", repetition: 1, order: 1, block: 1 } as unknown as RunContext["run"];
  const directories = { raw, logs: "logs" };
  return {
    run,
    config,
    sweepId: "s",
    directories,
    kafka: { ...kafka, linkListener },
    zookeeper: null,
    guard,
    signal,
    events: recordingEvents(),
  };
}

const RESET = "{kind: reset, target: worker/1<->broker, at: 5s}";
const KILL = "{kind: kill, target: worker/1, at: 5s}";

test("the link proxy is started only for runs that break links, with the broker's link listener, and its counters are kept", async (t) => {
  const raw = mkdtempSync(join(tmpdir(), "faultline-links-"));
  t.after(() => rmSync(raw, { recursive: true, force: true }));
  const { toolbox } = fakeWorld();
  const cleanup = new Cleanup(async () => {});
  assert.equal(await startRunLinks(await contextOf(KILL, raw), toolbox, cleanup), null);
  const starts: LinkProxyStart[] = [];
  let isStopped = false;
  const startLinks = async (options: LinkProxyStart) => {
    starts.push(options);
    const counters = async () => [{ from: "worker-1", to: "broker", bytes: 3 }];
    const stop = async () => {
      isStopped = true;
    };
    return { pid: 1, counters, effects: [{ endedUs: 5 }], stop } as unknown as LinkProxyProcess;
  };
  const own = new Cleanup(() => new Promise<never>(() => {}));
  await startRunLinks(await contextOf(`${KILL}, ${RESET}`, raw), { ...toolbox, startLinks }, own);
  assert.deepEqual(
    starts.map(({ broker }) => broker),
    [{ address: "127.0.0.1:5", advertisedPort: 6 }],
  );
  assert.deepEqual(await own.run(), []);
  assert.ok(isStopped);
  assert.equal(readFileSync(join(raw, "link-faults.jsonl"), "utf8"), '{"endedUs":5}\n');
  assert.match(readFileSync(join(raw, "links.jsonl"), "utf8"), /"from":"worker-1","to":"broker","bytes":3/);
});

test("processes look for faults of their store only in runs that have some", async () => {
  assert.equal(storeFaultsFile(await contextOf(KILL, "raw")), null);
  const slow = "{kind: storeSlow, delay: 1s, duration: 2s, at: 5s}";
  assert.equal(storeFaultsFile(await contextOf(slow, "raw")), join("logs", "store-faults.json"));
});
