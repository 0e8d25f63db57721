import { FaultlineError } from "../../base/errors.ts";
import { parseSetValue } from "./document.ts";
import { type Path, parsePath, startsWith, withValue } from "./paths.ts";

/** One `--set path=value`, as typed and as read. */
export interface Override {
  readonly text: string;
  readonly path: Path;
  readonly value: unknown;
}

/** Reads the `--set` options. Throws `usage` for one that is no `path=value`. */
export function parseOverrides(texts: readonly string[]): Override[] {
  return texts.map((text) => {
    const equals = text.indexOf("=");
    const name = text.slice(0, equals).trim();
    if (equals <= 0 || name === "") {
      throw new FaultlineError("usage", `--set ${text}: expected path=value`, {
        hint: "For example --set load.rate=5k/s",
      });
    }
    // The key of an axis is itself a path: `sweep.load.rate=[1k/s, 2k/s]`.
    const path = name.startsWith("sweep.") ? ["sweep", name.slice("sweep.".length)] : parsePath(name);
    return { text, path, value: parseSetValue(text.slice(equals + 1), `--set ${text}`) };
  });
}

/** The raw config with the overrides applied in order. Setting the path of an axis fixes it: the axis is gone. */
export function applyOverrides(
  raw: Readonly<Record<string, unknown>>,
  overrides: readonly Override[],
): Record<string, unknown> {
  let result: unknown = raw;
  for (const { path, value } of overrides) {
    result = withValue(result, path, value);
    if (path[0] !== "sweep") result = withoutAxis(result as Record<string, unknown>, path.join("."));
  }
  return result as Record<string, unknown>;
}

function withoutAxis(raw: Record<string, unknown>, axis: string): Record<string, unknown> {
  const { sweep } = raw;
  if (typeof sweep !== "object" || sweep === null || Array.isArray(sweep) || !Object.hasOwn(sweep, axis)) return raw;
  const { [axis]: _fixed, ...rest } = sweep as Record<string, unknown>;
  return { ...raw, sweep: rest };
}

/** The last override that wrote at or above `path`. */
export function overrideAt(overrides: readonly Override[], path: Path): Override | undefined {
  return overrides.findLast((override) => startsWith(path, override.path) || startsWith(override.path, path));
}
