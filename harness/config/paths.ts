/** Path of a setting: keys, and indexes of lists. */
export type Path = readonly (string | number)[];

/** `load.steps.0.rate` → `["load", "steps", 0, "rate"]`. */
export function parsePath(text: string): Path {
  return text.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

export function formatPath(path: Path): string {
  return path.join(".");
}

type Container = Record<string | number, unknown>;

function isContainer(value: unknown): value is Container {
  return typeof value === "object" && value !== null;
}

/** The value at `path`, or undefined. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const key of path) {
    if (!isContainer(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/** A copy of `root` with `value` at `path`; missing containers on the way are made, other values on the way are replaced. */
export function withValue(root: unknown, path: Path, value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const copy: Container = Array.isArray(root)
    ? ([...root] as unknown as Container)
    : isContainer(root)
      ? { ...root }
      : {};
  const next = withValue(copy[key], rest, value);
  // A defined property, so that a key like `__proto__` stays a key and is refused as unknown.
  Object.defineProperty(copy, key, { value: next, enumerable: true, writable: true, configurable: true });
  return copy;
}

/** Does `path` begin with `prefix`? */
export function startsWith(path: Path, prefix: Path): boolean {
  return prefix.length <= path.length && prefix.every((key, i) => String(key) === String(path[i]));
}

/** Freezes a tree of plain data and returns it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}
