import type { CheckpointReport } from "../../../engine/cluster/checkpoint-facts.ts";
import { durationMs } from "../../analyze/checkpoints.ts";
import { bytes, integer, length, moment, NOT_MEASURED } from "../format.ts";
import { html, type Markup, table } from "./markup.ts";

/** Checkpoints that are listed; all are in the CSV. */
const MOST = 20;

/** A run's checkpoints with what each cost, the slowest task in each column; null without any. `startUs`: when event 0 was due. */
export function checkpointTable(reports: readonly CheckpointReport[], startUs: number, runId: string): Markup | null {
  if (reports.length === 0) return null;
  const most = (of: (task: CheckpointReport["tasks"][number]) => number | null) => (report: CheckpointReport) => {
    const known = report.tasks.flatMap((task) => of(task) ?? []);
    return known.length === 0 ? NOT_MEASURED : length(Math.max(...known) / 1000);
  };
  const time = (title: string, cell: (report: CheckpointReport) => string) => ({ title, numeric: true, cell });
  const slowest = (title: string, cell: (report: CheckpointReport) => string) => ({
    ...time(title, cell),
    group: SLOWEST,
  });
  const completed = reports.filter(({ outcome }) => outcome === "completed").length;
  const all = `series/${runId}.checkpoints.csv`;
  const listed = table<CheckpointReport>(
    [
      time("checkpoint", ({ checkpointId }) => integer(checkpointId)),
      { title: "what became of it", cell: (report) => outcome(report) },
      time("triggered at", ({ triggeredUs }) => moment((triggeredUs - startUs) / 1000)),
      time("duration", (report) => length(durationMs(report))),
      time("size", (report) => bytes(report.bytes)),
      slowest(
        "start delay",
        most(({ startDelayUs }) => startDelayUs),
      ),
      slowest(
        "alignment",
        most(({ alignmentUs }) => alignmentUs),
      ),
      slowest(
        "stood still",
        most(({ syncUs }) => syncUs),
      ),
      slowest(
        "stored in",
        most(({ asyncUs }) => asyncUs),
      ),
    ],
    reports.slice(0, MOST),
    `Checkpoints: ${integer(completed)} completed, ${integer(reports.length - completed)} aborted${reports.length > MOST ? `; the first ${MOST}` : ""}.`,
  );
  return html`${listed}<p class="soft">All of them: <a href="${all}">${all}</a>; by task: <a href="series/${runId}.checkpoint-tasks.csv">series/${runId}.checkpoint-tasks.csv</a>. Start delay: from the trigger to the task's first barrier; alignment: from the first barrier to the last; stood still: the task, for its copy; stored in: from there until the copy was in the store.</p>`;
}

const SLOWEST = "slowest task";

function outcome({ outcome: word, reason, isSavepoint, attempt }: CheckpointReport): string {
  const kind = isSavepoint ? " (savepoint)" : "";
  return `${word}${kind}${reason === undefined ? "" : `: ${reason}`}${attempt > 1 ? `, attempt ${attempt}` : ""}`;
}
