import type { Cell } from "../sweep/model.ts";
import { type Path, parsePath, valueAt, withValue } from "./paths.ts";
import { parseRate } from "./units.ts";
import { isVariantAxis, variantName, variantSettings } from "./variants.ts";

export interface Axis {
  /** Path as written: `load.rate`; or `variant`, whose values are named groups of settings. */
  readonly name: string;
  readonly values: readonly unknown[];
}

/** One setting that a value of an axis makes. */
export interface AxisSetting {
  readonly path: Path;
  readonly value: unknown;
  /** Where it is written. */
  readonly at: Path;
}

/** What one value of an axis sets: one setting, or those of a variant. */
export function axisSettings({ name, values }: Axis, index: number): readonly AxisSetting[] {
  const at = ["sweep", name, index];
  if (!isVariantAxis(name)) return [{ path: parsePath(name), value: values[index], at }];
  return variantSettings(values[index]).map(([path, value]) => ({ path: parsePath(path), value, at: [...at, path] }));
}

/** All paths that an axis sets, whatever its value. */
export function axisPaths(axis: Axis): readonly Path[] {
  return axis.values.flatMap((_, index) => axisSettings(axis, index).map(({ path }) => path));
}

export const MAX_CELLS = 10_000;

/** Settings that belong to the whole sweep and cannot differ between its cells. */
const NOT_AN_AXIS = ["name", "description", "sweep", "repetitions", "seed", "kafka", "canary"];

/** Why this path cannot be an axis, or null. */
export function axisRefusal(name: string): string | null {
  const first = name.split(".")[0]!;
  return NOT_AN_AXIS.includes(first) ? `${first} belongs to the whole sweep and cannot be an axis` : null;
}

/** Axes of a raw config in the order written; [] unless `sweep` is a mapping of non-empty lists. */
export function axesOf(raw: Readonly<Record<string, unknown>>): Axis[] {
  const { sweep } = raw;
  if (typeof sweep !== "object" || sweep === null || Array.isArray(sweep)) return [];
  return Object.entries(sweep).flatMap(([name, values]) =>
    Array.isArray(values) && values.length > 0 ? [{ name, values }] : [],
  );
}

export function cellCount(axes: readonly Axis[]): number {
  return axes.reduce((product, axis) => product * axis.values.length, 1);
}

/** The raw config with one value of each axis in place. */
export function withAxisValues(
  raw: Readonly<Record<string, unknown>>,
  axes: readonly Axis[],
  indexes: readonly number[],
): Record<string, unknown> {
  let result: unknown = raw;
  axes.forEach((axis, i) => {
    for (const { path, value } of axisSettings(axis, indexes[i]!)) result = withValue(result, path, value);
  });
  return result as Record<string, unknown>;
}

/** Every combination of value indexes; the last axis varies fastest. */
function combinations(axes: readonly Axis[]): number[][] {
  return axes.reduce<number[][]>(
    (prefixes, axis) => prefixes.flatMap((prefix) => axis.values.map((_, index) => [...prefix, index])),
    [[]],
  );
}

/** A cell, and which value of each axis makes it. */
export interface BuiltCell {
  readonly cell: Cell;
  readonly indexes: readonly number[];
}

/** The cells of the product, with unique ids that are safe as file and topic names. */
export function buildCells(raw: Readonly<Record<string, unknown>>, axes: readonly Axis[]): BuiltCell[] {
  const labels = shortNames(axes.map((axis) => axis.name));
  const taken = new Map<string, number>();
  return combinations(axes).map((indexes) => {
    const written = withAxisValues(raw, axes, indexes);
    const parts = [slug(valueAt(written, ["query"]))];
    axes.forEach((axis, i) => {
      const value = slug(axis.values[indexes[i]!]);
      if (axis.name !== "query") parts.push(isVariantAxis(axis.name) ? value : `${labels[i]!}-${value}`);
    });
    const id = parts.join("-").slice(0, 100);
    const seen = taken.get(id) ?? 0;
    taken.set(id, seen + 1);
    const axesOfCell = Object.fromEntries(axes.map((axis, i) => [axis.name, shownValue(axis, indexes[i]!)]));
    return { cell: { id: seen === 0 ? id : `${id}.${seen + 1}`, axes: axesOfCell }, indexes };
  });
}

/** A value as it stands in results: of a variant its name. */
function shownValue({ name, values }: Axis, index: number): unknown {
  return isVariantAxis(name) ? variantName(values[index]) : values[index];
}

/** Last segment of each path; the whole path where that is not unique. */
function shortNames(names: readonly string[]): string[] {
  const last = names.map((name) => name.split(".").at(-1)!);
  return names.map((name, i) => slug(last.filter((other) => other === last[i]).length > 1 ? name : last[i]));
}

function slug(value: unknown): string {
  const rate = typeof value === "string" && value.includes("/") ? parseRate(value) : null;
  if (rate?.ok) return String(rate.value);
  const named = Array.isArray(value) ? value.map((item) => slug(item)).join("-") || "none" : nameOf(value);
  const text = typeof named === "string" ? named : (JSON.stringify(named) ?? "none");
  const safe = text.replace(/[^A-Za-z0-9.]+/g, "-").replace(/^-+|-+$/g, "");
  return safe === "" ? "x" : safe;
}

/** A mapping goes by its name, or by its kind: a system of the user's own, a fault; a load by its shape. */
function nameOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { name, kind, shape } = value as Readonly<Record<string, unknown>>;
  return name ?? kind ?? shape ?? value;
}
