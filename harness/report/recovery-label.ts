import type { RunResult } from "../sweep/model.ts";
import { axisText } from "./format.ts";
import type { RecoveryRow } from "./recovery-rows.ts";

/** `kill worker/1 · q5`, with its variant in front, and the system and the settings that tell cells of the same query and fault apart. */
export function faultLabel({ result, fault }: RecoveryRow, results: readonly RunResult[]): string {
  const name = `${fault.kind} ${fault.target}`;
  const systems = new Set(results.map(({ system }) => system));
  const alike = results.filter(
    ({ query, system, faults }) =>
      query === result.query &&
      system === result.system &&
      faults?.some(({ kind, target }) => kind === fault.kind && target === fault.target),
  );
  const differing = Object.entries(result.run.cell.axes).filter(
    ([path, value]) =>
      path !== "query" &&
      path !== "faults" &&
      path !== "variant" &&
      alike.some(({ run }) => JSON.stringify(run.cell.axes[path]) !== JSON.stringify(value)),
  );
  const { variant } = result.run.cell.axes;
  const parts = [
    ...(variant === undefined ? [] : [axisText(variant)]),
    name,
    result.query,
    ...(systems.size > 1 ? [result.system] : []),
  ];
  return [...parts, ...differing.map(([path, value]) => `${path.split(".").at(-1)} ${axisText(value)}`)].join(" · ");
}
