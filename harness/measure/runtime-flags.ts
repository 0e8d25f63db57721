import { join } from "node:path";
import { entryUrl } from "../services/entry-point.ts";

/** What a Node program of ours is started with so that it reports of itself to `file` (runtime-probe.ts). Nothing for null. */
export function runtimeFlags(
  role: string,
  file: string | null,
): { readonly nodeFlags: readonly string[]; readonly env: Readonly<Record<string, string>> } {
  if (file === null) return { nodeFlags: [], env: {} };
  const preload = entryUrl(import.meta.url, "./runtime-preload");
  return { nodeFlags: ["--import", preload], env: { FAULTLINE_RUNTIME: JSON.stringify({ role, file }) } };
}

/** Where the processes of a run report of themselves. */
export function runtimeFile(rawDirectory: string): string {
  return join(rawDirectory, "runtime.jsonl");
}
