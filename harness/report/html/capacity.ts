import type { CapacityState, CapacityStep } from "../../analyze/capacity/capacity.ts";
import type { SearchOutcome } from "../../analyze/capacity/search.ts";
import { achievedShare } from "../capacity-table.ts";
import { answerText, endText } from "../capacity-text.ts";
import { latencyMs, NOT_MEASURED, rate } from "../format.ts";
import { html, type Markup, table } from "./markup.ts";

const VOTE = {
  sustained: "sustained",
  unsustained: "not sustained",
  instrument: "feeder or observer late",
  unclear: "tells nothing",
} as const;
const LIMIT = { system: "the system", instrument: "feeder or observer", mostRate: "capacity.most" } as const;

/** The answer of a capacity search, how each search ended, and every probe. `figures`: the trace drawn. */
export function capacitySection(state: CapacityState, figures: readonly Markup[]): Markup {
  const { answer, slo, outcomes, steps } = state;
  const tone =
    answer.capacityPerSecond === null ? "failed" : outcomes.length < state.settings.searches ? "invalid" : "valid";
  const answered = answerText(state);
  return html`<div class="verdict ${tone}"><p><strong>${answered[0]!.toUpperCase()}${answered.slice(1)}</strong></p><p>The greatest rate with ${slo.join(", ")}.</p><p>${endText(state, false)}</p></div>
${figures}
${searchTable(outcomes)}
${stepTable(steps)}`;
}

function searchTable(outcomes: readonly SearchOutcome[]): Markup | null {
  if (outcomes.length === 0) return null;
  return table<SearchOutcome>(
    [
      { title: "search", numeric: true, cell: ({ search }) => String(search + 1) },
      { title: "sustained, events/s", numeric: true, cell: (one) => rate(one.sustainedPerSecond, "") },
      { title: "not sustained, events/s", numeric: true, cell: (one) => rate(one.unsustainedPerSecond, "") },
      { title: "ended from above by", cell: ({ limitedBy }) => LIMIT[limitedBy] },
      { title: "probes", numeric: true, cell: ({ probes }) => String(probes) },
    ],
    outcomes,
    "Each search has probes of its own. It ends between two neighbouring rates, each of them settled by two votes that agree or the majority of three.",
  );
}

function stepTable(steps: readonly CapacityStep[]): Markup {
  return table<CapacityStep>(
    [
      { title: "probe", numeric: true, cell: ({ step }) => html`<a href="#run-${steps[step - 1]!.run}">${step}</a>` },
      { title: "search", numeric: true, cell: ({ search }) => String(search + 1) },
      { title: "purpose", cell: ({ purpose }) => purpose },
      { title: "rate, events/s", numeric: true, cell: ({ ratePerSecond }) => rate(ratePerSecond, "") },
      { title: "p99", numeric: true, cell: ({ result }) => latencyMs(result.latencyUs.p99) },
      { title: "backlog growth", numeric: true, cell: ({ result }) => percent(result.lagSlope ?? null) },
      { title: "sent", numeric: true, cell: ({ result }) => percent(achievedShare(result)) },
      {
        title: "vote",
        cell: ({ vote, why }) => html`${VOTE[vote]}${why === "" ? null : html` <span class="small">${why}</span>`}`,
      },
    ],
    steps,
    "Every probe, in the order of execution: a fresh run at one rate.",
    ({ search }, index) => index > 0 && steps[index - 1]!.search !== search,
  );
}

function percent(share: number | null): string {
  return share === null ? NOT_MEASURED : `${(share * 100).toFixed(2)} %`;
}
