import type { RunAnalysis } from "../../analyze/analyze-run.ts";
import { roleOf } from "../../analyze/runtime-usage.ts";
import { eventsSent } from "../../analyze/system-cpu.ts";
import type { LatencySummary, MachineLoad, RoleUsage, RunResult } from "../../sweep/model.ts";
import type { Example } from "../../verify/examples.ts";
import { wireColumns } from "../../verify/row-hash.ts";
import {
  axisText,
  bytes,
  integer,
  latencyMs,
  length,
  onlyReplays,
  PERCENTILE_LABEL,
  PERCENTILES,
  rate,
  seconds,
  significant,
  verifiedText,
} from "../format.ts";
import { checkpointTable } from "./checkpoints.ts";
import { percentileMarkup } from "./headline.ts";
import { jobStateTable } from "./job-states.ts";
import { html, type Markup, table } from "./markup.ts";
import { operatorTable } from "./operators.ts";
import { replicaTable } from "./replication.ts";

/** Everything about one run, folded; open when something is wrong with it. `figures`: those of this run. */
export function runDetails(analysis: RunAnalysis, figures: readonly Markup[]): Markup {
  const { result, checkpoints, jobStates, record } = analysis;
  return html`${head(result)}
<div>
${reasonList(result)}
${noteList(result)}
${figures}
${facts(analysis)}
${latencies(analysis)}
${checkpointTable(checkpoints, record.startUs, result.run.id)}
${replicaTable(analysis)}
${operatorTable(analysis)}
${resources(analysis)}
${interruptions(result)}
${jobStateTable(jobStates, record.startUs)}
${phases(analysis)}
${examples(analysis, analysis.committedExamples, "Examples of what readers of committed data saw, the first of each kind")}
${examples(analysis, analysis.examples, "Examples, the first of each kind")}
</div></details>`;
}

/** A run that could not be analysed: what is known of it. */
export function brokenDetails(result: RunResult): Markup {
  return html`${head(result)}<div>${reasonList(result)}</div></details>`;
}

/** A run whose details a page of very many runs has no room for: where they are. */
export function leftOutDetails(result: RunResult): Markup {
  const { id } = result.run;
  return html`${head(result)}<div>${reasonList(result)}<p class="soft">There are too many runs for all details in one page. Numbers: runs.csv, resources.csv and <a href="series/${id}.csv">series/${id}.csv</a>; figures/ has its figures.</p></div></details>`;
}

function head({ run, state }: RunResult): Markup {
  const axes = Object.entries(run.cell.axes).map(([path, value]) => `${path} = ${axisText(value)}`);
  return html`<details id="run-${run.id}"${html`${state === "valid" ? null : " open"}`}>
<summary><span class="state ${state}">${state}</span> ${run.id} <span class="soft">${axes.join(", ")}</span></summary>`;
}

function reasonList({ reasons }: RunResult): Markup | null {
  if (reasons.length === 0) return null;
  const hint = (text: string | undefined) => (text === undefined ? null : html` <span class="soft">${text}</span>`);
  return html`<ul>${reasons.map((reason) => html`<li><strong>${reason.code}</strong>: ${reason.message}${hint(reason.hint)}</li>`)}</ul>`;
}

function noteList({ notes = [] }: RunResult): Markup | null {
  return notes.length === 0 ? null : html`${notes.map((note) => html`<p>${note}</p>`)}`;
}

function facts({ result, record }: RunAnalysis): Markup {
  const zones = zonesText(record.system);
  const { events, dataFormat, warmupCutMs, measuredMs, verified, negativeLatencies, committed, recovery } = result;
  return html`<dl>
${recovery === undefined ? null : html`<dt>fault tolerance</dt><dd>${tolerance(result)}</dd>`}
${zones === null ? null : html`<dt>zones</dt><dd>${zones}</dd>`}
${committed === undefined ? null : html`<dt>verified, read_committed</dt><dd>${committed.verified === null ? "nothing" : verifiedText(committed.verified)}</dd>`}
<dt>verified${committed === undefined ? null : ", read_uncommitted"}</dt><dd>${verified === null ? "nothing" : verifiedText(verified, onlyReplays([result]))}</dd>
<dt>events</dt><dd>${integer(events)}; warm-up ${seconds(warmupCutMs)} cut, ${measuredMs === null ? "nothing" : seconds(measuredMs)} measured</dd>
${dataFormat === undefined ? null : html`<dt>wire format</dt><dd>${dataFormat}</dd>`}
<dt>offered and achieved</dt><dd>${rate(result.offeredPerSecond, " events/s")} offered, ${rate(result.achievedInputPerSecond, " events/s")} sent, ${rate(result.achievedOutputPerSecond, " rows/s")} out</dd>
${result.machine === undefined ? null : html`<dt>rest of the machine</dt><dd>${foreign(result.machine)}</dd>`}
${negativeLatencies > 0 ? html`<dt>negative latencies</dt><dd>${integer(negativeLatencies)}</dd>` : null}
</dl>`;
}

/** CPU that the run did not have. */
function foreign({ foreignCpuPercent, stolenCpuPercent }: MachineLoad): string {
  const stolen = stolenCpuPercent > 0 ? `, its host took ${stolenCpuPercent} %` : "";
  return `${foreignCpuPercent} % CPU used by processes that do not belong to the run${stolen} (100 % = one core)`;
}

/** `worker-1 in a, worker-2 in b`; null: workers are in no zones. */
function zonesText({ zones }: RunAnalysis["record"]["system"]): string | null {
  if (typeof zones !== "object" || zones === null) return null;
  return Object.entries(zones)
    .map(([worker, zone]) => `${worker} in ${zone}`)
    .join(", ");
}

/** `passive, exactly-once, checkpoints every 2 s`. */
function tolerance({ recovery, guarantee, checkpointIntervalMs, replication }: RunResult): string {
  const every = checkpointIntervalMs === undefined ? [] : [`checkpoints every ${length(checkpointIntervalMs)}`];
  const replicas = replication === undefined ? [] : [`${replication.factor} replicas under ${replication.merge}`];
  const promised = guarantee === undefined ? [] : [guarantee];
  return [`recovery ${recovery}`, ...replicas, ...promised, ...every].join(", ");
}

function latencies({ result }: RunAnalysis): Markup {
  const rows: { readonly name: string; readonly summary: LatencySummary }[] = [
    { name: "end to end, from due time", summary: result.latencyUs },
    ...(result.committed === undefined
      ? []
      : [{ name: "end to end, read_committed", summary: result.committed.latencyUs }]),
    { name: "uncorrected, from sending", summary: result.uncorrectedLatencyUs },
    ...(result.residenceUs === null ? [] : [{ name: "residence in the window", summary: result.residenceUs }]),
    ...(result.engineLatencyUs == null ? [] : [{ name: "engine, by its own stamps", summary: result.engineLatencyUs }]),
    { name: "generator lag", summary: result.generatorLagUs },
    { name: "observer lag (±1 ms)", summary: result.observerLagUs },
  ];
  return table(
    [
      { title: "", cell: ({ name }) => name },
      ...PERCENTILES.map((percentile) => ({
        title: PERCENTILE_LABEL[percentile],
        numeric: true,
        cell: ({ summary }: (typeof rows)[number]) => percentileMarkup(summary, percentile),
      })),
      { title: "max", numeric: true, cell: ({ summary }) => latencyMs(summary.max) },
      { title: "n", numeric: true, cell: ({ summary }) => integer(summary.n) },
    ],
    rows.filter(({ summary }) => summary.n > 0),
    "Times in the measured window",
  );
}

function resources({ result, record, samplerCost }: RunAnalysis): Markup | null {
  const rows = Object.entries(result.resources);
  if (rows.length === 0) return html`<p class="soft">CPU and memory were not measured.</p>`;
  const niceness = (role: string) => {
    const own = record.processes.filter((process) => roleOf(process.role) === role && process.niceness !== null);
    return own.length === 0 ? "–" : [...new Set(own.map((process) => process.niceness))].join(", ");
  };
  const events = eventsSent(result);
  const transferred = (count: number | undefined) => {
    if (count === undefined) return "–";
    return events === null
      ? bytes(count)
      : html`${bytes(count)} <span class="soft">${significant(count / events)} B/event</span>`;
  };
  const processes = (role: string) => record.processes.filter((process) => roleOf(process.role) === role).length;
  return table(
    [
      { title: "role", cell: ([role]) => role },
      { title: "processes", numeric: true, cell: ([role]) => integer(processes(role)) },
      { title: "CPU", numeric: true, cell: ([, usage]) => `${usage.cpuPercent.toFixed(1)} %` },
      { title: "CPU time", numeric: true, cell: ([, usage]) => `${usage.cpuSeconds.toFixed(2)} s` },
      { title: "peak memory", numeric: true, cell: ([, usage]) => bytes(usage.rssPeakBytes) },
      { title: "written", numeric: true, cell: ([, usage]) => transferred(usage.writtenBytes) },
      { title: "read", numeric: true, cell: ([, usage]) => transferred(usage.readBytes) },
      { title: "niceness", numeric: true, cell: ([role]) => niceness(role) },
    ],
    rows,
    `CPU, memory and bytes in the measured window (100 % = one core; written and read: sockets, pipes and files)${costText(samplerCost)}`,
  );
}

/** Context switches a second: voluntary, and those for which the scheduler took the core away. */
function switches({ voluntarySwitches, involuntarySwitches }: RoleUsage, measuredMs: number | null): Markup | string {
  if (voluntarySwitches === undefined || involuntarySwitches === undefined || measuredMs === null) return "–";
  const perSecond = (count: number) => integer(Math.round((count * 1000) / measuredMs));
  return html`${perSecond(voluntarySwitches)} <span class="soft">+ ${perSecond(involuntarySwitches)} forced</span>`;
}

/** Share of the window that a role's processes stood still for the garbage collector, added up, and the longest pause. */
function garbage({ runtime }: RoleUsage, measuredMs: number | null): Markup | string {
  if (runtime === undefined || measuredMs === null) return "–";
  const percent = (runtime.gcPauseUs / 10 / measuredMs).toFixed(2);
  return html`${percent} % <span class="soft">longest ${latencyMs(runtime.gcPauseMaxUs)}</span>`;
}

/** What kept processes from their work: the scheduler, the garbage collector, their own long steps. Null where nothing was measured. */
function interruptions({ resources, measuredMs }: RunResult): Markup | null {
  const rows = Object.entries(resources).filter(([, usage]) => usage.voluntarySwitches !== undefined || usage.runtime);
  if (rows.length === 0) return null;
  const size = (count: number | undefined) => (count === undefined ? "–" : bytes(count));
  const delay = (us: number | null | undefined) => latencyMs(us ?? null);
  return table(
    [
      { title: "role", cell: ([role]) => role },
      { title: "context switches/s", numeric: true, cell: ([, usage]) => switches(usage, measuredMs) },
      { title: "GC pauses", numeric: true, cell: ([, usage]) => garbage(usage, measuredMs) },
      { title: "event-loop delay p99", numeric: true, cell: ([, { runtime }]) => delay(runtime?.loopDelayP99Us) },
      { title: "max", numeric: true, cell: ([, { runtime }]) => delay(runtime?.loopDelayMaxUs) },
      { title: "peak heap", numeric: true, cell: ([, { runtime }]) => size(runtime?.heapPeakBytes) },
    ],
    rows,
    "Interruptions in the measured window; garbage collection and event loop of our own programs only",
  );
}

function costText(cost: RunAnalysis["samplerCost"]): string {
  if (cost === null || cost.samples === 0) return "";
  return `; ${integer(cost.samples)} samples, which took ${latencyMs(cost.totalUs)} themselves, the longest ${latencyMs(cost.maxUs)}`;
}

function phases({ record }: RunAnalysis): Markup {
  const phase = ({ name, startUs, endUs }: (typeof record.phases)[number]) =>
    `${name} ${seconds((endUs - startUs) / 1000)}`;
  return html`<p class="soft">Phases: ${record.phases.map(phase).join(" · ")}</p>`;
}

/** Rows that should not be, or should. */
function examples({ query, record }: RunAnalysis, found: readonly Example[], caption: string): Markup | null {
  if (found.length === 0) return null;
  const names = query === null ? [] : wireColumns(query).map(({ name }) => name);
  const text = ({ values, text: record }: Example) => {
    if (values === null) return record ?? "not kept";
    return values.map((value, i) => `${names[i] ?? i}: ${JSON.stringify(value)}`).join(", ");
  };
  const seen = ({ observation }: Example) => {
    if (observation === null) return "never";
    const atSeconds = ((observation.observedUs - record.startUs) / 1e6).toFixed(3);
    return `${observation.partition}:${observation.offset} at ${atSeconds} s`;
  };
  return table<Example>(
    [
      { title: "what", cell: ({ kind }) => (kind === "outOfOrder" ? "out of order" : kind) },
      {
        title: "row",
        cell: (example) =>
          html`<code>${text(example)}</code>${example.problem === undefined ? null : html`<br><strong>${example.problem}</strong>`}`,
      },
      { title: "trigger (event)", numeric: true, cell: ({ trigger }) => (trigger === null ? "–" : integer(trigger)) },
      { title: "observed (partition:offset)", cell: seen },
    ],
    found,
    caption,
  );
}
