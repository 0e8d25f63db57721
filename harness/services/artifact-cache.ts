import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { wallClockMs } from "../../base/clock.ts";
import { asFaultlineError, FaultlineError, systemCode } from "../../base/errors.ts";
import { fetchDirectly, fetchWithMaven, REPOSITORY_VARIABLE } from "./artifact-fetch.ts";
import { type ArtifactList, readArtifactList, verifyArtifact } from "./artifact-list.ts";
import { withFileLock } from "./file-lock.ts";

export interface ArtifactSet {
  /** Name with version, like `kafka-4.3.1`. */
  readonly name: string;
  readonly pomFile: string;
  readonly listFile: string;
}

export interface InstalledArtifacts {
  /** Folder of this set in the cache; things derived from the set may be kept here too. */
  readonly directory: string;
  /** The jars, as a Java class path in a fixed order. */
  readonly classPath: string;
}

/** A temporary folder this old belongs to a process that was killed. */
const ABANDONED_MS = 60 * 60 * 1000;
const UNWRITABLE_HINT = "Set FAULTLINE_CACHE to a directory that you may write to and that has 200 MB to spare.";

/** The per-user cache, an absolute path: FAULTLINE_CACHE, or `faultline` in XDG_CACHE_HOME or `~/.cache`. Throws `output-unwritable`. */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const directory = resolve(env.FAULTLINE_CACHE || join(env.XDG_CACHE_HOME || join(home(env), ".cache"), "faultline"));
  if (!directory.includes(":")) return directory;
  throw unwritable(new Error(`Java cannot read from a path with a colon: ${directory}`));
}

/** HOME, or what the system knows of the user; a user without either has no place for a cache. */
function home(env: NodeJS.ProcessEnv): string {
  if (env.HOME) return env.HOME;
  try {
    return userInfo().homedir;
  } catch (cause) {
    throw unwritable(new Error("this user has no home directory", { cause }));
  }
}

function unwritable(cause: unknown): FaultlineError {
  const { message, code } = asFaultlineError(cause, "output-unwritable");
  return new FaultlineError(code, `the cache of downloads cannot be used: ${message}`, {
    hint: UNWRITABLE_HINT,
    cause,
  });
}

/**
 * The set from the cache; at first use fetched, each file checked against its SHA-256, and moved into place in one step.
 * Throws `maven-missing`, `registry-unreachable`, `artifact-corrupt` or `output-unwritable`.
 */
export async function installArtifacts(
  set: ArtifactSet,
  onProgress: (message: string) => void,
  env: NodeJS.ProcessEnv = process.env,
): Promise<InstalledArtifacts> {
  const list = readArtifactList(set.listFile);
  const directory = join(cacheDirectory(env), `${set.name}-${list.id}`);
  const installed = {
    directory,
    classPath: list.artifacts.map(({ fileName }) => join(directory, "libs", fileName)).join(":"),
  };
  if (isIntact(directory, list)) return installed;
  const onWait = () => onProgress(`waiting for another process that fetches ${set.name}`);
  try {
    mkdirSync(dirname(directory), { recursive: true });
    await withFileLock(`${directory}.lock`, onWait, async () => {
      removeAbandoned(directory);
      if (!isIntact(directory, list)) await fetchAndMove(set, list, directory, onProgress, env);
    });
  } catch (error) {
    if (error instanceof FaultlineError || systemCode(error) === undefined) throw error;
    throw unwritable(error);
  }
  return installed;
}

/** Temporary folders of processes that were killed while they fetched. */
function removeAbandoned(directory: string): void {
  for (const name of readdirSync(dirname(directory))) {
    if (!name.startsWith(`${basename(directory)}.tmp-`)) continue;
    const path = join(dirname(directory), name);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats !== undefined && wallClockMs() - stats.mtimeMs > ABANDONED_MS)
      rmSync(path, { recursive: true, force: true });
  }
}

async function fetchAndMove(
  set: ArtifactSet,
  list: ArtifactList,
  directory: string,
  onProgress: (message: string) => void,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const temporary = mkdtempSync(`${directory}.tmp-`);
  try {
    const libs = join(temporary, "libs");
    mkdirSync(libs);
    const baseUrl = env[REPOSITORY_VARIABLE];
    const origin = baseUrl ? `the repository of ${REPOSITORY_VARIABLE}` : "Maven";
    onProgress(`fetching ${set.name} (${list.artifacts.length} files) through ${origin}`);
    if (baseUrl) await fetchDirectly(baseUrl, list.artifacts, libs);
    else await fetchWithMaven(set.pomFile, libs, env);
    for (const artifact of list.artifacts) verifyArtifact(libs, artifact);
    moveIntoPlace(temporary, directory, list);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** One rename; when another process was faster, its copy, which is as good, stays. */
function moveIntoPlace(temporary: string, directory: string, list: ArtifactList): void {
  if (existsSync(directory) && !isIntact(directory, list)) rmSync(directory, { recursive: true, force: true });
  try {
    renameSync(temporary, directory);
  } catch (error) {
    const isTaken = ["ENOTEMPTY", "EEXIST"].includes(systemCode(error) ?? "");
    if (!isTaken || !isIntact(directory, list)) throw error;
  }
}

/** All files are there, each with its SHA-256: a damaged one would make the broker fail in ways that point elsewhere. Takes about 0.1 s. */
function isIntact(directory: string, list: ArtifactList): boolean {
  if (!existsSync(directory)) return false;
  try {
    for (const artifact of list.artifacts) verifyArtifact(join(directory, "libs"), artifact);
  } catch (error) {
    if (error instanceof FaultlineError) return false;
    throw error;
  }
  return true;
}
