import { lstat, realpath } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import { benchLine } from "../../base/command-line.ts";
import { FaultlineError, systemCode } from "../../base/errors.ts";

/** Longer paths are no files of ours. */
const MOST_LENGTH = 1_024;
/** What a path that leads nowhere is answered with by the file system. */
const NOWHERE = ["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG", "EACCES", "EPERM"];

/** The folder to be served, free of symbolic links. Throws `results-unreadable` when there is none. */
export async function resultsRoot(directory: string): Promise<string> {
  let what = `there is no folder ${directory}`;
  try {
    const root = await realpath(directory);
    if ((await lstat(root)).isDirectory()) return root;
    what = `${directory} is a file`;
  } catch (error) {
    if (!NOWHERE.includes(systemCode(error) ?? "")) throw error;
  }
  throw new FaultlineError("results-unreadable", what, {
    hint: `Give the folder that holds results folders: ${benchLine`serve DIR`}. A first sweep makes reports/.`,
  });
}

/** Something below the served folder. */
export interface Inside {
  /** With `/` between names; "" is the served folder itself. */
  readonly path: string;
  /** Where it really is, symbolic links followed. */
  readonly absolute: string;
}

/**
 * What a path of a request (already decoded, once) names below `root`, or null: it leads nowhere, out of it (by `..`, as an absolute path or
 * through a symbolic link), or to a hidden file. `root` as from `resultsRoot`.
 */
export async function insideOf(root: string, requested: string): Promise<Inside | null> {
  if (requested.length > MOST_LENGTH || /[\0\\]/.test(requested)) return null;
  const names = requested.split("/").filter((name) => name !== "");
  // "." and ".." are hidden, too.
  if (names.some(isHidden)) return null;
  try {
    const absolute = await realpath(join(root, ...names));
    const really = relative(root, absolute);
    if (isAbsolute(really) || really.split(sep).some(isHidden)) return null;
    return { path: names.join("/"), absolute };
  } catch (error) {
    if (NOWHERE.includes(systemCode(error) ?? "")) return null;
    throw error;
  }
}

export function isHidden(name: string): boolean {
  return name.startsWith(".");
}
