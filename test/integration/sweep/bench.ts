import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { monotonicUs } from "../../../base/clock.ts";
import { MARK, markedProcesses } from "../marked-processes.ts";

const LAUNCHER = fileURLToPath(new URL("../../../bench", import.meta.url));
const POLL_MS = 50;

/** A folder of its own, removed by `remove`; `TMPDIR` of what runs in it is below it, so that every leftover is found. */
export class Workplace {
  readonly path = mkdtempSync(join(tmpdir(), "faultline-sweep-test-"));
  readonly temporary = mkdtempSync(join(this.path, "tmp-"));

  write(name: string, text: string): string {
    const file = join(this.path, name);
    writeFileSync(file, text);
    return file;
  }

  read(...name: string[]): string {
    return readFileSync(join(this.path, ...name), "utf8");
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

let started = 0;

/** One `bench` on a real system. Everything that it starts, and they start, carries its mark in the environment. */
export class Bench {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  out = "";
  err = "";
  readonly #mark = `${process.pid}-${++started}`;

  constructor(place: Workplace, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(LAUNCHER, args, {
      cwd: place.path,
      env: { ...process.env, TMPDIR: place.temporary, [MARK]: this.#mark, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child.stdout!.on("data", (chunk: Buffer) => {
      this.out += chunk.toString();
    });
    this.child.stderr!.on("data", (chunk: Buffer) => {
      this.err += chunk.toString();
    });
    this.ended = once(this.child, "close").then(([code]) => code as number | null);
  }

  /** Waits until `condition` holds; throws with what was printed when the sweep ends or the limit is over before. */
  async until(what: string, condition: () => boolean, limitMs = 90_000): Promise<void> {
    const endMs = monotonicUs() / 1000 + limitMs;
    while (!condition()) {
      if (this.child.exitCode !== null) throw new Error(`ended before: ${what}\n${this.err}`);
      if (monotonicUs() / 1000 > endMs) throw new Error(`not within ${limitMs / 1000} s: ${what}\n${this.err}`);
      await delay(POLL_MS);
    }
  }

  /** Waits until nothing that it started runs any more. */
  async untilGone(limitMs: number): Promise<void> {
    const endMs = monotonicUs() / 1000 + limitMs;
    while (this.processes().size > 0) {
      if (monotonicUs() / 1000 > endMs) throw new Error(`still running: ${[...this.processes().values()].join("\n")}`);
      await delay(POLL_MS);
    }
  }

  /** Command lines of the processes that carry the mark, by pid. */
  processes(): Map<number, string> {
    return markedProcesses(this.#mark);
  }
}

/** Runs `bench` to its end. */
export async function bench(place: Workplace, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const run = new Bench(place, args, env);
  const code = await run.ended;
  return { code, out: run.out, err: run.err };
}

export function sizeOf(...path: string[]): number {
  return statSync(join(...path), { throwIfNoEntry: false })?.size ?? 0;
}

/** Two seconds of q0, with limits that a busy machine keeps. `more`: further settings. */
export function config(more: string): string {
  return `query: q0
load: {rate: 1k/s, duration: 2s}
warmup: 0.5s
parallelism: 2
limits: {generatorLagP99: 2s, achievedShare: 0.5, observerLagP99: 2s, minSamples: 1}
${more}
`;
}
