import type { QueryDefinition } from "../../../queries/query.ts";
import { MIN_SAMPLES } from "../../measure/latency-histogram.ts";
import { integer } from "../format.ts";
import { html, type Markup } from "./markup.ts";

/** How the numbers came about, in plain words. */
export function methodSection(queries: readonly Pick<QueryDefinition, "id" | "title" | "triggerText">[]): Markup {
  return html`<h2 id="method">Method</h2>
<p><strong>Latency</strong> is the time from when the event that triggers an output was <em>due</em> by the schedule to when the output was read back from Kafka by an independent observer. The schedule is open loop: events are due whatever the system does, so a stall of the system, of Kafka or of the feeder is charged to every output that waited for it (no coordinated omission).</p>
<p><strong>Uncorrected latency</strong> starts at the moment of sending instead. It hides the feeder's own stalls and is printed for comparison only.</p>
<p><strong>Residence</strong> (windows only) starts when the last event inside the window was due, so it includes the waiting for the watermark. Much of the literature means this by latency.</p>
<p><strong>Generator lag</strong> is sending minus due time. <strong>Observer lag</strong> is the time of reading minus the broker's log-append time, which has a resolution of 1 ms and another clock; it bounds the observer's own error.</p>
<p><strong>Trigger rule</strong>, the same for every system under test:</p>
<ul>${queries.map(({ id, title, triggerText }) => html`<li><strong>${id}</strong> (${title}): ${triggerText}</li>`)}</ul>
<p><strong>Verification.</strong> The same events are replayed through a naive oracle, and every output is matched to what it expects by the typed values of all its columns, equal rows in the order of their triggers. <em>Lost</em>: expected, never seen. <em>Duplicate</em>: seen more often than expected. <em>Wrong</em>: key and identity are expected, other columns differ (the row it replaces counts as lost as well). <em>Unexpected</em>: no such key, or not readable. <em>Premature</em>: seen before its trigger was due. <em>Out of order</em>: overtook an earlier output of the same key and input partition.</p>
<p><strong>Guarantees.</strong> While nothing was broken on purpose every output must come once and be right, whatever is promised. After a fault, <em>at-least-once</em> permits copies (replayed) and <em>at-most-once</em> losses. Under <em>exactly-once</em> the output is read twice: what readers of committed data see must be the expected outputs exactly, or the run has failed; those of uncommitted data may see copies of what the dead attempt had not committed. Latency is that of uncommitted data unless it says read_committed, which adds the wait for the checkpoint.</p>
<p><strong>Percentiles</strong> come from HDR histograms (3 digits, 1 µs to 1 h) and are printed only with enough samples: p50 from ${integer(MIN_SAMPLES.p50)}, p90 from ${integer(MIN_SAMPLES.p90)}, p99 from ${integer(MIN_SAMPLES.p99)}, p99.9 from ${integer(MIN_SAMPLES.p999)}. The maximum is exact. Negative latencies are counted, never dropped. Outputs whose trigger was due in the warm-up, and those that only the end of the input brings about, are verified but not measured.</p>
<p><strong>Verdict.</strong> A run is <em>valid</em>, <em>invalid</em> (the instrument or the environment cannot be trusted) or <em>failed</em> (the system broke or its output is wrong). No data is never a pass.</p>`;
}
