import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FaultlineError, systemCode } from "../../base/errors.ts";
import { cacheDirectory } from "./artifact-cache.ts";
import { identify, isRunning, type ProcessIdentity } from "./process-identity.ts";

const MARK = /^in-use-\d+-\d+$/;
let marks = 0;

/** Tells others that this process runs programs of the cache; call the result when it does no more. A dead process' mark counts for nothing. */
export function markCacheUse(env: NodeJS.ProcessEnv = process.env): () => void {
  const directory = cacheDirectory(env);
  const file = join(directory, `in-use-${process.pid}-${marks++}`);
  try {
    mkdirSync(directory, { recursive: true });
    removeStaleMarks(directory);
    writeFileSync(file, JSON.stringify(identify(process.pid)));
  } catch (cause) {
    // A complete cache may be read-only: then nobody like us can clean it either.
    if (["EACCES", "EPERM", "EROFS"].includes(systemCode(cause) ?? "")) return () => {};
    throw new FaultlineError("output-unwritable", `cannot write to the cache ${directory}: ${systemCode(cause)}`, {
      hint: "Name another folder in FAULTLINE_CACHE.",
      cause,
    });
  }
  return () => rmSync(file, { force: true });
}

/** What processes left that were killed. */
function removeStaleMarks(directory: string): void {
  for (const name of namesIn(directory).filter(isUseMark)) {
    const file = join(directory, name);
    if (readFileIfThere(file) !== "" && ownerOf(file).length === 0) rmSync(file, { force: true });
  }
}

/** Is it a mark of `markCacheUse`? */
export function isUseMark(name: string): boolean {
  return MARK.test(name);
}

/** Running processes that use the cache or fetch into it. */
export function cacheUsers(directory: string): readonly number[] {
  const files = namesIn(directory).flatMap((name) => {
    if (isUseMark(name) || name.endsWith(".lock")) return [join(directory, name)];
    // Locks of what is derived of a set lie inside it.
    return namesIn(join(directory, name)).flatMap((inner) =>
      inner.endsWith(".lock") ? [join(directory, name, inner)] : [],
    );
  });
  return [...new Set(files.flatMap(ownerOf))];
}

function ownerOf(file: string): number[] {
  try {
    const owner = JSON.parse(readFileIfThere(file)) as ProcessIdentity | null;
    return owner !== null && isRunning(owner) ? [owner.pid] : [];
  } catch (error) {
    if (error instanceof SyntaxError) return []; // released meanwhile, or torn by a crash: nobody's
    throw error;
  }
}

/** "" when there is no such file any more. */
function readFileIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return "";
    throw error;
  }
}

/** [] where there is no such folder. */
function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) return [];
    throw error;
  }
}
