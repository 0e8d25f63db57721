import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import { compileSchedule } from "../schedule/schedule.ts";
import { Feeder, type FeedProducer } from "./feeder.ts";
import { LagRecorder } from "./lag.ts";
import { type PaceTimers, pace } from "./pace.ts";
import { ProgressReports } from "./progress.ts";
import { SentLog } from "./sent-log.ts";
import { type FeederSpec, openDataSet } from "./spec.ts";

export interface StartLine {
  readonly startUs: number;
  readonly startWallMs?: number | undefined;
}

/** The producer as the feeder uses it; `kafka/client.ts` makes it. */
export interface FeedConnection extends FeedProducer {
  kick(): void;
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface FeedCallbacks {
  onAck(partition: number, baseOffset: number, count: number): void;
  onError(error: FaultlineError): void;
  onDrain(): void;
}

/** The world of the feeder process, injected. */
export interface FeederWorld {
  readonly timers: PaceTimers;
  wallClockMs(): number;
  connect(spec: FeederSpec, callbacks: FeedCallbacks): Promise<FeedConnection>;
  /** The start line of stdin; asked for only when the spec has no start. */
  startLine(): Promise<StartLine>;
  /** Called once, when the start is known: from now on a request to stop ends in a flush. */
  started(): void;
  /** Calls `work` every `intervalMs` until the returned function is called. */
  every(intervalMs: number, work: () => void): () => void;
  /** One JSON line on stdout. */
  print(line: Readonly<Record<string, unknown>>): void;
  /** Appends to the lag file. */
  log(text: string): void;
  /** Appends to the file of send times, when the spec names one. */
  logSent(bytes: Uint8Array): void;
  /** Aborted when the process is asked to stop. */
  readonly stop: AbortSignal;
}

/** Events made ahead of the start; the ring fills up further while waiting. */
const FIRST_EVENTS = 20_000;
/** How long a stopped feeder waits for its last acknowledgements, µs. */
const STOP_FLUSH_US = 5_000_000;

/**
 * Runs one feeder from connecting to its last acknowledgement. Prints `ready`, `progress` at intervals, `done`. Resolves to true
 * when everything was sent, false when it was stopped early (`done` then says `interrupted`, and the process should end).
 * Throws `config-invalid`, or what made the producer fail.
 */
export async function runFeeder(spec: FeederSpec, world: FeederWorld): Promise<boolean> {
  const dataSet = openDataSet(spec.dataset);
  const schedule = compileSchedule(spec.schedule);
  if (schedule.totalEvents !== undefined && schedule.totalEvents < dataSet.events) {
    const counts = `the schedule ends after ${schedule.totalEvents} events, the data set has ${dataSet.events}`;
    throw new FaultlineError("config-invalid", counts, { hint: "Make the last step longer, or the data set smaller." });
  }
  const delivery = new Delivery();
  world.stop.addEventListener("abort", () => delivery.release(), { once: true });
  const producer = await world.connect(spec, delivery);
  let lag: LagRecorder | undefined;
  const sentLog = new SentLog(world.logSent);
  const feeder = new Feeder({
    dataSet,
    schedule,
    ownedPartitions: spec.partitions,
    closing: spec.closing,
    producer,
    clock: world.timers.now,
    recordLag: (lagUs) => lag?.record(lagUs),
    recordSent: (firstIndex, endIndex, sentUs) => sentLog.record(firstIndex, endIndex, sentUs),
    prerenderBytes: spec.prerenderBytes,
  });
  feeder.prerender(FIRST_EVENTS);
  world.print({ ready: true });
  const { startUs, startWallMs } = await startOf(spec, world);
  feeder.start(startUs, startWallMs);
  world.started();
  lag = new LagRecorder(world.log, startWallMs);
  return send({ spec, world, feeder, producer, delivery, lag, sentLog, startUs });
}

interface Sending {
  readonly spec: FeederSpec;
  readonly world: FeederWorld;
  readonly feeder: Feeder;
  readonly producer: FeedConnection;
  readonly delivery: Delivery;
  readonly lag: LagRecorder;
  readonly sentLog: SentLog;
  readonly startUs: number;
}

async function send({ spec, world, feeder, producer, delivery, lag, sentLog, startUs }: Sending): Promise<boolean> {
  const { timers } = world;
  const ackedEvents = () => Math.min(feeder.sent, delivery.acked);
  const reports = new ProgressReports({ print: world.print, now: timers.now, feeder, lag, startUs, ackedEvents });
  const stopReports = world.every(spec.progressIntervalMs, () => reports.report());
  try {
    const finished = await pace({
      feeder,
      timers,
      kick: () => producer.kick(),
      waitForDrain: () => delivery.waitForDrain(),
      stopped: () => delivery.failure !== undefined || world.stop.aborted,
      tickUs: spec.tickUs,
    });
    if (delivery.failure !== undefined) throw delivery.failure;
    const isFlushed = await flush(producer, world);
    const finishedUs = timers.now();
    sentLog.flush();
    reports.report();
    const isComplete = finished && isFlushed;
    world.print({ done: { ...totals(feeder, delivery, lag), finishedUs, interrupted: !isComplete } });
    if (isComplete) await producer.close();
    return isComplete;
  } catch (error) {
    throw asFaultlineError(error, "feeder-failed");
  } finally {
    stopReports();
  }
}

/** True when all is acknowledged; false when the process was asked to stop, before or meanwhile, and it takes too long. */
function flush(producer: FeedConnection, { stop, timers }: FeederWorld): Promise<boolean> {
  const tooLong = new Promise<boolean>((resolve) => {
    const limit = () => void timers.sleep(STOP_FLUSH_US).then(() => resolve(false));
    if (stop.aborted) limit();
    else stop.addEventListener("abort", limit, { once: true });
  });
  return Promise.race([producer.flush().then(() => true), tooLong]);
}

function totals(feeder: Feeder, delivery: Delivery, lag: LagRecorder): Readonly<Record<string, unknown>> {
  const { sent, closingSent, firstDueUs, lastDueUs } = feeder;
  // Acknowledgements count closing records too, which come last; `acked` is about events.
  const acked = Math.min(sent, delivery.acked);
  const lagUs = { ...lag.total(), overflow: lag.overflow };
  return { sent, acked, closingSent, sendErrors: delivery.errors, firstDueUs, lastDueUs, lagUs };
}

/** What the producer told: acknowledgements, failure, and that it takes bytes again. */
class Delivery implements FeedCallbacks {
  acked = 0;
  errors = 0;
  failure: FaultlineError | undefined;
  #wake: (() => void) | undefined;

  onAck = (_partition: number, _baseOffset: number, count: number): void => {
    this.acked += count;
  };

  onError = (error: FaultlineError): void => {
    this.failure = error;
    this.errors++;
    this.release();
  };

  onDrain = (): void => this.release();

  /** Resolves at the next drain or failure, or when the process is asked to stop. */
  waitForDrain(): Promise<void> {
    if (this.failure !== undefined) return Promise.resolve(); // nobody will wake us any more
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  release(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

async function startOf(
  spec: FeederSpec,
  world: FeederWorld,
): Promise<{ readonly startUs: number; readonly startWallMs: number }> {
  const { startUs, startWallMs } =
    spec.startUs === undefined ? await world.startLine() : { startUs: spec.startUs, startWallMs: spec.startWallMs };
  const wallMs = startWallMs ?? Math.round(world.wallClockMs() + (startUs - world.timers.now()) / 1000);
  return { startUs, startWallMs: wallMs };
}
