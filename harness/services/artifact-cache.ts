import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { asFaultlineError, systemCode } from "../../base/errors.ts";
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

/** The per-user cache: FAULTLINE_CACHE, or `faultline` in XDG_CACHE_HOME or `~/.cache`. */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  if (env.FAULTLINE_CACHE) return env.FAULTLINE_CACHE;
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "faultline");
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
  if (isComplete(directory, list)) return installed;
  try {
    mkdirSync(dirname(directory), { recursive: true });
  } catch (cause) {
    throw asFaultlineError(cause, "output-unwritable");
  }
  const onWait = () => onProgress(`waiting for another process that fetches ${set.name}`);
  await withFileLock(`${directory}.lock`, onWait, async () => {
    if (!isComplete(directory, list)) await fetchAndMove(set, list, directory, onProgress, env);
  });
  return installed;
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
  if (existsSync(directory) && !isComplete(directory, list)) rmSync(directory, { recursive: true, force: true });
  try {
    renameSync(temporary, directory);
  } catch (error) {
    const isTaken = ["ENOTEMPTY", "EEXIST"].includes(systemCode(error) ?? "");
    if (!isTaken || !isComplete(directory, list)) throw error;
  }
}

/** All files are there and not empty. Their hashes were checked before the folder got its name. */
function isComplete(directory: string, list: ArtifactList): boolean {
  return list.artifacts.every(({ fileName }) => {
    const stats = statSync(join(directory, "libs", fileName), { throwIfNoEntry: false });
    return stats !== undefined && stats.size > 0;
  });
}
