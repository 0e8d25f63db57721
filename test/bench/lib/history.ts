import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { wallClockMs } from "../../../base/clock.ts";
import type { Spread } from "./rounds.ts";

/** One value, a value with its spread over the repeats, or null where nothing could be measured. */
export type Figure = number | Spread | null;

/** What a benchmark measured of one of the things that it compares; names of figures end with their unit. */
export interface NamedFigures {
  readonly name: string;
  readonly figures: Readonly<Record<string, Figure>>;
}

const ROOT = join(import.meta.dirname, "../../..");
const HISTORY = join(ROOT, "reports/history");
const DIGITS = 4;

/**
 * The figures of one run of a benchmark, which become one JSON line of `reports/history/<bench>.jsonl`: when, on which commit and machine,
 * with which arguments, and `variants: [{ name, <figure>: number | { median, min, max } | null … }]`. Make it before anything is
 * measured: the load of the machine is taken then. A run that fails leaves no line.
 */
export class History {
  readonly #bench: string;
  readonly #directory: string;
  readonly #start: Readonly<Record<string, unknown>>;
  readonly #variants: NamedFigures[] = [];

  constructor(bench: string, directory: string = HISTORY) {
    this.#bench = bench;
    this.#directory = directory;
    this.#start = isPart() ? {} : machineNow();
  }

  /** Throws when there are figures of that name already. */
  add(...variants: readonly NamedFigures[]): void {
    for (const variant of variants) {
      if (this.#variants.some(({ name }) => name === variant.name)) throw new Error(`"${variant.name}" twice`);
      this.#variants.push(variant);
    }
  }

  /** Runs this program once more, with these arguments and in a process of its own, and adds the figures that it appends there. */
  async addFromProcess(args: readonly string[]): Promise<void> {
    const child = fork(process.argv[1]!, args);
    child.on("message", (variants: readonly NamedFigures[]) => this.add(...variants));
    const [[code]] = await Promise.all([once(child, "exit"), once(child, "disconnect")]);
    if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}`);
  }

  /** Once, at the end. In a process that `addFromProcess` started, the figures go to the one that started it. */
  append(): void {
    if (isPart()) {
      process.send!(this.#variants);
      return;
    }
    const line = {
      bench: this.#bench,
      time: new Date(wallClockMs()).toISOString(),
      ...this.#start,
      arguments: process.argv.slice(2).map(withoutFolders),
      variants: this.#variants.map(({ name, figures }) => ({ name, ...figures })),
    };
    mkdirSync(this.#directory, { recursive: true });
    appendFileSync(join(this.#directory, `${this.#bench}.jsonl`), `${JSON.stringify(line, rounded)}\n`);
  }
}

/** Whether `addFromProcess` started this process. */
function isPart(): boolean {
  return process.send !== undefined;
}

function machineNow(): Readonly<Record<string, unknown>> {
  return {
    commit: commit(),
    node: process.versions.node,
    cpu: cpus()[0]?.model.trim() ?? null,
    cores: cpus().length,
    loadAverage: loadavg()[0]!,
  };
}

/** Where a folder of this machine is tells nobody anything: its name remains. */
function withoutFolders(argument: string): string {
  return argument.replace(/^(--[\w-]+=)?.*\//, "$1");
}

function rounded(_key: string, value: unknown): unknown {
  if (typeof value !== "number" || Number.isInteger(value)) return value;
  return Number(value.toPrecision(DIGITS));
}

/** The commit, marked when the tree differs from it in more than its history; null outside a checkout. */
function commit(): string | null {
  const git = (...args: string[]): string =>
    execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], cwd: ROOT });
  try {
    const isChanged = git("status", "--porcelain", "--", ".", ":!reports/history") !== "";
    return `${git("rev-parse", "--short", "HEAD").trim()}${isChanged ? "+" : ""}`;
  } catch {
    return null;
  }
}
