import { formatLatency, formatPerSecond, formatSpan } from "../../cli/progress/format.ts";
import { integer } from "../../report/format.ts";
import { html, type Markup, raw } from "../../report/html/markup.ts";
import type { LivePoint, LiveRun, LiveSnapshot } from "../../sweep/live-file.ts";
import type { RoleCpu } from "../live.ts";

/** What of a running sweep changes: the same markup when the page is made and when it is brought up to date. */
export function liveMarkup(snapshot: LiveSnapshot, cpu: readonly RoleCpu[]): Markup {
  const { run, plannedRuns, doneRuns, etaMs, notice, writtenMs } = snapshot;
  const of = plannedRuns === null ? "" : ` of ${integer(plannedRuns)}`;
  const title = run === null ? (notice ?? "starting") : `Run ${integer(doneRuns + 1)}${of}: ${run.id}`;
  const left = etaMs === null ? "nobody knows how many there will be" : `about ${formatSpan(etaMs)} left`;
  return html`<h2>${title}</h2>
<p class="soft">${run === null ? null : html`phase <strong>${run.phase}</strong> for ${run.query} on ${run.system} · `}${integer(doneRuns)}${of} runs done, ${left} · as of <time>${clockTime(writtenMs)}</time> UTC</p>
${plannedRuns === null ? null : html`<progress max="${Math.max(1, plannedRuns)}" value="${doneRuns}" aria-label="Runs done"></progress>`}
${run === null ? null : faultBanner(run, writtenMs)}
${run === null ? null : tiles(run)}
${cpu.length === 0 ? null : cpuBars(cpu)}`;
}

/** For a screen reader: only what is worth an interruption. */
export function announcement({ run, doneRuns, notice }: LiveSnapshot): string {
  if (run === null) return notice ?? "";
  const fault = run.faults.at(-1);
  return fault === undefined ? `Run ${doneRuns + 1}, ${run.id}, ${run.phase}` : fault.text;
}

function faultBanner({ faults }: LiveRun, nowMs: number): Markup | null {
  const last = faults.at(-1);
  if (last === undefined) return null;
  const before = faults.length === 1 ? "" : ` (${faults.length} faults in this run)`;
  return html`<p class="banner">${last.text}, ${formatSpan(nowMs - last.atMs)} ago${before}</p>`;
}

interface Tile {
  readonly title: string;
  readonly pick: (point: LivePoint) => number | null;
  readonly text: (value: number | null) => string;
}

const TILES: readonly Tile[] = [
  { title: "offered", pick: ({ offeredPerSecond }) => offeredPerSecond, text: formatPerSecond },
  { title: "achieved", pick: ({ achievedPerSecond }) => achievedPerSecond, text: formatPerSecond },
  { title: "outputs", pick: ({ outputPerSecond }) => outputPerSecond, text: formatPerSecond },
  { title: "feeder lag, p99", pick: ({ lagP99Us }) => lagP99Us, text: formatLatency },
  { title: "latency ≈p50", pick: ({ p50Us }) => p50Us, text: formatLatency },
  { title: "latency ≈p99", pick: ({ p99Us }) => p99Us, text: formatLatency },
];

function tiles(run: LiveRun): Markup {
  return html`<dl class="tiles">${TILES.map(
    ({ title, pick, text }) =>
      html`<div><dt>${title}</dt><dd>${text(pick(run))}</dd>${sparkline(run.history.map(pick))}</div>`,
  )}</dl>`;
}

const WIDTH = 240;
const HEIGHT = 34;

/** The last two minutes from 0 up; gaps where nothing was measured. Decoration: the numbers stand above. */
function sparkline(values: readonly (number | null)[]): Markup | null {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return null;
  const most = Math.max(...known, 1e-9);
  const x = (i: number) => ((i / (values.length - 1)) * WIDTH).toFixed(1);
  const y = (value: number) => (HEIGHT - 2 - (value / most) * (HEIGHT - 4)).toFixed(1);
  let line = "";
  let area = "";
  values.forEach((value, i) => {
    if (value === null) return;
    const [isFirst, isLast] = [values[i - 1] == null, values[i + 1] == null];
    line += `${isFirst ? "M" : "L"}${x(i)} ${y(value)}`;
    area += `${isFirst ? `M${x(i)} ${HEIGHT}` : ""}L${x(i)} ${y(value)}${isLast ? `V${HEIGHT}Z` : ""}`;
  });
  return raw(
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true" focusable="false">` +
      `<path d="${area}" fill="currentColor" fill-opacity="0.16"/>` +
      `<path d="${line}" fill="none" stroke="currentColor" stroke-width="1.5" vector-effect="non-scaling-stroke"/></svg>`,
  );
}

function cpuBars(cpu: readonly RoleCpu[]): Markup {
  const most = Math.max(100, ...cpu.map(({ percent }) => percent));
  return html`<h3>CPU, % of one core, last 2 s</h3>
<dl class="cpu">${cpu.map(
    ({ role, percent }) =>
      html`<dt>${role}</dt><dd><meter min="0" max="${Math.ceil(most)}" value="${percent.toFixed(1)}" aria-label="CPU of ${role}"></meter><span>${integer(percent)} %</span></dd>`,
  )}</dl>`;
}

function clockTime(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19);
}
