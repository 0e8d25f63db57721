import { benchLine } from "../../../base/command-line.ts";
import { compareResults } from "../../analyze/cell-summary.ts";
import { integer, latencyMs, percentileText, rate } from "../../report/format.ts";
import { html, type Markup, type TableColumn, table } from "../../report/html/markup.ts";
import { verdictBox } from "../../report/html/verdict-box.ts";
import type { RunResult } from "../../sweep/model.ts";
import type { CampaignDetail, CampaignSummary } from "../campaign.ts";
import type { RoleCpu } from "../live.ts";
import type { FolderEntry } from "./folder.ts";
import { fileTable } from "./folder.ts";
import { dateText, link, liveStatus, page } from "./layout.ts";
import { stateBadge } from "./list.ts";
import { announcement, liveMarkup } from "./live.ts";

/** More runs are in the report and in runs.csv. */
const MOST_RUNS = 300;

export interface CampaignPage {
  readonly summary: CampaignSummary;
  /** null: it cannot be read. */
  readonly detail: CampaignDetail | null;
  readonly cpu: readonly RoleCpu[];
  readonly files: readonly FolderEntry[];
  readonly folder: string;
}

/** One campaign: live values while it runs, what came out so far, and its files. */
export function campaignPage({ summary, detail, cpu, files, folder }: CampaignPage): string {
  const { path, name, createdAt, state, problem, live } = summary;
  const isLive = state === "running" && live !== null;
  const within = (file: string) => (path === "" ? file : `${path}/${file}`);
  const reportLink = link("files", within("report.html"));
  const body = html`<p class="crumbs"><a href="/">Campaigns</a> / ${path === "" ? "this folder" : path}</p>
<h1>${name}</h1>
<p class="lead">${stateBadge(state)} ${dateText(createdAt) === "" ? null : html`${dateText(createdAt)} UTC. `}${detail === null ? null : description(detail)}${STATE_WORDS[state]}</p>
<p class="actions">${summary.hasReport ? html`<a class="button" href="${reportLink}">Open the report</a>` : null}${
    problem === null
      ? html`<a class="button plain" href="/compare?b=${encodeURIComponent(path)}">Compare with another</a>`
      : null
  }</p>
${problem === null ? null : html`<p class="banner">${problem}</p>`}
${isLive ? liveSection(summary, cpu) : null}
${detail === null || detail.results.length === 0 ? null : results(detail.results, summary.hasReport ? reportLink : null)}
<h2 id="files">Files</h2>
${fileTable(files, path)}`;
  return page({ title: name, folder, here: null, isLive }, body);
}

const STATE_WORDS = {
  running: "",
  finished: "",
  interrupted: `It was broken off before its end; finished runs are kept, and ${benchLine`sweep --resume`} goes on with it.`,
  unreadable: "",
} as const;

function description({ manifest }: CampaignDetail): string {
  const { config } = manifest;
  if (typeof config !== "object" || config === null || !("description" in config)) return "";
  return typeof config.description === "string" && config.description !== "" ? `${config.description} ` : "";
}

function liveSection({ path, live }: CampaignSummary, cpu: readonly RoleCpu[]): Markup | null {
  if (live === null) return null;
  return html`<section class="live" aria-label="The sweep that runs now" id="live" data-events="${link("events", path)}">${liveMarkup(live.snapshot, cpu)}</section>
${liveStatus(announcement(live.snapshot))}`;
}

/** The runs that have ended, in the order of the report; a run leads to its details there. */
function results(all: readonly RunResult[], report: string | null): Markup {
  const sorted = [...all].sort(compareResults);
  const columns: TableColumn<RunResult>[] = [
    {
      title: "run",
      cell: ({ run }) =>
        html`<span class="run-name" id="run-${run.id}">${report === null ? run.id : html`<a href="${report}#run-${run.id}">${run.id}</a>`}</span>`,
    },
    { title: "state", cell: stateCell },
    { title: "offered", numeric: true, cell: (result) => rate(result.offeredPerSecond) },
    { title: "achieved", numeric: true, cell: (result) => rate(result.achievedInputPerSecond) },
    ...(["p50", "p99"] as const).map((name) => ({
      title: name,
      numeric: true,
      cell: ({ latencyUs }: RunResult) => percentileText(latencyUs, name).replace(/ \(.*/, ""),
    })),
    { title: "max", numeric: true, cell: ({ latencyUs }) => latencyMs(latencyUs.max) },
    { title: "n", numeric: true, cell: ({ latencyUs }) => integer(latencyUs.n) },
  ];
  const cut =
    sorted.length > MOST_RUNS ? ` The first ${MOST_RUNS} of ${integer(sorted.length)} runs; all are in runs.csv.` : "";
  return html`<h2 id="results">Results${report === null ? " so far" : null}</h2>
${verdictBox(all)}
${table(columns, sorted.slice(0, MOST_RUNS), `Latency from the due time of the triggering event, after the warm-up.${cut}`)}`;
}

function stateCell({ state, reasons }: RunResult): Markup {
  const codes = [...new Set(reasons.map(({ code }) => code))];
  return html`<span class="state ${state}">${state}</span>${codes.map((code) => html`<br><span class="small">${code}</span>`)}`;
}
