import { readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(import.meta.dirname, "../../golden/nexmark");

/** A golden file as bytes. */
export function goldenBytes(name: string): Buffer {
  return readFileSync(join(FOLDER, name));
}

/** A golden file as JSON; the caller names its shape. */
export function goldenJson<T>(name: string): T {
  return JSON.parse(goldenBytes(name).toString("utf8")) as T;
}
