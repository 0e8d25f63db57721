import { isDeepStrictEqual } from "node:util";
import { isVariantAxis, variantName, variantSettings } from "../../config/variants.ts";
import type { Provenance } from "../../sweep/provenance.ts";
import type { Side, SideCell } from "./side.ts";

export const DIFFERENCE_KINDS = ["config", "rate", "version", "machine", "cells"] as const;
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number];

/** Something in which two campaigns are not alike. */
export interface Difference {
  readonly kind: DifferenceKind;
  /** Setting, fact or cell. */
  readonly what: string;
  readonly a: string;
  readonly b: string;
}

/** Settings that decide how often and in which order is measured, or what it is called, and not what. */
const OWN = /^(name|description|repetitions|seed)(\.|$)/;
const RATE = /^load(\.|$)/;
const GIB = 2 ** 30;
export const ABSENT = "not there";

/**
 * All in which two sides differ and should not: resolved settings of their common cells (but the chosen axes), versions, machine, cells that
 * one side lacks. The commit is no difference: that is what is compared.
 */
export function differencesBetween(a: Side, b: Side): readonly Difference[] {
  const isSame = a.campaign.folder === b.campaign.folder;
  const isWrittenAlike = a.campaign.manifest.configHash === b.campaign.manifest.configHash;
  const chosen = new Set([...chosenSettings(a), ...chosenSettings(b)]);
  const found = [
    ...cellDifferences(a, b),
    ...[...a.cells].flatMap(([key, cell]) => {
      const other = b.cells.get(key);
      return other === undefined
        ? []
        : [...settingDifferences(cell, other, chosen, isWrittenAlike), ...rateDifference(cell, other)];
    }),
    ...(isSame ? [] : provenanceDifferences(a.campaign.manifest.provenance, b.campaign.manifest.provenance)),
  ];
  // The same setting differs in many cells: it is told once.
  return [...new Map(found.map((difference) => [JSON.stringify(difference), difference])).values()];
}

/** Paths that the chosen axes set: of a variant those that are coupled in it. */
function chosenSettings({ campaign, chosen }: Side): readonly string[] {
  return Object.entries(chosen).flatMap(([axis, value]) => {
    if (!isVariantAxis(axis)) return [axis];
    const variants = campaign.manifest.axes.find(({ name }) => name === axis)?.values ?? [];
    const own = variants.filter((variant) => variantName(variant) === value);
    return own.flatMap((variant) => variantSettings(variant).map(([path]) => path));
  });
}

function cellDifferences(a: Side, b: Side): Difference[] {
  const lacking = (from: Side, other: Side) => [...from.cells.values()].filter(({ key }) => !other.cells.has(key));
  return [
    ...lacking(a, b).map(({ label }) => ({ kind: "cells" as const, what: label, a: "there", b: "missing" })),
    ...lacking(b, a).map(({ label }) => ({ kind: "cells" as const, what: label, a: "missing", b: "there" })),
  ];
}

/** `isWrittenAlike`: then a setting that one side does not have is a later version's default, and no difference. */
function settingDifferences(
  a: SideCell,
  b: SideCell,
  chosen: ReadonlySet<string>,
  isWrittenAlike: boolean,
): Difference[] {
  const isChosen = (path: string) => [...chosen].some((axis) => path === axis || path.startsWith(`${axis}.`));
  return differingPaths(a.config, b.config)
    .filter(({ what }) => !OWN.test(what) && !isChosen(what))
    .filter((found) => !(isWrittenAlike && (found.a === ABSENT || found.b === ABSENT)))
    .map((difference) => ({ kind: RATE.test(difference.what) ? "rate" : "config", ...difference }));
}

type Paths = readonly { readonly what: string; readonly a: string; readonly b: string }[];

/** Settings in which two resolved configs differ, by path; a setting that only one has is one. */
export function differingPaths(a: unknown, b: unknown, path = ""): Paths {
  if (isMapping(a) && isMapping(b)) {
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    return keys.flatMap((key) => differingPaths(a[key], b[key], path === "" ? key : `${path}.${key}`));
  }
  return isDeepStrictEqual(a, b) ? [] : [{ what: path, a: shown(a), b: shown(b) }];
}

/** The rate that was really offered: 1 % is more than a schedule of whole events can differ by. */
function rateDifference(a: SideCell, b: SideCell): Difference[] {
  const rateOf = ({ runs }: SideCell) => runs.find(({ state }) => state === "valid")?.offeredPerSecond ?? null;
  const [x, y] = [rateOf(a), rateOf(b)];
  if (x === null || y === null || Math.abs(x - y) <= 0.01 * Math.max(x, y)) return [];
  return [{ kind: "rate", what: `offered rate of ${a.label || "the cell"}`, a: `${x}/s`, b: `${y}/s` }];
}

function provenanceDifferences(a: Provenance, b: Provenance): Difference[] {
  const facts = (p: Provenance) => ({
    version: { faultline: p.faultline, node: p.node, java: p.java, kafka: p.kafka, zookeeper: p.zookeeper ?? null },
    machine: {
      CPU: p.cpuModel,
      cores: p.cores,
      "memory, GiB": Math.round(p.memoryBytes / GIB),
      kernel: p.kernel,
      "clock source": p.clockSource,
    },
  });
  const [x, y] = [facts(a), facts(b)];
  return [
    ...differingPaths(x.version, y.version).map((difference) => ({ kind: "version" as const, ...difference })),
    ...differingPaths(x.machine, y.machine).map((difference) => ({ kind: "machine" as const, ...difference })),
  ];
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  return value === undefined ? ABSENT : typeof value === "string" ? value : JSON.stringify(value);
}
