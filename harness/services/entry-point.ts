import { extname } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Path of a program beside the importer, like `./guard-process`: with the importer's own extension, because sources run
 * as `.ts` and an installed package as `.js`.
 */
export function entryPoint(importerUrl: string, relativePath: string): string {
  return fileURLToPath(new URL(`${relativePath}${extname(fileURLToPath(importerUrl))}`, importerUrl));
}

const NOT_INHERITED = /^(--test|--watch|--inspect|--eval|-e$|--print|-p$|--input-type|--cpu-prof|--heap-prof)/;

/** Node's own flags of this process that a child Node needs too. */
export function inheritedNodeFlags(): string[] {
  return process.execArgv.filter((flag) => !NOT_INHERITED.test(flag));
}

/** As `entryPoint`, for a module that is imported somewhere else. */
export function entryUrl(importerUrl: string, relativePath: string): string {
  return new URL(`${relativePath}${extname(fileURLToPath(importerUrl))}`, importerUrl).href;
}
