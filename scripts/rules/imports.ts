import { posix } from "node:path";
import type { SourceFile, Violation } from "./files.ts";

/** Who may import whom (design, section 1). The first rule whose `from` matches the importing file decides. */
interface ImportRule {
  readonly from: RegExp;
  /** Our own files that it may import. */
  readonly mayImport: RegExp;
  /** May it import Node's modules and packages? */
  readonly outside: boolean;
  readonly why: string;
}

const RULES: readonly ImportRule[] = [
  { from: /^base\//, mayImport: /^base\//, outside: true, why: "base depends on nothing" },
  {
    from: /^generators\/feed\//,
    mayImport: /^(base|generators|kafka)\//,
    outside: true,
    why: "the feeder knows generators and the Kafka client only",
  },
  {
    from: /^generators\//,
    mayImport: /^(base|generators)\//,
    outside: true,
    why: "only generators/feed may use kafka",
  },
  {
    from: /^queries\/.*\/(oracle|trigger)\.ts$/,
    mayImport: /^(base\/|generators\/[^/]+\/model\.ts$|queries\/query\.ts$|queries\/[^/]+\/models?\/)/,
    outside: false,
    why: "an oracle knows generator models only, never the engine",
  },
  {
    from: /^queries\/bettercloud\/model\/json-path\.ts$/,
    mayImport: /^base\//,
    outside: true,
    why: "the one place that knows jsonpath-plus",
  },
  {
    from: /^queries\/(.*\/)?(query|registry)\.ts$/,
    mayImport: /^(base|generators|queries)\//,
    outside: true,
    why: "query definitions do not load the engine",
  },
  {
    from: /^queries\//,
    mayImport: /^(base\/|generators\/[^/]+\/model\.ts$|queries\/|engine\/(dataflow|rows)\/)/,
    outside: false,
    why: "jobs are written in engine/dataflow and engine/rows",
  },
  {
    from: /^engine\/shell\//,
    mayImport: /^(base|engine|kafka)\//,
    outside: true,
    why: "the shell binds the engine to the machine and to kafka",
  },
  {
    from: /^engine\/simulation\//,
    mayImport: /^(base|engine)\/(?!shell\/)/,
    outside: false,
    why: "the simulation does no I/O",
  },
  {
    from: /^engine\//,
    mayImport: /^(base\/|engine\/(?!shell\/|simulation\/))/,
    outside: false,
    why: "the engine's core touches the world through engine/ports.ts only",
  },
  { from: /^kafka\//, mayImport: /^(base|kafka)\//, outside: true, why: "kafka is a client, it knows nobody" },
  { from: /^harness\//, mayImport: /^(base|generators|queries|engine|kafka|harness)\//, outside: true, why: "harness" },
  { from: /^scripts\//, mayImport: /^(base|scripts)\//, outside: true, why: "scripts check the tree from outside" },
  { from: /^test\//, mayImport: /./, outside: true, why: "tests may import everything" },
];

const SPECIFIERS =
  /(?:^|\n)\s*(?:import|export)\s(?:[^"';]*?\sfrom\s)?["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)|new URL\(\s*["']([^"']+\.ts)["']\s*,\s*import\.meta\.url\s*\)/g;

/** Import specifiers of a file with their line numbers. `new URL("x.ts", import.meta.url)` counts: it names an entry point. */
export function importsOf(file: SourceFile): { specifier: string; line: number; entry: boolean }[] {
  const found: { specifier: string; line: number; entry: boolean }[] = [];
  for (const match of file.text.matchAll(SPECIFIERS)) {
    const specifier = match[1] ?? match[2] ?? match[3];
    if (specifier === undefined) continue;
    const at = match.index + match[0].lastIndexOf(specifier);
    const line = file.text.slice(0, at).split("\n").length;
    found.push({ specifier, line, entry: match[3] !== undefined });
  }
  return found;
}

/** Every import that the design forbids. */
export function importViolations(files: readonly SourceFile[]): Violation[] {
  const violations: Violation[] = [];
  for (const file of files) {
    const rule = RULES.find((r) => r.from.test(file.path));
    if (rule === undefined) {
      violations.push({ path: file.path, line: 1, message: "no import rule covers this file" });
      continue;
    }
    for (const { specifier, line, entry } of importsOf(file)) {
      const relative = specifier.startsWith(".");
      if (!relative && !rule.outside) {
        violations.push({ path: file.path, line, message: `imports ${specifier}: ${rule.why}` });
      }
      if (!relative) continue;
      const target = posix.normalize(posix.join(posix.dirname(file.path), specifier));
      if (target.startsWith("harness/") && !/^(harness|test)\//.test(file.path)) {
        violations.push({ path: file.path, line, message: `imports ${target}: nobody imports harness` });
      } else if (!entry && !rule.mayImport.test(target)) {
        violations.push({ path: file.path, line, message: `imports ${target}: ${rule.why}` });
      }
    }
  }
  return violations;
}
