import type { RunAnalysis } from "../../analyze/analyze-run.ts";
import type { OperatorLoad } from "../../analyze/tasks/task-series.ts";
import { integer, rate } from "../format.ts";
import { html, type Markup, table } from "./markup.ts";

/** How busy the operators of a run were, and what held them up; null where the system does not tell of its tasks. */
export function operatorTable({ operators, result }: RunAnalysis): Markup | null {
  if (operators.length === 0) return null;
  const share = (value: number) => `${(100 * value).toFixed(1)} %`;
  return html`${table<OperatorLoad>(
    [
      { title: "operator", cell: ({ vertex }) => vertex },
      { title: "tasks", numeric: true, cell: ({ tasks }) => integer(tasks) },
      { title: "rows in", numeric: true, cell: ({ recordsInPerSecond }) => rate(recordsInPerSecond) },
      { title: "rows out", numeric: true, cell: ({ recordsOutPerSecond }) => rate(recordsOutPerSecond) },
      { title: "busy", numeric: true, cell: ({ busyShare }) => share(busyShare) },
      { title: "back-pressured", numeric: true, cell: ({ blockedShare }) => share(blockedShare) },
    ],
    operators,
    "Operators in the measured window: rates of all tasks together, shares of the busiest task's time",
  )}
<p class="soft">By task and second: series/${result.run.id}.tasks.csv.</p>`;
}
