import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { FaultlineError } from "../../../../base/errors.ts";
import { until } from "../../../services/until.ts";
import { bench, isAlive, processor } from "./deployed.ts";

const READY = { line: "^ready" };

/** Pids that the fixture says it has started. */
const childPids = (log: string) => [...log.matchAll(/^child (\d+)$/gm)].map((match) => Number(match[1]));

test("a deployment is ready when every process says so, and each is told where its data are", async (t) => {
  const b = bench(t);
  const dump = join(b.directory, "dump.json");
  const deployment = await b.deploy({
    kind: "command",
    name: "mine",
    start: [
      {
        role: "first",
        command: [...processor({ say: ["ready 1"], dump }), "{inputTopic}>{outputTopic}:{parallelism}"],
        cwd: "{logDir}",
        env: { OWN: "{query}" },
      },
      { role: "second", command: processor({ say: ["so far so good", "ready 2"] }) },
    ],
    ready: READY,
  });
  assert.match(b.log("first"), /^ready 1$/m);
  assert.match(b.log("second"), /^ready 2$/m);
  const told = JSON.parse(readFileSync(dump, "utf8"));
  assert.equal(told.args.at(-1), "t.in>t.out:3");
  assert.equal(told.cwd, b.directory);
  assert.equal(told.env.OWN, "q0");
  assert.equal(told.env.FAULTLINE_INPUTS, "events=t.in:2,rules=t.rules:1");
  assert.equal(told.env.FAULTLINE_BROKERS, "127.0.0.1:9092,127.0.0.1:9093");
  assert.equal(told.env.FAULTLINE_OUTPUT_PARTITIONS, "4");
  assert.deepEqual(
    deployment.processes.map(({ role }) => role),
    ["first", "second"],
  );
  assert.equal(deployment.describe().name, "mine");
  assert.deepEqual(await deployment.counters(), []);
  const pids = deployment.processes.map(({ pid }) => pid);
  assert.deepEqual(b.guarded, new Set(pids), "the guard knows them all");
  await deployment.stop();
  assert.deepEqual(pids.map(isAlive), [false, false]);
  assert.deepEqual(b.guarded, new Set());
});

test("a process that ends is the failure of the system, with the end of its log", async (t) => {
  const b = bench(t);
  const todo = { say: ["ready", "something is wrong", "I give up"], exit: { code: 3, afterMs: 50 } };
  const deployment = await b.deploy({ kind: "command", start: processor(todo), ready: READY });
  const error = await deployment.failed;
  assert.ok(error instanceof FaultlineError);
  assert.equal(error.code, "system-failed");
  assert.match(
    error.message,
    /processor has ended: exit code 3; its log ends: ready \| something is wrong \| I give up/,
  );
});

test("one that ends before it is ready fails the deployment, and nothing of the others is left", async (t) => {
  const b = bench(t);
  const start = [
    { role: "good", command: processor({ say: ["ready"] }) },
    { role: "bad", command: processor({ say: ["no licence"], exit: { code: 1, afterMs: 0 } }) },
  ];
  await assert.rejects(b.deploy({ kind: "command", start, ready: READY }), /bad has ended: exit code 1.*no licence/);
  assert.deepEqual(b.guarded, new Set());
});

test("one that never becomes ready is stopped when its time is over", async (t) => {
  const b = bench(t);
  const ready = { line: "^ready", timeout: "300ms" };
  const start = processor({ say: ["still starting"] });
  await assert.rejects(b.deploy({ kind: "command", start, ready }), /no line like \/\^ready\//);
  assert.deepEqual(b.guarded, new Set());
});

test("a program that is not there is said so", async (t) => {
  const b = bench(t);
  const start = ["/no/such/program"];
  await assert.rejects(b.deploy({ kind: "command", start, ready: "none" }), { code: "service-start-failed" });
});

test("an interruption ends a start that is still going on", async (t) => {
  const b = bench(t);
  const deploying = b.deploy({ kind: "command", start: processor({}), ready: READY });
  await until("it has started", () => b.guarded.size === 1);
  b.abort.abort();
  await assert.rejects(deploying, { code: "interrupted" });
  assert.deepEqual(b.guarded, new Set());
});

test("what does not listen is killed, with its children and theirs", async (t) => {
  const b = bench(t);
  const signalFile = join(b.directory, "signals");
  const todo = { deaf: true, signalFile, child: { deaf: true, child: { deaf: true, say: ["ready"] } } };
  const deployment = await b.deploy({
    kind: "command",
    start: processor(todo),
    ready: READY,
    stop: { signal: "SIGUSR1", timeout: "300ms" },
  });
  const pids = childPids(b.log("processor"));
  assert.equal(pids.length, 2);
  const known = new Set(deployment.processes.map(({ pid }) => pid));
  assert.ok(
    pids.every((pid) => known.has(pid)),
    "their CPU and memory count",
  );
  assert.ok(deployment.processes.every(({ role }) => role === "processor"));
  await deployment.stop();
  assert.equal(readFileSync(signalFile, "utf8"), "SIGUSR1\n", "asked first, by the signal of the config");
  assert.deepEqual([...known].map(isAlive), [false, false, false]);
  assert.deepEqual(b.guarded, new Set());
});

test("children that outlive their parent are ended too", async (t) => {
  const b = bench(t);
  const todo = { child: { say: ["ready"] }, exit: { code: 0, afterMs: 400 } };
  const deployment = await b.deploy({ kind: "command", start: processor(todo), ready: READY });
  await deployment.failed;
  const [child = 0] = childPids(b.log("processor"));
  assert.ok(isAlive(child));
  assert.equal(b.guarded.size, 1, "guarded on, for its sake");
  await deployment.stop();
  assert.equal(isAlive(child), false);
  assert.deepEqual(b.guarded, new Set());
});

test("a processor that detaches itself is found by its pids, watched and ended", async (t) => {
  const b = bench(t);
  const pidFile = join(b.directory, "pids.txt");
  const settings = {
    kind: "command",
    start: processor({ detach: { exit: { code: 0, afterMs: 60_000 } }, pidFile }),
    ready: "none",
    pids: ["cat", "{logDir}/pids.txt"],
  };
  const deployment = await b.deploy(settings);
  const daemon = Number(readFileSync(pidFile, "utf8").split(" ")[1]);
  assert.ok(deployment.processes.some(({ role, pid }) => role === "daemon" && pid === daemon));
  assert.ok(b.guarded.has(daemon));
  await deployment.stop();
  assert.equal(isAlive(daemon), false);

  const second = await b.deploy(settings);
  const next = Number(readFileSync(pidFile, "utf8").split(" ")[1]);
  process.kill(next, "SIGKILL");
  assert.match((await second.failed).message, new RegExp(`daemon has ended: pid ${next} is gone`));
});

test("a pids command that names nobody fails the deployment", async (t) => {
  const b = bench(t);
  const start = processor({});
  const deploying = b.deploy({ kind: "command", start, ready: "none", pids: ["echo", "none here"] });
  await until("it has been asked", () => existsSync(join(b.directory, "pids.log")));
  b.abort.abort();
  await assert.rejects(deploying);
  assert.deepEqual(b.guarded, new Set());
});

test("a stop command takes the place of the signal", async (t) => {
  const b = bench(t);
  const signalFile = join(b.directory, "signals");
  const deployment = await b.deploy({
    kind: "command",
    start: processor({ signalFile, say: ["ready"] }),
    ready: READY,
    stop: { command: ["sh", "-c", "kill -USR1 $(cat {logDir}/pid)"] },
  });
  const [{ pid } = { pid: 0 }] = deployment.processes;
  writeFileSync(join(b.directory, "pid"), String(pid));
  await deployment.stop();
  assert.equal(readFileSync(signalFile, "utf8"), "SIGUSR1\n");
  assert.equal(isAlive(pid), false);
});

test("drained when the output is quiet, or when the user's command says so", async (t) => {
  const b = bench(t);
  const base = { kind: "command", start: processor({ say: ["ready"] }), ready: READY };
  const asked: string[] = [];
  let written = 0;
  b.endOffsets = async (topic, partitions) => {
    asked.push(`${topic}/${partitions}`);
    return [written < 5 ? ++written : written];
  };
  const quiet = await b.deploy({ ...base, drain: { quiet: "50ms" } });
  await quiet.drain(5_000);
  assert.equal(written, 5);
  assert.deepEqual(new Set(asked), new Set(["t.out/4"]));
  b.endOffsets = async () => [++written];
  await assert.rejects(quiet.drain(200), (error: FaultlineError) => error.context.reason === "drain-timeout");
  await quiet.stop();

  const marker = join(b.directory, "drained");
  const command = await b.deploy({
    ...base,
    drain: { command: ["sh", "-c", "echo {outputTopic} > {logDir}/drained"] },
  });
  await command.drain(5_000);
  assert.equal(readFileSync(marker, "utf8"), "t.out\n");
  await command.stop();

  const failing = await b.deploy({ ...base, drain: { command: ["sh", "-c", "echo not yet; exit 7"] } });
  await assert.rejects(failing.drain(5_000), /drain command failed \(exit code 7\): not yet/);
});
