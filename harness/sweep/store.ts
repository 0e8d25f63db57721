import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { FaultlineError, systemCode } from "../../base/errors.ts";
import { appendLine, isMissing, makeDirectory, readIfPresent, writeAtomically } from "./files.ts";
import { LOCK_FILE, lockFolder } from "./folder-lock.ts";
import { refuseLoss } from "./lost-runs.ts";
import type { PlannedRun, RunRecord, RunResult } from "./model.ts";
import type { Provenance } from "./provenance.ts";
import { refuseOther, type WantedSweep } from "./same-sweep.ts";
import { asManifest, asRunResult, isRunResult } from "./stored-shapes.ts";

/** `manifest.json`: with `raw/` the authority; everything else of a results folder is derived. */
export interface Manifest {
  readonly version: 1;
  /** The search of `bench capacity`: its runs are found one after the other. Absent: a sweep, whose runs are all planned. */
  readonly kind?: "capacity";
  /** Short name that topics of this sweep begin with. */
  readonly sweepId: string;
  readonly name: string;
  readonly createdAt: string;
  /** Resolved config of the first cell: durations in ms, rates in events/s, sizes in bytes. */
  readonly config: unknown;
  readonly axes: readonly { readonly name: string; readonly values: readonly unknown[] }[];
  /** Resolved config of every cell by its id. */
  readonly cells: Readonly<Record<string, unknown>>;
  readonly configHash: string;
  readonly configFile: string;
  /** The config as written, so that a sweep can be resumed and repeated from its results alone. */
  readonly configText: string;
  readonly overrides: readonly string[];
  readonly seed: number;
  /** All runs in the order of execution. */
  readonly order: readonly PlannedRun[];
  readonly provenance: Provenance;
}

/** A results folder, open for one sweep. */
export class ResultsStore {
  readonly directory: string;
  readonly #unlock: () => Promise<void>;

  private constructor(directory: string, unlock: () => Promise<void>) {
    this.directory = directory;
    this.#unlock = unlock;
  }

  /**
   * Makes the folder, or opens it when it holds the same sweep (`refuseOther`). Another sweep, foreign files and a folder that
   * a running sweep writes to are refused with `usage`; with `results-unreadable` one whose results would be lost when they are written
   * anew. To be closed.
   */
  static async open(directory: string, manifest: Manifest): Promise<{ store: ResultsStore; manifest: Manifest }> {
    const existing = await checkFolder(directory, manifest);
    await makeDirectory(join(directory, "raw"));
    const store = new ResultsStore(directory, await lockFolder(directory));
    try {
      if (existing === null) await writeAtomically(join(directory, "manifest.json"), pretty(manifest));
      await store.#dropTornLines();
      refuseLoss(directory, await store.results());
      return { store, manifest: existing ?? manifest };
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** Lets others write to the folder. */
  close(): Promise<void> {
    return this.#unlock();
  }

  async #dropTornLines(): Promise<void> {
    const path = join(this.directory, "runs.jsonl");
    const lines = ((await readIfPresent(path)) ?? "").split("\n").filter((line) => line !== "");
    const whole = lines.filter((line, i) => {
      const found = parsedLine(line);
      if (found !== null) asRunResult(found.value, `${path}: line ${i + 1}`, this.directory);
      return found !== null;
    });
    if (whole.length < lines.length) await writeAtomically(path, whole.map((line) => `${line}\n`).join(""));
  }

  runDirectory(runId: string): string {
    return join(this.directory, "raw", runId);
  }

  logDirectory(runId: string): string {
    return join(this.directory, "logs", runId);
  }

  /** An empty folder for the raw data of a run; what an interrupted attempt left is removed. */
  async beginRun(runId: string): Promise<{ raw: string; logs: string }> {
    const raw = this.runDirectory(runId);
    const logs = this.logDirectory(runId);
    for (const directory of [raw, logs]) {
      await rm(directory, { recursive: true, force: true });
      await makeDirectory(directory);
    }
    return { raw, logs };
  }

  async writeRecord(record: RunRecord): Promise<void> {
    await writeAtomically(join(this.runDirectory(record.run.id), "run.json"), pretty(record));
  }

  /** Forgets an unfinished run. */
  async discardRun(runId: string): Promise<void> {
    await rm(this.runDirectory(runId), { recursive: true, force: true });
  }

  async appendResult(result: RunResult): Promise<void> {
    await appendLine(join(this.directory, "runs.jsonl"), JSON.stringify(result));
  }

  /** Finished runs by id, the last line of each; a torn line is left out. */
  async results(): Promise<Map<string, RunResult>> {
    return finishedRuns((await readIfPresent(join(this.directory, "runs.jsonl"))) ?? "");
  }
}

/** Results in the text of a `runs.jsonl` by the id of their run, the last line of each; what is none is left out. */
export function finishedRuns(text: string): Map<string, RunResult> {
  const results = new Map<string, RunResult>();
  for (const line of text.split("\n")) {
    const result = parseLine(line);
    if (result !== null) results.set(result.run.id, result);
  }
  return results;
}

/**
 * The manifest of the sweep that the folder holds already; null: it is free for a new one. Throws `usage` when it is a file, or holds
 * another sweep or foreign files. Writes nothing.
 */
export async function checkFolder(directory: string, wanted: WantedSweep): Promise<Manifest | null> {
  const existing = await readManifest(directory);
  if (existing === null) await refuseForeign(directory);
  else refuseOther(directory, existing, wanted);
  return existing;
}

/** A folder with anything but the beginnings of a sweep in it: what is derived is replaced there, so it must be ours. */
async function refuseForeign(directory: string): Promise<void> {
  const own = (name: string) => name === "raw" || name === LOCK_FILE || /^manifest\.json\.\d+\.tmp$/.test(name);
  const all = await namesIn(directory);
  const raw = await namesIn(join(directory, "raw"));
  const foreign = [...all.filter((name) => !own(name)), ...raw].sort();
  if (foreign.length === 0) return;
  const shown = `${foreign.slice(0, 3).join(", ")}${foreign.length > 3 ? ", …" : ""}`;
  throw new FaultlineError("usage", `${directory} is not empty and holds no sweep (${shown})`, {
    hint: "Choose a new or an empty folder with --out.",
  });
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (systemCode(error) === "ENOTDIR") {
      throw new FaultlineError("usage", `${directory} is not a folder: there is a file in its place`, {
        hint: "Results are a folder of files; choose another one with --out.",
      });
    }
    if (isMissing(error)) return [];
    const why = error instanceof Error ? error.message : String(error);
    throw new FaultlineError("output-unwritable", `cannot look into ${directory}: ${why}`, { cause: error });
  }
}

/** The manifest of a results folder, or null when there is none. Throws `results-unreadable` when it is broken, or of another version. */
export async function readManifest(directory: string): Promise<Manifest | null> {
  const path = join(directory, "manifest.json");
  const text = await readIfPresent(path);
  if (text === null) return null;
  return asManifest(parsedJson(text, path), path);
}

function parsedJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FaultlineError("results-unreadable", `${path} is not valid JSON`, {
      hint: "It was cut or edited after it was written; the runs in raw/ are untouched.",
      cause: error,
    });
  }
}

function parseLine(line: string): RunResult | null {
  const found = parsedLine(line);
  return found !== null && isRunResult(found.value) ? found.value : null;
}

/** null: torn by a crash in the middle of writing. That run counts as not finished and is repeated. */
function parsedLine(line: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(line) };
  } catch {
    return null;
  }
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
