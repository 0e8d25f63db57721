import type { SourceFile, Violation } from "./files.ts";

const MAX_LINES = 250;
const MAX_TEST_LINES = 400;

/** Calls that only the modules that inject them may make; everybody else is given what they need. */
interface BannedCall {
  readonly call: RegExp;
  readonly allowed: RegExp;
  readonly instead: string;
}

const BANNED: readonly BannedCall[] = [
  { call: /\bDate\.now\(|\bnew Date\(\)/, allowed: /^base\/clock\.ts$/, instead: "wallClockMs of base/clock.ts" },
  { call: /\bperformance\.now\(|\bhrtime\b/, allowed: /^base\/clock\.ts$|^test\/bench\//, instead: "base/clock.ts" },
  {
    call: /\bMath\.random\(/,
    // The user's job that replication must catch at being no function of its input.
    allowed: /^test\/integration\/replication\/fixtures\/dice\.ts$/,
    instead: "Random of base/random.ts with a seed",
  },
  {
    call: /\bset(Timeout|Interval|Immediate)\(/,
    allowed: /^(engine\/shell|kafka|harness|generators\/feed)\/|^test\/(bench|integration|services|kafka)\//,
    instead: "the injected timers",
  },
  {
    call: /\bprocess\.exit\(/,
    allowed: /(^|[/-])main\.ts$|^harness\/cli\/exit\.ts$|^harness\/services\/guard-process\.ts$|^test\/.*fixtures?\//,
    instead: "an error with an exit code",
  },
  { call: /\bconsole\./, allowed: /^scripts\/|^test\/bench\/|^test\/.*fixtures?\//, instead: "the injected output" },
];

const LEFTOVER = /\b(TODO|FIXME|XXX|HACK)\b/;

/** File length, banned calls, leftover marks. Tests may call what they test with; benchmarks may time and print. */
export function tidyViolations(files: readonly SourceFile[]): Violation[] {
  return files.flatMap((file) => [...lengthViolations(file), ...lineViolations(file)]);
}

function lengthViolations(file: SourceFile): Violation[] {
  const lines = file.text.split("\n").length - 1;
  const most = file.path.startsWith("test/") ? MAX_TEST_LINES : MAX_LINES;
  return lines <= most ? [] : [{ path: file.path, line: most, message: `${lines} lines, at most ${most}: split it` }];
}

function lineViolations(file: SourceFile): Violation[] {
  if (file.path.startsWith("scripts/rules/") || file.path.startsWith("test/rules/")) return [];
  const violations: Violation[] = [];
  file.text.split("\n").forEach((text, index) => {
    const code = text.replace(/^\s*(\/\/|\*|\/\*).*$/, "").replace(/\s\/\/ .*$/, "");
    for (const { call, allowed, instead } of BANNED) {
      if (call.test(code) && !allowed.test(file.path)) {
        violations.push({
          path: file.path,
          line: index + 1,
          message: `${call.exec(code)?.[0]} is banned here: use ${instead}`,
        });
      }
    }
    if (LEFTOVER.test(text))
      violations.push({ path: file.path, line: index + 1, message: "a leftover mark: finish it or file an issue" });
  });
  return violations;
}
