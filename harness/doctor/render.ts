import { formatCount, formatSpan } from "../cli/progress/format.ts";
import { formatBytes } from "../cli/progress/format-bytes.ts";
import type { Style } from "../cli/progress/style.ts";
import { type CheckResult, canRun } from "./check.ts";
import type { Diagnosis } from "./doctor.ts";

/** One line a check, and below it what a missing thing costs; at the end what the campaign needs and whether it can run. */
export function diagnosisText({ results, needs }: Diagnosis, style: Style): string {
  const width = results.reduce((most, { title }) => Math.max(most, [...title].length), 0);
  const lines = results.flatMap((result) => {
    const found = `${stateText(result, style)}  ${result.title.padEnd(width)}  ${result.found}`;
    return result.cost === undefined ? [found] : [found, `               ${result.cost}`];
  });
  const campaign =
    needs === null
      ? []
      : [
          `campaign: ${needs.runs} runs, ${formatCount(needs.events)} events, about ${formatSpan(needs.estimatedMs)}; ` +
            `about ${formatBytes(needs.resultsBytes)} of results and ${formatBytes(needs.temporaryBytes)} of temporary data`,
        ];
  const blocking = results.filter(({ required, state }) => required && state === "missing");
  const verdict = canRun(results)
    ? style.good("a sweep can run here")
    : style.bad(`a sweep cannot run here: ${blocking.map(({ title }) => title).join(", ")}`);
  return `${[...lines, ...campaign, verdict].join("\n")}\n`;
}

function stateText({ state, required }: CheckResult, style: Style): string {
  switch (state) {
    case "ok":
      return style.good("ok         ");
    case "missing":
      return (required ? style.bad : style.warn)("missing    ");
    case "unknown":
      return style.dim("cannot tell");
  }
}
