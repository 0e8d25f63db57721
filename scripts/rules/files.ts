import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

export interface SourceFile {
  /** Path from the repository's root, with `/`. */
  readonly path: string;
  readonly text: string;
}

export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

const SOURCE_FOLDERS = ["base", "generators", "queries", "engine", "kafka", "harness", "scripts", "test"];

/** All TypeScript files of ours below `root`. */
export function sourceFiles(root: string): SourceFile[] {
  const files: SourceFile[] = [];
  for (const folder of SOURCE_FOLDERS) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith(".ts")) continue;
      const absolute = join(entry.parentPath, entry.name);
      files.push({ path: relative(root, absolute).replaceAll("\\", "/"), text: readFileSync(absolute, "utf8") });
    }
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function formatViolation(v: Violation): string {
  return `${v.path}:${v.line} ${v.message}`;
}
