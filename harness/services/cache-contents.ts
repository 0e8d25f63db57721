import { existsSync, lstatSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FaultlineError } from "../../base/errors.ts";
import { cacheDirectory } from "./artifact-cache.ts";
import { cacheUsers, isUseMark } from "./cache-use.ts";
import { COMPILED_FOLDER } from "./compiled-code.ts";

/** `kafka-4.3.1-87ca497ae6a5`, as `installArtifacts` names a set. */
const SET = /^[a-z]+-\d[\w.]*-[0-9a-f]{12}$/;
/** What an interrupted installation leaves, and what `cleanCache` is about to remove. */
const UNFINISHED = /^[a-z]+-\d[\w.]*-[0-9a-f]{12}\.(tmp-\w{6}|removing-\d+)$/;
const LOCK = /^[a-z]+-\d[\w.]*-[0-9a-f]{12}\.lock$/;

export interface CacheEntry {
  readonly name: string;
  readonly path: string;
  readonly kind: "artifacts" | "compiled code" | "unfinished" | "lock";
  readonly files: number;
  readonly bytes: number;
}

export interface CacheContents {
  readonly directory: string;
  /** What Faultline put there. */
  readonly entries: readonly CacheEntry[];
  /** What it did not, and will not touch. */
  readonly foreign: readonly string[];
  /** Ids of running processes that use it. */
  readonly users: readonly number[];
}

/** What is in the cache; nothing when there is none. */
export function readCache(env: NodeJS.ProcessEnv = process.env): CacheContents {
  const directory = cacheDirectory(env);
  const names = existsSync(directory) ? readdirSync(directory).sort() : [];
  const entries: CacheEntry[] = [];
  const foreign: string[] = [];
  for (const name of names) {
    const path = join(directory, name);
    const kind = kindOf(name, path);
    if (kind === null) foreign.push(name);
    else entries.push({ name, path, kind, ...sizeOf(path) });
  }
  return { directory, entries, foreign, users: cacheUsers(directory) };
}

/** Removes what Faultline put into the cache, and nothing else. Throws `usage` while a process uses it. */
export function cleanCache(contents: CacheContents): void {
  const users = cacheUsers(contents.directory);
  if (users.length > 0) {
    throw new FaultlineError("usage", `the cache is in use by process ${users.join(", ")}`, {
      hint: "Wait until that sweep has ended, or stop it.",
      context: { directory: contents.directory, users },
    });
  }
  for (const { path, kind } of contents.entries) {
    // In one step, so that nobody finds half a set.
    const doomed = kind === "artifacts" ? `${path}.removing-${process.pid}` : path;
    if (doomed !== path) renameSync(path, doomed);
    rmSync(doomed, { recursive: true, force: true });
  }
}

function kindOf(name: string, path: string): CacheEntry["kind"] | null {
  if (LOCK.test(name) || isUseMark(name)) return "lock";
  const isFolder = lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  if (isFolder && name === COMPILED_FOLDER) return "compiled code";
  if (isFolder && UNFINISHED.test(name)) return "unfinished";
  return isFolder && SET.test(name) && existsSync(join(path, "libs")) ? "artifacts" : null;
}

/** Of a folder: of everything below it. Links are counted, not followed. */
function sizeOf(path: string): { readonly files: number; readonly bytes: number } {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return { files: 0, bytes: 0 }; // released meanwhile
  if (!stats.isDirectory()) return { files: 1, bytes: stats.size };
  const below = readdirSync(path).map((name) => sizeOf(join(path, name)));
  return below.reduce((sum, one) => ({ files: sum.files + one.files, bytes: sum.bytes + one.bytes }), {
    files: 0,
    bytes: 0,
  });
}
