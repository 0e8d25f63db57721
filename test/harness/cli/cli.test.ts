import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runCli } from "../../../harness/cli/cli.ts";
import { exitCodeOf } from "../../../harness/cli/exit-code.ts";
import { Interruption } from "../../../harness/cli/interruption.ts";
import type { RunResult } from "../../../harness/sweep/model.ts";
import { temporaryFolder } from "../synthetic-run.ts";
import { fakeIo } from "./fake-io.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

async function bench(...argv: string[]) {
  const io = fakeIo({ cwd: ROOT });
  const code = await runCli(argv, io);
  return { code, out: io.out(), err: io.err() };
}

test("--help lists every command and the exit codes, on stdout", async () => {
  const { code, out, err } = await bench("--help");
  assert.equal(code, 0);
  assert.equal(err, "");
  for (const command of ["run", "sweep", "analyze", "generate", "query"])
    assert.match(out, new RegExp(`bench ${command}`));
  assert.match(out, /Exit codes:/);
  const sweep = await bench("sweep", "--help");
  assert.match(sweep.out, /--dry-run/);
  for (const short of [["-h"], ["sweep", "-h"]]) {
    const { code: shortCode, out: text } = await bench(...short);
    assert.equal(shortCode, 0);
    assert.match(text, /-h, --help/);
  }
});

test("--version is the package's", async () => {
  assert.match((await bench("--version")).out, /^\d+\.\d+\.\d+\n$/);
});

test("an unknown command or option names the nearest one and exits 2", async () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["swep", "x.yaml"], /unknown command "swep"\nhint: Did you mean "\.\/bench sweep"\?/],
    [["completely-different"], /unknown command "completely-different"\nhint: The commands are run, sweep/],
    [
      ["generate", "nexmark", "--frist", "3"],
      /unknown argument "frist" of bench generate\nhint: Did you mean --first\?/,
    ],
    [["sweep", "x.yaml", "--dryrun"], /Did you mean --dry-run\?/],
    [["swep", "--help"], /unknown command "swep"\nhint: Did you mean "\.\/bench sweep"\?/],
    [
      ["capacity", "configs/smoke.yaml"],
      /has 2 cells \(axes: query\), and capacity takes one\n.*--cell.* with --set\.$/m,
    ],
    [
      ["run", "configs/latency.yaml", "--cell", "q5"],
      /no cell "q5"\nhint: 3 cells have "q5" in .*: q5-rate-2000, .*10000\.\n/,
    ],
    [["run", "configs/latency.yaml", "--cell", "q5-rate-50"], /hint: Did you mean "q5-rate-5000"\?/],
    [["run", "configs/latency.yaml", "--cell", "q6-rate-2000"], /hint: Did you mean "q0-rate-2000"\?/],
    [["capacity", "configs/latency.yaml", "--cell", "zzz"], /no cell "zzz"\nhint: The cells are q0-rate-2000, /],
    [
      ["sweep", "configs/latency.yaml", "--cell", "q5"],
      /sweep --help lists the options\. --cell is an option of run, /,
    ],
    [[], /No command given/],
    [["generate", "nexmark", "--first", "-1"], /--first must be a whole number/],
    [["generate", "nexmark", "--format", "xml"], /format: "xml" is none of "jsonl", "wire"/],
    [["analyze"], /bench analyze <dir>: an argument is missing\nhint: \.\/bench analyze --help/],
  ];
  for (const [argv, expected] of cases) {
    const { code, out, err } = await bench(...argv);
    assert.equal(code, 2, argv.join(" "));
    assert.match(err, expected);
    assert.match(err, /^error\[usage\]: /);
    assert.equal(out, "");
  }
});

test("a config that is not there: the nearest name beside it, or where paths count from; a directory is called one", async () => {
  assert.match(
    (await bench("sweep", "configs/latencey.yaml")).err,
    /no config .*\nhint: Did you mean configs\/latency\.yaml\?/,
  );
  assert.match(
    (await bench("sweep", "nowhere/at-all.yaml")).err,
    /hint: Paths count from the current directory; .*configs/,
  );
  assert.match((await bench("sweep", "configs")).err, /configs is a directory, not a config/);
});

test("a results folder that came without raw data is not analysed, and what it is still good for is said", async () => {
  const { code, err } = await bench("analyze", "reports/reference/latency");
  assert.equal(code, 2);
  assert.match(err, /has no raw\/ folder\nhint: .*bench plot/);
});

test("errors are JSON with --json", async () => {
  const { code, err } = await bench("sweep", "configs/missing.yaml", "--json");
  assert.equal(code, 2);
  const { error } = JSON.parse(err) as { error: { code: string; hint: string; exitCode: number } };
  assert.equal(error.code, "config-unreadable");
  assert.equal(error.exitCode, 2);
  assert.notEqual(error.hint, undefined);
});

test("generate writes golden lines and the wire form", async () => {
  const { out } = await bench("generate", "nexmark", "--set", "events=3", "--set", "mode=classic");
  const lines = out.trimEnd().split("\n");
  assert.equal(lines.length, 3);
  assert.deepEqual(Object.keys(JSON.parse(lines[0] ?? "") as object), ["i", "id", "ts", "wm", "type", "person"]);
  const wire = await bench("generate", "nexmark", "--set", "events=3", "--first", "2", "--format", "wire");
  assert.equal((JSON.parse(wire.out) as { event_type: number }).event_type, 2);
});

test("generate refuses unknown options with the nearest one", async () => {
  const { code, err } = await bench("generate", "nexmark", "--set", "evnts=3", "--set", "seeds.evnts=1");
  assert.equal(code, 2);
  assert.match(err, /evnts: unknown setting "evnts" \(did you mean "events"\?\)/);
  assert.match(err, /seeds\.evnts: unknown setting "evnts" \(did you mean "events"\?\)/);
});

test("generate ends cleanly when its reader is gone", async () => {
  const io = fakeIo();
  const gone = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
  let writes = 0;
  const closed = {
    ...io,
    stdout: {
      ...io.stdout,
      write: () => {
        writes += 1;
        return false;
      },
      drained: () => Promise.reject(gone),
    },
  };
  assert.equal(await runCli(["generate", "nexmark"], closed), 0);
  assert.equal(writes, 1);
});

test("--dry-run prints the plan and runs nothing", async () => {
  const { code, out } = await bench("sweep", "configs/latency.yaml", "--dry-run", "--set", "repetitions=2");
  assert.equal(code, 0);
  assert.match(out, /9 cells x 2 repetitions = 18 runs, seed 1, about \d+ min/);
  assert.match(out, /--set repetitions=2/);
  assert.equal(out.match(/q5-rate-10000-r[12]/g)?.length, 2);
  const json = await bench("run", "configs/latency.yaml", "--cell", "q5-rate-2000", "--dry-run", "--json");
  const plan = JSON.parse(json.out) as { runs: { id: string; axes: object }[] };
  assert.deepEqual(plan.runs, [
    {
      id: "q5-rate-2000-r1",
      cell: "q5-rate-2000",
      axes: { query: "q5", "load.rate": "2k/s" },
      repetition: 1,
      order: 0,
      block: 0,
    },
  ]);
});

test("--dry-run refuses the results folder that the run would refuse", async (t) => {
  const root = temporaryFolder(t);
  const out = async (folder: string, command = "sweep", ...more: string[]) => {
    const io = fakeIo({ cwd: ROOT });
    const argv = [command, "configs/latency.yaml", "--out", join(root, folder), "--dry-run", ...more];
    const code = await runCli(argv, io);
    return [code, io.out() !== "", io.err()] as const;
  };
  writeFileSync(join(root, "file"), "precious");
  mkdirSync(join(root, "other"));
  writeFileSync(join(root, "other", "thesis.txt"), "precious");
  for (const [folder, expected] of [
    ["file", /\/file is not a folder: there is a file in its place\nhint: /],
    ["file/below", /\/file\/below is not a folder/],
    ["other", /\/other is not empty and holds no sweep \(thesis\.txt\)\nhint: /],
  ] as const) {
    for (const command of [["sweep"], ["run", "--cell", "q0-rate-2000"], ["capacity", "--cell", "q0-rate-2000"]]) {
      const [code, hasPlan, err] = await out(folder, ...(command as [string, ...string[]]));
      assert.deepEqual([code, hasPlan], [2, false], `${command[0]} ${folder}: ${err}`);
      assert.match(err, expected);
    }
  }
  assert.deepEqual((await out("new/folder")).slice(0, 2), [0, true]);
  assert.equal(readFileSync(join(root, "file"), "utf8"), "precious");
});

test("a run that is sure to have too few outputs is warned of before anything starts", async () => {
  const q5 = ["run", "configs/smoke.yaml", "--dry-run", "--set", "query=q5", "--set", "warmup=1s"];
  const few = await bench(...q5, "--set", "load.duration=3s", "--set", "limits.minSamples=100");
  assert.equal(few.code, 0);
  assert.match(
    few.err,
    /^warning: .* will be invalid \(too-few-samples\): \d\d? outputs in the measured window, 100 needed\nhint: /,
  );
  assert.match(few.err, /load\.duration.*limits\.minSamples.*data\.nexmark\.eventRatePerSecond/);
  const enough = await bench(...q5, "--set", "load.duration=3s", "--set", "limits.minSamples=1");
  assert.equal(enough.err, "");
});

test("run refuses a config with axes and names the cells", async () => {
  const { code, err } = await bench("run", "configs/smoke.yaml");
  assert.equal(code, 2);
  assert.match(err, /has 2 cells \(axes: query\)[\s\S]*--cell \(q0, q5\)/);
});

test("--resume needs a results folder and takes no --set", async () => {
  assert.match((await bench("sweep", "--resume", "configs")).err, /no manifest\.json/);
  assert.match((await bench("sweep", "--resume", "configs", "--set", "seed=2")).err, /cannot change a sweep/);
});

test("the exit code is the worst of the runs, and no run at all is no pass", () => {
  const results = (...states: string[]) =>
    states.map((state) => ({ state, reasons: [] as const }) as unknown as RunResult);
  assert.equal(exitCodeOf(results("valid", "valid")), 0);
  assert.equal(exitCodeOf(results("valid", "invalid")), 5);
  assert.equal(exitCodeOf(results("invalid", "failed", "valid")), 4);
  assert.equal(exitCodeOf([]), 5);
});

test("the first signal asks to stop, the second one ends the process", () => {
  for (const [name, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    const io = fakeIo();
    const interruption = new Interruption(io, () => "continue with …\n");
    io.signal(name);
    assert.doesNotMatch(io.err(), /continue/, "the sweep itself says so at its end");
    assert.equal(interruption.signal.aborted, true);
    assert.equal(interruption.exitCode, code);
    assert.deepEqual(io.exits, []);
    io.signal("SIGINT");
    assert.deepEqual(io.exits, [130]);
    assert.match(io.err(), /continue with …\n$/);
    interruption.close();
    io.signal(name);
    assert.deepEqual(io.exits, [130], "nothing listens after the end");
  }
});
