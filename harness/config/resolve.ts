import { createHash } from "node:crypto";
import { basename } from "node:path";
import { benchLine } from "../../base/command-line.ts";
import type { Cell } from "../sweep/model.ts";
import {
  type Axis,
  axesOf,
  axisPaths,
  axisRefusal,
  axisSettings,
  buildCells,
  cellCount,
  MAX_CELLS,
  withAxisValues,
} from "./axes.ts";
import { canaryCell } from "./canary.ts";
import { crossCheck, type QueryCatalog } from "./cross-checks.ts";
import type { ConfigDocument } from "./document.ts";
import { applyOverrides, type Override, overrideAt } from "./overrides.ts";
import { deepFreeze, type Path, startsWith, valueAt } from "./paths.ts";
import { configError, type LocatedProblem, locateProblem, type Problem, problemAt, problemsOf } from "./problems.ts";
import { type Config, configSchema } from "./schema.ts";
import { shown } from "./shown.ts";
import { embedTrace, type ReadTrace } from "./trace.ts";
import { checkVariants, isVariantAxis, variantName } from "./variants.ts";

/** A config with its axes, checked as a whole. */
export interface ResolvedSweep {
  readonly document: ConfigDocument;
  readonly overrides: readonly string[];
  /** The first cell's config: what belongs to the whole sweep (name, seed, repetitions, kafka) is read here. */
  readonly config: Config;
  readonly axes: readonly Axis[];
  readonly cells: readonly ResolvedCell[];
  /** SHA-256 over what is written of every cell's config, units resolved: a default that a later version adds changes nothing. */
  readonly hash: string;
}

export interface ResolvedCell {
  readonly cell: Cell;
  readonly config: Config;
}

/** Checks everything and resolves every cell, traces included. Throws one `config-invalid` that lists all problems. */
export function resolveSweep(
  document: ConfigDocument,
  overrides: readonly Override[],
  catalog: QueryCatalog,
  readTrace: ReadTrace = () => "there is no file to read here",
): ResolvedSweep {
  const raw = applyOverrides(document.raw, overrides);
  const axes = axesOf(raw);
  const source: Source = { document, overrides, axes };
  refuse(source, [...checkAxes(source, raw), ...checkValues(source, raw)]);

  const place = (cell: Cell, writtenOfCell: Record<string, unknown>, choice: PlacedCell["choice"]): PlacedCell => {
    const embedded = embedTrace(toConfig(configSchema.parse(writtenOfCell), document.file), readTrace);
    return { cell, choice, written: writtenOfCell, ...embedded };
  };
  const placed = buildCells(raw, axes).map(({ cell, indexes }) =>
    place(cell, withAxisValues(raw, axes, indexes), { axes, indexes }),
  );
  const canary = canaryCell(raw);
  if (canary !== null) placed.push(place(CANARY, canary, { axes: [], indexes: [] }));
  refuse(source, checkCells(source, placed, catalog));
  const cells = placed.map(({ cell, config }) => ({ cell, config }));
  return deepFreeze({
    document,
    overrides: overrides.map((override) => override.text),
    config: cells[0]!.config,
    axes,
    cells,
    hash: configHash(placed.map((one) => [one.cell, written(one.config, one.written)])),
  });
}

interface Source {
  readonly document: ConfigDocument;
  readonly overrides: readonly Override[];
  readonly axes: readonly Axis[];
}

function refuse(source: Source, problems: readonly LocatedProblem[]): void {
  const seen = new Set<string>();
  const distinct = problems.filter((problem) => {
    const key = JSON.stringify([problem.where, problem.path, problem.message]);
    return !seen.has(key) && seen.add(key);
  });
  if (distinct.length > 0) throw configError(source.document.file, distinct);
}

function checkAxes(source: Source, raw: Record<string, unknown>): LocatedProblem[] {
  const problems = source.axes.flatMap((axis) => {
    if (isVariantAxis(axis.name)) return variantProblems(source, axis);
    const refusal = axisRefusal(axis.name);
    return refusal === null ? [] : [locate(source, problemAt(["sweep", axis.name], refusal))];
  });
  // The schema's record passes over this one key in silence.
  if (isMapping(raw.sweep) && Object.hasOwn(raw.sweep, "__proto__")) {
    problems.push(locate(source, problemAt(["sweep", "__proto__"], 'unknown setting "__proto__"')));
  }
  const count = cellCount(source.axes);
  if (count > MAX_CELLS) {
    problems.push(
      locate(source, problemAt(["sweep"], `${count} cells are more than ${MAX_CELLS}`, "use fewer values")),
    );
  }
  return problems;
}

function variantProblems(source: Source, axis: Axis): LocatedProblem[] {
  const others = source.axes.flatMap(({ name }) => (isVariantAxis(name) ? [] : [name]));
  const own = checkVariants(axis.values, others, axisRefusal).map((problem) => locate(source, problem));
  // It would have no effect, and a variant that it changed would no longer be what it is called.
  const fixed = source.overrides.filter(({ path }) => {
    return axisPaths(axis).some((one) => startsWith(path, one) || startsWith(one, path));
  });
  const hint = `choose a variant with ${benchLine`run --cell`}, or give others with --set 'sweep.variant=[{name: …}]'`;
  const overridden = fixed.map(({ path }) => locate(source, problemAt(path, "the variants of the sweep set it", hint)));
  return [...own, ...overridden];
}

function isMapping(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** The base with the first value of every axis, then each further value alone. */
function checkValues(source: Source, raw: Record<string, unknown>): LocatedProblem[] {
  const usable = source.axes.filter((axis) => isVariantAxis(axis.name) || axisRefusal(axis.name) === null);
  const first = usable.map(() => 0);
  const base = parseProblems(withAxisValues(raw, usable, first));
  const known = new Set(base.map((problem) => JSON.stringify(problem)));
  const located = [
    ...hiddenProblems(source, raw),
    ...base.map((problem) => locate(source, problem, { axes: usable, indexes: first })),
  ];
  usable.forEach((axis, a) => {
    for (let v = 1; v < axis.values.length; v++) {
      const indexes = first.with(a, v);
      for (const problem of parseProblems(withAxisValues(raw, usable, indexes))) {
        if (known.has(JSON.stringify(problem))) continue;
        located.push(locate(source, problem, { axes: usable, indexes }));
      }
    }
  });
  return located;
}

/** What is written where an axis goes before it has no effect, but a slip there is told all the same. */
function hiddenProblems(source: Source, raw: Record<string, unknown>): LocatedProblem[] {
  if (source.axes.length === 0) return [];
  const paths = source.axes.flatMap(axisPaths);
  return parseProblems(raw)
    .filter(({ path }) => paths.some((axis) => startsWith(path, axis)) && valueAt(raw, path) !== undefined)
    .map((problem) => locate(source, problem));
}

function parseProblems(written: Record<string, unknown>): Problem[] {
  const result = configSchema.safeParse(written);
  return result.success ? [] : problemsOf(result.error.issues, written, configSchema);
}

interface PlacedCell extends ResolvedCell {
  /** Which values of which axes make it. */
  readonly choice: { readonly axes: readonly Axis[]; readonly indexes: readonly number[] };
  readonly written: Record<string, unknown>;
  /** Of its trace; then nothing else is checked. */
  readonly problems: readonly Problem[];
}

const CANARY: Cell = { id: "canary", axes: {}, canary: true };

/** Rules between settings, for every cell; equal problems are told once, with the first cell's name. */
function checkCells(source: Source, cells: readonly PlacedCell[], catalog: QueryCatalog): LocatedProblem[] {
  const found = new Map<string, { problem: Problem; index: number; count: number }>();
  cells.forEach(({ config, problems }, index) => {
    for (const problem of problems.length > 0 ? problems : crossCheck(config, catalog)) {
      const key = JSON.stringify(problem);
      const known = found.get(key);
      if (known === undefined) found.set(key, { problem, index, count: 1 });
      else known.count += 1;
    }
  });
  return [...found.values()].map(({ problem, index, count }) => {
    const located = locate(source, problem, cells[index]!.choice);
    if (source.axes.length === 0) return located;
    const others = count === 1 ? "" : ` and ${count - 1} more`;
    return { ...located, message: `${located.message}, in cell ${cells[index]!.cell.id}${others}` };
  });
}

/** The place of a problem: an axis value, a `--set`, or the text. */
function locate(
  source: Source,
  problem: Problem,
  choice: { readonly axes: readonly Axis[]; readonly indexes: readonly number[] } = { axes: [], indexes: [] },
): LocatedProblem {
  for (const [a, axis] of choice.axes.entries()) {
    const index = choice.indexes[a]!;
    const setting = axisSettings(axis, index).find(({ path }) => startsWith(problem.path, path));
    if (setting === undefined) continue;
    const value = axis.values[index];
    const whose = isVariantAxis(axis.name)
      ? `in the variant ${shown(variantName(value))}`
      : `as value ${JSON.stringify(value)} of the axis ${axis.name}`;
    return locateProblem({ ...problem, message: `${problem.message}, ${whose}` }, whereWritten(source, setting.at));
  }
  return locateProblem(problem, whereWritten(source, problem.path));
}

function whereWritten(source: Source, path: Path): string {
  const override = overrideAt(source.overrides, path);
  return override === undefined ? source.document.locate(path) : `--set ${override.text}:`;
}

function toConfig(parsed: ReturnType<typeof configSchema.parse>, file: string): Config {
  const { sweep: _axes, name, ...settings } = parsed;
  const fallback = basename(file)
    .replace(/\.[^.]*$/, "")
    .replace(/[^A-Za-z0-9._-]+/g, "-");
  return { ...settings, name: name ?? (fallback === "" ? "sweep" : fallback) } as Config;
}

function configHash(cells: readonly unknown[]): string {
  return createHash("sha256").update(canonicalJson(cells)).digest("hex");
}

/** Of a resolved value what was written of it: defaults are left out. */
function written(resolved: unknown, source: unknown): unknown {
  if (!isMapping(resolved) || !isMapping(source)) return resolved;
  if (Array.isArray(resolved)) return resolved.map((item, i) => written(item, (source as readonly unknown[])[i]));
  const inner = source as Readonly<Record<string, unknown>>;
  const own = Object.entries(resolved).filter(([key]) => Object.hasOwn(inner, key));
  return Object.fromEntries(own.map(([key, value]) => [key, written(value, inner[key])]));
}

/** JSON with sorted keys, so that the order of writing does not matter. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
