import { SOURCE_ID } from "../../queries/job-ids.ts";
import type { RunStream } from "../config/streams.ts";
import type { FeederSummary, RunRecord } from "./model.ts";
import type { RunContext } from "./run-context.ts";
import type { FeederProcess, FeederProgress, FeederStart, Toolbox } from "./toolbox.ts";

interface Fed {
  readonly stream: RunStream;
  readonly part: number;
  readonly feeder: FeederProcess;
  summary: FeederSummary | null;
}

/** The feeders of one run: a process or several for each input stream. */
export class Feeders {
  readonly #all: Fed[] = [];

  /** `part`: which of the stream's feeders it is. */
  add(stream: RunStream, part: number, feeder: FeederProcess): void {
    this.#all.push({ stream, part, feeder, summary: null });
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

  /** What they told: all as one (null unless every feeder has told), and each for itself where there are several. */
  record(): Pick<RunRecord, "feeder" | "feeders"> {
    const told = this.#all.flatMap(({ stream, part, summary }) =>
      summary === null ? [] : [[`${stream.name}${partSuffix(part, stream.feeders)}`, summary] as const],
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

/** What tells apart the files of a stream's feeders, which count from 1; nothing when there is but one. */
export function partSuffix(part: number, feeders: number): string {
  return feeders === 1 ? "" : `-${part + 1}`;
}

export function feederRole({ name, feeders }: RunStream, part: number): string {
  return `feeder${streamSuffix(name, "-")}${partSuffix(part, feeders)}`;
}

/** How a stream's feeders are started; only the main stream's progress is shown. */
export function feederStarts(context: RunContext, topicPrefix: string, stream: RunStream): readonly FeederStart[] {
  const { config, kafka, directories, guard, events } = context;
  const latest: FeederProgress[] = Array.from({ length: stream.feeders }, () => NO_PROGRESS);
  return latest.map((_, part) => ({
    config,
    stream,
    part,
    brokers: kafka.brokers,
    topic: inputTopic(topicPrefix, stream.name),
    rawDirectory: directories.raw,
    logDirectory: directories.logs,
    guard,
    onProgress: (progress) => {
      latest[part] = progress;
      if (stream.name === SOURCE_ID) events.fed(latest.reduce(together));
    },
  }));
}

const NO_PROGRESS: FeederProgress = { due: 0, sent: 0, acked: 0, lagP99Us: null };

function together(a: FeederProgress, b: FeederProgress): FeederProgress {
  const lags = [a.lagP99Us, b.lagP99Us].filter((lag) => lag !== null);
  const lagP99Us = lags.length === 0 ? null : Math.max(...lags);
  return { due: a.due + b.due, sent: a.sent + b.sent, acked: a.acked + b.acked, lagP99Us };
}
