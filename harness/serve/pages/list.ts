import { benchLine } from "../../../base/command-line.ts";
import { formatSpan } from "../../cli/progress/format.ts";
import { integer } from "../../report/format.ts";
import { html, type Markup } from "../../report/html/markup.ts";
import type { CampaignSummary } from "../campaign.ts";
import type { CampaignList } from "../campaigns.ts";
import { dateText, link, liveStatus, page } from "./layout.ts";

/** So many campaigns are on one page. */
const PER_PAGE = 50;

/** The list of campaigns; `number`: which page of it, from 1, or the last one when there are fewer. */
export function listPage(list: CampaignList, number: number, folder: string): string {
  const { shown } = pageOf(list, number);
  const body = html`<h1>Campaigns</h1>
<div id="live" data-events="/list-events?page=${number}">${listMarkup(list, number)}</div>
${liveStatus(listAnnouncement(list))}`;
  const title = shown === 1 ? "Campaigns" : `Campaigns, page ${shown}`;
  return page({ title, folder, here: "list", isLive: true }, body);
}

/** What of the list changes: the same markup when the page is made and when it is brought up to date, part by part. */
export function listMarkup(list: CampaignList, number: number): Markup {
  const { campaigns, isCut } = list;
  const { shown, pages } = pageOf(list, number);
  const from = (shown - 1) * PER_PAGE;
  return html`<p class="lead" data-part="lead">${campaigns.length === 0 ? "There is no campaign here yet." : `${integer(campaigns.length)} ${campaigns.length === 1 ? "campaign" : "campaigns"} below this folder, running ones first, then the newest.`}${
    isCut ? " There are more than are looked at: serve a folder further down." : ""
  }</p>
${campaigns.length === 0 ? html`<p data-part="help">A sweep makes one: <code>${benchLine`sweep configs/smoke.yaml`}</code></p>` : null}
<ul class="campaigns">${campaigns.slice(from, from + PER_PAGE).map(item)}
</ul>
${pages === 1 ? null : pager(shown, pages)}`;
}

/** For a screen reader: which sweeps run. */
export function listAnnouncement({ campaigns }: CampaignList): string {
  const running = campaigns.filter(({ state }) => state === "running").map(({ name }) => name);
  return running.length === 0 ? "no sweep is running" : `running: ${running.join(", ")}`;
}

function pageOf({ campaigns }: CampaignList, number: number): { readonly shown: number; readonly pages: number } {
  const pages = Math.max(1, Math.ceil(campaigns.length / PER_PAGE));
  return { shown: Math.min(number, pages), pages };
}

function item(campaign: CampaignSummary): Markup {
  const { path, name, createdAt, state, headlines, hasReport, problem } = campaign;
  return html`
<li data-part="campaign ${path}"><span class="badge">${stateBadge(state)}</span>
<div class="name"><h2><a href="${link("campaign", path)}">${name}</a></h2><p class="soft">${dateText(createdAt)}${dateText(createdAt) === "" ? null : html`<span class="unseen"> UTC</span> · `}${path === "" ? "this folder" : path}</p></div>
<div class="lines">${problem === null ? null : html`<p>${problem}</p>`}${headlines.map((line) => html`<p>${line}</p>`)}${progress(campaign)}</div>
<div class="counts">${counts(campaign)}${hasReport ? html`<p><a href="${link("files", `${path === "" ? "" : `${path}/`}report.html`)}">report<span class="unseen"> of ${name}, ${dateText(createdAt)}</span></a></p>` : null}</div></li>`;
}

export function stateBadge(state: string): Markup {
  return html`<span class="state ${state}">${state}</span>`;
}

/** `8 valid, 1 failed`; with how many of the planned ones where some are left. */
function counts({ counts: { valid, invalid, failed }, planned }: CampaignSummary): Markup {
  const ended = valid + invalid + failed;
  const parts = [
    ...(valid > 0 ? [html`<span class="tone-good">${integer(valid)} valid</span>`] : []),
    ...(invalid > 0 ? [html`<span class="tone-warn">${integer(invalid)} invalid</span>`] : []),
    ...(failed > 0 ? [html`<span class="tone-bad">${integer(failed)} failed</span>`] : []),
  ];
  const words =
    parts.length === 0 ? html`no run has ended` : parts.map((part, i) => (i === 0 ? part : html`, ${part}`));
  return html`<p>${words}${planned === null || planned === ended ? null : html` <span class="soft">of ${integer(planned)}</span>`}</p>`;
}

function progress({ state, live }: CampaignSummary): Markup | null {
  if (state !== "running" || live === null) return null;
  const { run, etaMs, notice } = live.snapshot;
  const what = run === null ? (notice ?? "starting") : `${run.id}, ${run.phase}`;
  return html`<p class="soft">now ${what}${etaMs === null ? "" : `; about ${formatSpan(etaMs)} left`}</p>`;
}

function pager(shown: number, pages: number): Markup {
  const to = (number: number, text: string, rel: string) =>
    number < 1 || number > pages ? null : html`<a rel="${rel}" href="/?page=${number}">${text}</a>`;
  return html`<nav class="pages" aria-label="Pages" data-part="pages">${to(shown - 1, "Newer", "prev")} <span class="soft">page ${shown} of ${pages}</span> ${to(shown + 1, "Older", "next")}</nav>`;
}
