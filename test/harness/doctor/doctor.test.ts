import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { FaultlineError } from "../../../base/errors.ts";
import { runCli } from "../../../harness/cli/cli.ts";
import { makeStyle } from "../../../harness/cli/progress/style.ts";
import { resolveText } from "../../../harness/config/load.ts";
import { canRun } from "../../../harness/doctor/check.ts";
import { diagnose } from "../../../harness/doctor/doctor.ts";
import type { Machine } from "../../../harness/doctor/machine.ts";
import { campaignNeeds } from "../../../harness/doctor/needs.ts";
import { checkRoom } from "../../../harness/doctor/preflight.ts";
import { diagnosisText } from "../../../harness/doctor/render.ts";
import { fakeIo } from "../cli/fake-io.ts";
import { fakeMachine } from "./fake-machine.ts";

const scratch = mkdtempSync(join(tmpdir(), "faultline-doctor-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

const external = "query: q0\nkafka: {brokers: ['127.0.0.1:9092']}\n";
const sweepOf = (text: string) => resolveText(text, "c.yaml", []);

async function diagnosis(changes: Partial<Machine> = {}, config: string | null = external, isOnline = false) {
  const sweep = config === null ? null : sweepOf(config);
  const machine = fakeMachine({ ...changes, env: { ...fakeMachine().env, ...changes.env } });
  return diagnose({ machine, cwd: scratch, sweep, isOnline });
}

test("on a machine where nothing is missing everything is ok but Java and the cache, and an external Kafka needs neither", async () => {
  const found = await diagnosis();
  assert.deepEqual(
    found.results.filter(({ state }) => state !== "ok").map(({ id }) => id),
    ["java", "kafka"],
  );
  assert.equal(canRun(found.results), true);
  const own = await diagnosis({}, null);
  assert.equal(canRun(own.results), false, "a private broker needs Java");
});

const losses: readonly (readonly [string, Partial<Machine>, string, boolean])[] = [
  ["an old Node", { nodeVersion: "22.1.0" }, "node", true],
  ["no ports", { takePorts: () => Promise.reject(new Error("EADDRNOTAVAIL")) }, "ports", true],
  ["a results folder that cannot be written", { canWrite: () => false }, "results", true],
  ["a full disk", { freeBytes: () => 1000 }, "results", true],
  ["one core", { cores: 1 }, "cores", false],
  ["little memory", { memoryBytes: 2 ** 28 }, "memory", false],
  ["few open files", { readText: () => "Max open files 256 256 files" }, "files", false],
  ["no right to raise priorities", { canRenice: async () => false }, "priority", false],
  ["a slow clock", { readText: () => "hpet" }, "clock", false],
  [
    "no cgroup v1",
    { readText: (path) => (path === "/proc/mounts" ? "cgroup2 /c cgroup2 rw 0 0" : null) },
    "quota",
    false,
  ],
  ["a cgroup of others", { canWrite: (path) => !path.startsWith("/sys/fs/cgroup") }, "quota", false],
  ["no signals", { platform: "win32" }, "signals", false],
];
for (const [what, changes, id, blocks] of losses) {
  test(`${what} is told with its cost, and ${blocks ? "keeps" : "does not keep"} a sweep from running`, async () => {
    const { results } = await diagnosis(changes);
    const result = results.find((one) => one.id === id);
    assert.equal(result?.state, "missing");
    assert.ok((result?.cost ?? "").length > 20);
    assert.equal(canRun(results), !blocks);
  });
}

test("Maven is needed only where Kafka has to be fetched, and a repository replaces it", async () => {
  const noMaven = { run: async () => null };
  const needed = (await diagnosis(noMaven, "query: q0\n")).results.find(({ id }) => id === "maven");
  assert.deepEqual([needed?.state, needed?.required], ["missing", true]);
  assert.match(needed?.cost ?? "", /set FAULTLINE_MAVEN_REPOSITORY or kafka\.brokers/);
  const withBase = await diagnosis({ ...noMaven, env: { FAULTLINE_MAVEN_REPOSITORY: "http://x/" } }, "query: q0\n");
  assert.equal(withBase.results.find(({ id }) => id === "maven")?.state, "ok");
  assert.equal((await diagnosis(noMaven)).results.find(({ id }) => id === "maven")?.required, false);
});

test("registries are asked only when that is wished", async () => {
  const asked: string[] = [];
  const webStatus = async (url: string) => {
    asked.push(url);
    return 404;
  };
  const env = { FAULTLINE_MAVEN_REPOSITORY: "http://x/" };
  await diagnosis({ webStatus, env });
  assert.deepEqual(asked, []);
  const { results } = await diagnosis({ webStatus, env }, external, true);
  assert.match(asked[0] ?? "", /^http:\/\/x\/\w+.*\.jar$/);
  assert.equal(results.find(({ id }) => id === "registry")?.found, "HTTP 404");
});

test("a campaign's needs grow with its events and runs", () => {
  const small = campaignNeeds(sweepOf("query: q0\nload: {rate: 1k/s, duration: 10s}\nwarmup: 1s\n"));
  assert.equal(small.events, 10_000);
  assert.equal(small.resultsBytes, 10_000 * (64 + 70) + 2 * 2 ** 20, "log, times of sending, verification");
  const broker = 512 * 2 ** 20;
  const eventBytes = (small.temporaryBytes - broker) / 10_000 / 2 / 2;
  assert.ok(eventBytes > 200 && eventBytes < 500, `${eventBytes} bytes an event`);
  const big = campaignNeeds(
    sweepOf("query: q0\nload: {duration: 10s}\nwarmup: 1s\nrepetitions: 3\nsweep: {load.rate: [1k/s, 4k/s]}\n"),
  );
  assert.equal(big.runs, 6);
  assert.equal(big.events, 3 * (10_000 + 40_000));
  assert.equal(big.resultsBytes, big.events * 64 + 40_000 * 70 + 6 * 2 * 2 ** 20, "one run is verified at a time");
  const largest = (big.temporaryBytes - broker) / (small.temporaryBytes - broker);
  assert.ok(Math.abs(largest - 4) < 0.01, "only the largest run counts for temporary data");
  assert.equal(campaignNeeds(sweepOf(external)).temporaryBytes, 0);
});

test("BetterCloud's room is counted from its own two streams", () => {
  const needs = (more: string) => {
    const text = `query: bettercloud\ndata: {generator: bettercloud${more}}\nload: {rate: 1k/s, duration: 10s}\nwarmup: 1s\n`;
    return campaignNeeds(sweepOf(text));
  };
  const plain = needs("");
  assert.equal(plain.events, 10_000 + 251, "customer events and the controls that come first");
  const inputBytes = (plain.temporaryBytes - 512 * 2 ** 20) / 2 / 2;
  const mean = inputBytes / plain.events;
  assert.ok(mean > 230 && mean < 300, `${mean} bytes an event, where a customer event has about 257`);
  const padded = needs(", bettercloud: {payloadPadding: 1000}");
  const added = (padded.temporaryBytes - plain.temporaryBytes) / 2 / 2 / 10_000;
  assert.ok(Math.abs(added - 1000) < 20, `${added} bytes more an event`);
});

test("every check is one line, and what blocks is named at the end", async () => {
  const text = diagnosisText(await diagnosis({ nodeVersion: "18.0.0" }), makeStyle(false));
  const lines = text.trimEnd().split("\n");
  assert.match(lines[0] ?? "", /^missing {6}Node\.js +18\.0\.0 on linux-x64$/);
  assert.match(lines[1] ?? "", /without Node 24/);
  assert.equal(lines.at(-1), "a sweep cannot run here: Node.js");
});

test("a sweep without room or rights ends before anything starts, with what to do", () => {
  const sweep = sweepOf("query: q0\n");
  const cases = [
    [{ canWrite: () => true, freeBytes: () => 2 ** 20 }, "disk-full", /--out/],
    [{ canWrite: (path: string) => path === "/tmp", freeBytes: () => 2 ** 40 }, "output-unwritable", /--out/],
    [{ canWrite: (path: string) => path !== "/tmp", freeBytes: () => 2 ** 40 }, "output-unwritable", /TMPDIR/],
  ] as const;
  for (const [disk, code, hint] of cases) {
    assert.throws(
      () => checkRoom(sweep, join(scratch, "not/yet/there"), { disk, temporary: "/tmp" }),
      (error) =>
        error instanceof FaultlineError && error.code === code && error.exitCode === 3 && hint.test(error.hint ?? ""),
    );
  }
  checkRoom(sweep, scratch, { disk: { canWrite: () => true, freeBytes: () => 2 ** 40 } });
});

test("bench doctor --json tells the same and exits 3 without Java", async () => {
  const io = fakeIo({ cwd: scratch, env: { PATH: scratch, FAULTLINE_CACHE: join(scratch, "cache") } });
  const code = await runCli(["doctor", "--json"], io);
  assert.equal(code, 3, io.err());
  const told = JSON.parse(io.out()) as { ready: boolean; checks: { id: string; state: string }[] };
  assert.equal(told.ready, false);
  assert.equal(told.checks.find(({ id }) => id === "java")?.state, "missing");
});
