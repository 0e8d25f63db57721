import { rm } from "node:fs/promises";
import { join } from "node:path";
import { FaultlineError } from "../../base/errors.ts";
import { appendLine, makeDirectory, readIfPresent, writeAtomically } from "./files.ts";
import type { PlannedRun, RunRecord, RunResult } from "./model.ts";
import type { Provenance } from "./provenance.ts";

/** `manifest.json`: with `raw/` the authority; everything else of a results folder is derived. */
export interface Manifest {
  readonly version: 1;
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

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** Makes the folder, or opens it when it holds the same sweep (equal config hash); another one is refused. */
  static async open(directory: string, manifest: Manifest): Promise<{ store: ResultsStore; manifest: Manifest }> {
    const existing = await readManifest(directory);
    if (existing !== null && existing.configHash !== manifest.configHash) {
      throw new FaultlineError("usage", `${directory} holds the results of another config (${existing.name})`, {
        hint: "Choose another --out, or continue that sweep with --resume.",
        context: { found: existing.configHash, wanted: manifest.configHash },
      });
    }
    await makeDirectory(join(directory, "raw"));
    if (existing === null) await writeAtomically(join(directory, "manifest.json"), pretty(manifest));
    const store = new ResultsStore(directory);
    await store.#dropTornLines();
    return { store, manifest: existing ?? manifest };
  }

  async #dropTornLines(): Promise<void> {
    const path = join(this.directory, "runs.jsonl");
    const lines = ((await readIfPresent(path)) ?? "").split("\n").filter((line) => line !== "");
    const whole = lines.filter((line) => parseLine(line) !== null);
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
    const text = (await readIfPresent(join(this.directory, "runs.jsonl"))) ?? "";
    const results = new Map<string, RunResult>();
    for (const line of text.split("\n")) {
      const result = parseLine(line);
      if (result !== null) results.set(result.run.id, result);
    }
    return results;
  }
}

/** The manifest of a results folder, or null when there is none. Throws `results-unreadable` when it is broken. */
export async function readManifest(directory: string): Promise<Manifest | null> {
  const path = join(directory, "manifest.json");
  const text = await readIfPresent(path);
  if (text === null) return null;
  try {
    return JSON.parse(text) as Manifest;
  } catch (error) {
    throw new FaultlineError("results-unreadable", `${path} is not valid JSON`, { cause: error });
  }
}

function parseLine(line: string): RunResult | null {
  if (line === "") return null;
  try {
    return JSON.parse(line) as RunResult;
  } catch {
    // Torn by a crash in the middle of writing: that run counts as not finished and is repeated.
    return null;
  }
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
