import { SOURCE_ID } from "../../queries/job-ids.ts";
import type { RunStream } from "../config/streams.ts";
import type { FeederSummary, RunRecord } from "./model.ts";
import type { RunContext } from "./run-context.ts";
import type { FeederProcess, FeederStart, Toolbox } from "./toolbox.ts";

interface Fed {
  readonly stream: RunStream;
  readonly feeder: FeederProcess;
  summary: FeederSummary | null;
}

/** The feeders of one run, a process for each input stream. */
export class Feeders {
  readonly #all: Fed[] = [];

  add(stream: RunStream, feeder: FeederProcess): void {
    this.#all.push({ stream, feeder, summary: null });
  }

  get haveEarly(): boolean {
    return this.#all.some(({ stream }) => stream.isEarly);
  }

  /** Starts those of the early streams, or the others: event 0 of each is due in `leadMs`. Resolves when all are done. */
  async feed(
    which: "early" | "others",
    tools: Pick<Toolbox, "monotonicUs" | "wallClockMs">,
    leadMs: number,
    onStart: (startUs: number) => void = () => {},
  ): Promise<void> {
    const startUs = tools.monotonicUs() + leadMs * 1000;
    onStart(startUs);
    const startWallMs = tools.wallClockMs() + leadMs;
    const chosen = this.#all.filter(({ stream }) => stream.isEarly === (which === "early"));
    for (const { feeder } of chosen) feeder.start(startUs, startWallMs);
    const finish = async (fed: Fed) => {
      fed.summary = await fed.feeder.done;
    };
    await Promise.all(chosen.map(finish));
  }

  /** What they told: all as one (null unless every feeder has told), and by stream where there are several. */
  record(): Pick<RunRecord, "feeder" | "feeders"> {
    const told = this.#all.flatMap(({ stream, summary }) =>
      summary === null ? [] : [[stream.name, summary] as const],
    );
    const [first, ...others] = told.map(([, summary]) => summary);
    const feeder = first === undefined || told.length < this.#all.length ? null : others.reduce(combined, first);
    return this.#all.length < 2 ? { feeder } : { feeder, feeders: Object.fromEntries(told) };
  }
}

/** Events summed, times from first to last, lags the worst. */
function combined(a: FeederSummary, b: FeederSummary): FeederSummary {
  const worst = (key: "p50" | "p99" | "p999" | "max") => Math.max(a.lagUs[key], b.lagUs[key]);
  return {
    sent: a.sent + b.sent,
    acked: a.acked + b.acked,
    closingSent: a.closingSent + b.closingSent,
    firstDueUs: Math.min(a.firstDueUs, b.firstDueUs),
    lastDueUs: Math.max(a.lastDueUs, b.lastDueUs),
    finishedUs: Math.max(a.finishedUs, b.finishedUs),
    lagUs: { p50: worst("p50"), p99: worst("p99"), p999: worst("p999"), max: worst("max"), n: a.lagUs.n + b.lagUs.n },
    sendErrors: a.sendErrors + b.sendErrors,
  };
}

/** What goes behind a name that belongs to one input stream; nothing for the main one. */
export function streamSuffix(stream: string, separator: string): string {
  return stream === SOURCE_ID ? "" : `${separator}${stream}`;
}

export function inputTopic(prefix: string, stream: string): string {
  return `${prefix}.in${streamSuffix(stream, ".")}`;
}

export function feederRole(stream: string): string {
  return `feeder${streamSuffix(stream, "-")}`;
}

/** How a stream's feeder is started; only the main stream's progress is shown. */
export function feederStart(context: RunContext, topicPrefix: string, stream: RunStream): FeederStart {
  const { config, kafka, directories, guard, events } = context;
  return {
    config,
    stream,
    brokers: kafka.brokers,
    topic: inputTopic(topicPrefix, stream.name),
    rawDirectory: directories.raw,
    logDirectory: directories.logs,
    guard,
    onProgress: (progress) => {
      if (stream.name === SOURCE_ID) events.fed(progress);
    },
  };
}
