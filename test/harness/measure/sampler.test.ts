import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { readProcFile, readUsage } from "../../../harness/measure/proc-stat.ts";
import { startSampler } from "../../../harness/measure/sampler.ts";
import type { ResourceSample } from "../../../harness/sweep/model.ts";
import { temporaryFolder } from "../synthetic-run.ts";

const stat = (utime: number, stime: number, name = "java") =>
  `11 (${name}) S 1 11 11 0 -1 4194304 100 0 0 0 ${utime} ${stime} 0 0 20 0 12 0 500 1000000 300 18446744073709551615`;

describe("reading /proc", () => {
  it("finds CPU and memory also behind a name with spaces and parentheses", () => {
    const read = (path: string) => (path.endsWith("stat") ? stat(250, 50, "a) S 9 (b c") : "5000 300 20 1 0 400 0\n");
    assert.deepEqual(readUsage(11, read), { cpuUserMs: 2500, cpuSystemMs: 500, rssBytes: 300 * 4096 });
  });

  it("finds the bytes read and written, which are absent where the kernel does not tell", () => {
    const io = "rchar: 31422\nwchar: 50000235\nsyscr: 40\nsyscw: 1088\nread_bytes: 7\nwrite_bytes: 4096\n";
    const reader = (of: string | null) => (path: string) => {
      if (path === "/proc/11/io") return of;
      return path.endsWith("stat") ? stat(1, 1) : "5000 300 20 1 0 400 0\n";
    };
    const usage = readUsage(11, reader(io))!;
    assert.deepEqual([usage.readBytes, usage.writtenBytes], [31_422, 50_000_235]);
    for (const other of [null, "", "rchar: 5\n"]) {
      const silent = readUsage(11, reader(other))!;
      assert.ok(!("readBytes" in silent) && !("writtenBytes" in silent) && silent.rssBytes > 0);
    }
  });

  it("a process that is gone, or of which only the exit status is left, has no usage", () => {
    assert.equal(
      readUsage(11, () => null),
      null,
    );
    assert.equal(
      readUsage(11, (path) => (path.endsWith("stat") ? stat(1, 1).replace(" S ", " Z ") : "0 0 0")),
      null,
    );
  });

  it("reads this very process", { skip: process.platform !== "linux" }, () => {
    const usage = readUsage(process.pid, readProcFile)!;
    assert.ok(usage.rssBytes > 1e7 && usage.cpuUserMs > 0);
    assert.equal(readProcFile("/proc/0/stat"), null);
  });

  it("what goes through sockets is among the bytes", { skip: process.platform !== "linux" }, async (t) => {
    const sent = 3_000_000;
    const server = createServer((socket) => socket.resume().on("end", () => socket.end("got it")));
    t.after(() => server.close());
    await once(server.listen(0, "127.0.0.1"), "listening");
    const before = readUsage(process.pid, readProcFile)!;
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    socket.end(Buffer.alloc(sent));
    await once(socket.resume(), "close");
    const after = readUsage(process.pid, readProcFile)!;
    const written = after.writtenBytes! - before.writtenBytes!;
    // Both ends are in this process. Little else is written meanwhile.
    assert.ok(written >= sent && written < sent + 100_000, `${written} bytes written`);
    assert.ok(after.readBytes! - before.readBytes! >= sent);
  });
});

describe("sampler", () => {
  it("writes what each process used at each look, forgets the dead, and tells its own cost", async (t) => {
    const folder = temporaryFolder(t);
    const alive = new Set(["11", "12"]);
    let nowUs = 0;
    let tick = () => {};
    let cancelled = false;
    const sampler = startSampler({
      intervalMs: 100,
      file: join(folder, "resources.jsonl"),
      runtime: true,
      readProc: (path) => {
        const [, , pid, file] = path.split("/");
        if (!alive.has(pid!)) return null;
        if (file === "task") return `nonvoluntary_ctxt_switches:\t2\nvoluntary_ctxt_switches:\t${nowUs}\n`;
        return file === "stat" ? stat(nowUs / 10_000, 0) : "5000 300 20 1 0 400 0\n";
      },
      listThreads: (pid) => [`${pid}`, "99"],
      monotonicUs: () => (nowUs += 50),
      every: (_interval, work) => {
        tick = work;
        return () => {
          cancelled = true;
        };
      },
      ownPid: null,
    });
    sampler.add("worker", 11);
    sampler.add("worker", 12);
    tick();
    alive.delete("12");
    tick();
    alive.add("12"); // the pid of another process by now
    tick();
    sampler.remove(11);
    alive.add("13");
    sampler.add("feeder", 13);
    const cost = await sampler.stop();
    const lines = readFileSync(join(folder, "resources.jsonl"), "utf8").trimEnd().split("\n");
    const pids = lines.map((line) => JSON.parse(line) as ResourceSample);
    assert.deepEqual(
      pids.map(({ pid }) => pid),
      [11, 12, 11, 11, 13],
    );
    assert.equal(pids[0]!.atUs, pids[1]!.atUs, "one look, one time");
    const switches = pids.map(({ voluntarySwitches, involuntarySwitches }) => [voluntarySwitches, involuntarySwitches]);
    const none = [undefined, undefined];
    assert.deepEqual(switches, [[100, 4], [100, 4], none, none, [700, 4]], "the first look and the last, all threads");
    assert.deepEqual(cost, { samples: 4, totalUs: 200, maxUs: 50 });
    assert.deepEqual(JSON.parse(readFileSync(join(folder, "sampler.json"), "utf8")), { supported: true, ...cost });
    assert.ok(cancelled);
  });

  it("with a long interval looks at a process when it is added, so that nothing before its first look is missing", async (t) => {
    const folder = temporaryFolder(t);
    const file = join(folder, "resources.jsonl");
    let nowUs = 0;
    let tick = () => {};
    const sampler = startSampler({
      intervalMs: 2_000,
      file,
      runtime: false,
      readProc: (path) => {
        if (path.includes("/task/")) return "nonvoluntary_ctxt_switches:\t2\nvoluntary_ctxt_switches:\t3\n";
        return path.endsWith("stat") ? stat(1, 1) : "5000 300 20 1 0 400 0\n";
      },
      listThreads: (pid) => [`${pid}`],
      monotonicUs: () => (nowUs += 50),
      every: (_interval, work) => {
        tick = work;
        return () => {};
      },
      ownPid: null,
    });
    sampler.add("broker", 11);
    sampler.add("worker", 12);
    tick();
    tick();
    await sampler.stop();
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    const looks = lines.map((line) => JSON.parse(line) as ResourceSample);
    assert.deepEqual(
      looks.map(({ pid }) => pid),
      [11, 11, 12, 11, 12, 11, 12, 11, 12],
    );
    assert.ok(
      looks.every(({ voluntarySwitches }) => voluntarySwitches === 3),
      "not at every eighth look, but every two seconds",
    );
  });

  it("without an interval never looks, and leaves files without a line", async (t) => {
    const folder = temporaryFolder(t);
    const file = join(folder, "resources.jsonl");
    const looked = () => assert.fail("looked");
    const sampler = startSampler({ intervalMs: 0, file, runtime: false, readProc: looked, every: looked });
    sampler.add("worker", 11);
    await sampler.stop();
    for (const name of ["resources", "runtime", "machine"]) {
      assert.equal(readFileSync(join(folder, `${name}.jsonl`), "utf8"), "");
    }
    const told = JSON.parse(readFileSync(join(folder, "sampler.json"), "utf8"));
    assert.deepEqual(told, { supported: false, samples: 0, totalUs: 0, maxUs: 0 });
  });

  it("a disk that fills up ends the sampling, not the harness, and is told at the end", async (t) => {
    const folder = temporaryFolder(t);
    let tick = () => {};
    const sampler = startSampler({
      intervalMs: 100,
      file: join(folder, "resources.jsonl"),
      runtime: true,
      readProc: () => {
        throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
      },
      every: (_interval, work) => {
        tick = work;
        return () => {};
      },
    });
    assert.doesNotThrow(tick);
    await assert.rejects(sampler.stop(), /no space left/);
  });
});
