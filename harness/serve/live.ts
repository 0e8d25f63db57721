import { open } from "node:fs/promises";
import { join } from "node:path";
import { isRunning } from "../services/process-identity.ts";
import { isMissing, readIfPresent } from "../sweep/files.ts";
import { LIVE_FILE, type LiveSnapshot } from "../sweep/live-file.ts";
import type { ResourceSample } from "../sweep/model.ts";

/** So much of the end of `resources.jsonl` is read: some seconds of samples. */
const TAIL_BYTES = 64 * 1024;
/** CPU is told over so long; the kernel counts in steps of 10 ms. */
const CPU_WINDOW_US = 2_000_000;

/** What a sweep left of its progress. */
export interface Live {
  readonly snapshot: LiveSnapshot;
  /** The process that wrote it still runs; otherwise the sweep was broken off. */
  readonly isRunning: boolean;
}

/** Null: no sweep runs in this folder, or the file is from another version. */
export async function readLive(folder: string): Promise<Live | null> {
  const text = await readIfPresent(join(folder, LIVE_FILE));
  const snapshot = text === null ? null : parseSnapshot(text);
  return snapshot === null ? null : { snapshot, isRunning: isRunning(snapshot.process) };
}

function parseSnapshot(text: string): LiveSnapshot | null {
  try {
    const snapshot = JSON.parse(text) as Partial<LiveSnapshot> | null;
    const isOurs = snapshot?.version === 1 && typeof snapshot.process?.pid === "number";
    return isOurs ? (snapshot as LiveSnapshot) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null; // torn, or not ours
    throw error;
  }
}

/** CPU of the processes of one role over the last two seconds; 100 is one core. */
export interface RoleCpu {
  readonly role: string;
  readonly percent: number;
}

/** From the samples that the sweep writes anyway; [] where nothing is sampled (yet). */
export async function cpuByRole(folder: string, run: string): Promise<readonly RoleCpu[]> {
  return cpuOfSamples(parseSamples(await tailOf(join(folder, "raw", run, "resources.jsonl"))));
}

/** Samples of one run in the order of time. `worker-1` and `worker-2` are one role. */
export function cpuOfSamples(samples: readonly ResourceSample[]): readonly RoleCpu[] {
  const nowUs = samples.at(-1)?.atUs;
  if (nowUs === undefined) return [];
  const recent = samples.filter(({ atUs }) => nowUs - atUs <= CPU_WINDOW_US);
  const percents = new Map<string, number>();
  for (const ofProcess of Map.groupBy(recent, ({ pid }) => pid).values()) {
    const [first, last] = [ofProcess[0]!, ofProcess.at(-1)!];
    if (last.atUs === first.atUs) continue;
    const usedMs = last.cpuUserMs + last.cpuSystemMs - first.cpuUserMs - first.cpuSystemMs;
    const role = last.role.replace(/-\d+$/, "");
    percents.set(role, (percents.get(role) ?? 0) + (usedMs * 1e5) / (last.atUs - first.atUs));
  }
  return [...percents].map(([role, percent]) => ({ role, percent })).sort((a, b) => (a.role < b.role ? -1 : 1));
}

function parseSamples(text: string): ResourceSample[] {
  return text.split("\n").flatMap((line) => {
    try {
      return [JSON.parse(line) as ResourceSample];
    } catch {
      return []; // the first and the last line of a tail may be torn
    }
  });
}

async function tailOf(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const length = Math.min(size, TAIL_BYTES);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
      return buffer.toString("utf8", 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isMissing(error)) return "";
    throw error;
  }
}
