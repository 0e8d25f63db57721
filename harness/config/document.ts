import { isCollection, isMap, isScalar, isSeq, LineCounter, type Node, parse, parseDocument } from "yaml";
import { FaultlineError } from "../../base/errors.ts";
import type { Path } from "./paths.ts";
import { clipped, printable } from "./shown.ts";

const MOST_ALIASES = 100;
const MOST_ERRORS = 20;

/** A config as written: its plain data, and where in the text each setting stands. */
export interface ConfigDocument {
  readonly file: string;
  readonly text: string;
  readonly raw: Readonly<Record<string, unknown>>;
  /** `file:line:col` of the key at `path`, or of the nearest written ancestor. */
  locate(path: Path): string;
}

/** Parses YAML (JSON is a part of it). Throws `config-invalid` with all syntax errors. */
export function parseConfigDocument(text: string, file: string): ConfigDocument {
  const lines = new LineCounter();
  const place = `${file}:1:1`;
  const options = { lineCounter: lines, prettyErrors: false, logLevel: "error" } as const;
  const document = guarded(place, () => parseDocument(text, options));
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  // Of an unknown tag the parser only warns, and then takes the value for text.
  const errors = [...document.errors, ...document.warnings];
  if (errors.length > 0) {
    const problems = errors
      .slice(0, MOST_ERRORS)
      .map((error) => `${at(error.pos[0])}: ${clipped(printable(error.message), 300)}`);
    throw new FaultlineError("config-invalid", `not valid YAML:\n  ${problems.join("\n  ")}`, {
      context: { problems },
      hint: problems.some((problem) => /\btabs?\b/i.test(problem))
        ? "Indent with spaces: YAML permits no tabs there."
        : "Check indentation, colons and quotes at these places.",
    });
  }
  const raw: unknown = guarded(place, () => document.toJS({ maxAliasCount: MOST_ALIASES }));
  if (raw !== null && (typeof raw !== "object" || Array.isArray(raw))) {
    throw new FaultlineError("config-invalid", `${file}:1:1: a config is a mapping of settings`, {
      hint: "Start with `query: q0`; configs/smoke.yaml is a complete example.",
    });
  }
  return {
    file,
    text,
    raw: (raw ?? {}) as Record<string, unknown>,
    locate: (path) => at(offsetOf(document.contents, path)),
  };
}

/** A value of `--set`: a YAML scalar, list or mapping. */
export function parseSetValue(text: string, what: string): unknown {
  return guarded(what, () => parse(text, { maxAliasCount: MOST_ALIASES, logLevel: "error" }) as unknown);
}

/** What the parser throws is the text's fault: aliases without end, more levels than the stack holds, a key that is a list. */
function guarded<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const tooDeep = error instanceof RangeError;
    const reason = tooDeep ? "too many levels" : error instanceof Error ? error.message : String(error);
    throw new FaultlineError("config-invalid", `${place}: ${clipped(printable(reason), 300)}`, {
      hint: "A config is a plain mapping of settings, a few levels deep.",
      cause: error,
    });
  }
}

function offsetOf(root: Node | null, path: Path): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
      if (pair === undefined) return offset;
      if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(key)];
      if (item === undefined) return offset;
      if (isScalar(item) || isCollection(item)) offset = item.range?.[0] ?? offset;
      node = item;
    } else {
      return offset;
    }
  }
  return offset;
}
