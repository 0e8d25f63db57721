import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SocketFeeder } from "../../../generators/feed/socket-feeder.ts";
import { until } from "../../services/until.ts";
import { MARK, markedProcesses } from "../marked-processes.ts";
import { bench, Workplace } from "../sweep/bench.ts";

/** From any folder: it is one of the ready ones. */
const DEMO = "configs/demo/wordcount.yaml";

/** A folder in which `bench` is run, as somebody would who plays; all processes that come of it can be found. */
function playground(name: string) {
  const place = new Workplace();
  const mark = `${name}-${process.pid}`;
  const run = (...args: readonly string[]) => bench(place, args, { [MARK]: mark });
  const running = () => [...markedProcesses(mark).values()];
  return {
    run,
    running,
    /** What the command prints; it must come to a good end. */
    ok: async (...args: readonly string[]) => {
      const { code, out, err } = await run(...args);
      assert.equal(code, 0, `bench ${args.join(" ")}\n${out}${err}`);
      return out;
    },
    keeperPid: () => [...markedProcesses(mark)].find(([, command]) => command.includes("keeper-main"))![0],
    clear: async () => {
      if (running().length > 0) await run("cluster", "down");
      place.remove();
    },
  };
}

describe("playing with a cluster", { concurrency: 2 }, () => {
  it("up, submit, type, kill, ps, log, submit again, down: nothing is left behind", async (t) => {
    const { run, ok, running, clear } = playground("play");
    t.after(clear);
    const none = await run("cluster", "ps");
    assert.deepEqual([none.code, /no cluster runs here\nhint: .*cluster up/.test(none.err)], [3, true], none.err);

    assert.match(await ok("cluster", "up", "--workers", "2"), /^coordinator {2}127\.0\.0\.1:\d+\nworkers {6}2$/m);
    assert.equal((await run("cluster", "up")).code, 2, "one cluster a folder");
    assert.match(
      await ok("cluster", "ps"),
      /keeper .*alive\ncoordinator .*alive\nworker-1 .*alive\nworker-2 .*alive\n\nno job yet/,
    );

    const refused = await run("submit", "wordcount", "--socket", "127.0.0.1:1");
    assert.deepEqual([refused.code, /cannot read from 127\.0\.0\.1:1: ECONNREFUSED/.test(refused.err)], [4, true]);
    const promised = await run("submit", "wordcount", "--socket", "127.0.0.1:1", "--recovery", "passive");
    assert.deepEqual(
      [promised.code, /a socket, which cannot be read again/.test(promised.err)],
      [2, true],
      promised.err,
    );

    const feeder = await SocketFeeder.listen();
    t.after(() => feeder.close());
    const submit = ["submit", "wordcount", "--socket", `127.0.0.1:${feeder.port}`, "--set", "sizeMs=500"];
    assert.match(await ok(...submit, "--parallelism", "1"), /job wordcount-3 is RUNNING on 2 workers/);
    feeder.send("hello Hello hello");
    for (let tries = 0; tries < 20; tries++) if (/hello : 2/.test(await ok("cluster", "output"))) break;
    const rows = (await ok("cluster", "output")).split("\n").filter((line) => line !== "");
    assert.deepEqual(rows.map((line) => line.split("  ")[2]).sort(), ["Hello : 1", "hello : 2"]);

    const hit = await ok("fault", "kill", "lines/0");
    assert.match(hit, /^kill lines\/0: worker\/\d .*\nobserved {5}after .*: process \d+ is gone\n/);
    assert.match(hit, /detected .*: job failing/);
    assert.match(await ok("cluster", "ps"), /ended: SIGKILL[\s\S]*job wordcount-3 {2}FAILED/);
    const unknown = await run("fault", "kill", "worker/7");
    assert.deepEqual([unknown.code, /there is no worker\/7\nhint: There are /.test(unknown.err)], [2, true]);
    const noJob = await run("savepoint", "nothing-1", "s");
    assert.deepEqual(
      [noJob.code, /there is no job "nothing-1"\nhint: The job here is wordcount-3/.test(noJob.err)],
      [2, true],
    );
    assert.equal(feeder.clients, 0, "the dead worker's connection is gone");

    assert.match(await ok("cluster", "add-worker"), /^worker-3 is there \(pid \d+\)/);
    assert.match(await ok(...submit), /job wordcount-4 is RUNNING on 2 workers/);
    feeder.hangUp();
    for (let tries = 0; tries < 20; tries++) if (/FINISHED/.test(await ok("cluster", "ps"))) break;
    const states = (await ok("cluster", "log", "wordcount-4")).match(/[A-Z]{5,}/g);
    assert.deepEqual(states, ["CREATED", "DEPLOYING", "RUNNING", "FINISHED"]);

    assert.match(await ok("fault", "kill", "coordinator"), /observed {5}after/);
    const headless = await run(...submit);
    assert.deepEqual([headless.code, /coordinator is gone[\s\S]*cluster down/.test(headless.err)], [3, true]);
    assert.ok(running().length >= 2, "keeper and guard live on between commands");
    await ok("cluster", "down");
    assert.deepEqual(running(), []);
    assert.match(
      await ok("cluster", "log"),
      /wordcount-3 {2}FAILED[\s\S]*cluster down/,
      "what happened is still known",
    );
  });

  it("a cluster whose keeper is killed leaves nothing behind either", async (t) => {
    const { run, running, keeperPid, clear } = playground("orphan");
    t.after(clear);
    assert.equal((await run("cluster", "up", "--workers", "1")).code, 0);
    process.kill(keeperPid(), "SIGKILL");
    // The guard gives the others 5 s to end by themselves.
    for (let tries = 0; tries < 30 && running().length > 0; tries++) await run("cluster", "ps");
    assert.deepEqual(running(), []);
  });

  it("state that is saved goes into the next job", async (t) => {
    const { ok, running, clear } = playground("savepoint");
    t.after(clear);
    await ok("cluster", "up", "--workers", "2");
    const submit = ["submit", "wordcount-totals", "--recovery", "passive", "--set", "data.vocabulary=1"];
    // It must not be at its end before it is saved, however slow the machine is.
    const lines = ["--generate", "2000", "--rate", "20/s"];
    await ok(...submit, ...lines, "--checkpoint-interval", "200ms");
    assert.match(await ok("fault", "kill", "totals/0"), /runs again {3}after .* ms, from checkpoint \d+/);
    assert.match(await ok("savepoint", "wordcount-totals-1", "saved", "--stop"), /savepoint saved .* is complete/);
    const before = await ok("cluster", "output", "--json");
    await ok(...submit, "--generate", "2000", "--restore", "saved");
    for (let tries = 0; tries < 20; tries++) if (/FINISHED/.test(await ok("cluster", "ps"))) break;
    const totals = (text: string) => text.match(/ka : \d+/g)!.map((pair) => Number(pair.slice(5)));
    const later = totals(await ok("cluster", "output", "--json"));
    assert.equal(Math.max(...later), 16_000, "every word of 2000 lines, over both jobs");
    assert.equal(Math.min(...later), Math.max(...totals(before)) + 1, "the second goes on where the first was saved");
    await ok("cluster", "down");
    assert.deepEqual(running(), []);
  });

  it("replicas by hand: in two zones, a leader killed, redundancy lost, no row lost or doubled", async (t) => {
    const { run, ok, running, clear } = playground("replicas");
    t.after(clear);
    await ok("cluster", "up", "--workers", "4", "--zookeeper", "--zones", "a,a,b,b");
    const submit = ["submit", "wordcount-totals", "--recovery", "active", "--set", "data.vocabulary=1"];
    const lines = ["--generate", "100000", "--rate", "100/s", "--checkpoint-interval", "500ms"];
    const many = await run(...submit, ...lines, "--replication-factor", "4");
    assert.deepEqual([many.code, /4 replicas need 5 workers/.test(many.err)], [2, true], many.err);
    const three = await run(...submit, ...lines, "--replication-factor", "3");
    assert.deepEqual([three.code, /need workers in 3 zones, there are 2/.test(three.err)], [2, true], three.err);
    const [, jobId = ""] = /job (\S+) is RUNNING/.exec(await ok(...submit, ...lines, "--merge", "kaZoo"))!;
    let before = "";
    // Leaders are elected after the job has begun to run.
    await until(
      "a leader",
      async () => {
        before = await ok("cluster", "ps");
        return /totals\/0\.\d \(\d+ in, leads\)/.test(before);
      },
      60_000,
    );
    assert.match(before, /alive in a .*totals\/\d\.\d \(\d+ in/);
    assert.match(before, /zookeeper .*alive[\s\S]*replicas {5}4 groups, all there/);
    const none = await run("fault", "kill", "totals/0.2");
    assert.deepEqual([none.code, /totals\/0 has no replica 2: it has 2, from 0/.test(none.err)], [2, true], none.err);
    const hit = await ok("fault", "kill", "leader:totals/0");
    assert.match(hit, /^kill leader:totals\/0: worker\/\d \(totals\/0\.\d\)/);
    assert.match(hit, /detected .*: replica .* lost, its siblings go on/);
    assert.match(await ok("cluster", "ps"), /redundancy lost since .*: .*totals\/0 has 1 of 2/);
    assert.match(await ok("cluster", "cancel"), /CANCELLED/);
    const log = await ok("cluster", "log", jobId);
    assert.deepEqual(
      log.match(/[A-Z]{5,}/g),
      ["CREATED", "DEPLOYING", "RUNNING", "CANCELLING", "CANCELLED"],
      "it never stopped",
    );
    const totals = (await ok("cluster", "output", jobId, "--json"))
      .match(/ka : \d+/g)!
      .map((pair) => Number(pair.slice(5)));
    assert.equal(new Set(totals).size, totals.length, "none twice");
    assert.equal(Math.max(...totals), totals.length, "none is missing");
    await ok("cluster", "down");
    assert.deepEqual(running(), []);
  });

  it("the demo shows what it says: windows, a failed job, one that comes back by itself", async (t) => {
    const { run, running, clear } = playground("demo");
    t.after(clear);
    const { code, out, err } = await run("demo", DEMO, "--set", "window=2s");
    assert.equal(code, 0, `${out}\n${err}`);
    assert.match(out, /wordcount: all 18 checks hold/);
    assert.match(out, /job wordcount-1 {2}FAILED/);
    assert.match(out, /job wordcount-totals-1 {2}RESTARTING[\s\S]*job wordcount-totals-1 {2}FINISHED/);
    assert.deepEqual(running(), []);
  });
});
