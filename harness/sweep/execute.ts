import type { FaultlineError } from "../../base/errors.ts";
import { SOURCE_ID } from "../../queries/job-ids.ts";
import { loadDurationMs } from "../config/schedule.ts";
import { type RunStream, runStreams, totalEvents } from "../config/streams.ts";
import type { FaultSchedule } from "../faults/schedule.ts";
import type { Deployment } from "../systems/system.ts";
import { Cleanup } from "./cleanup.ts";
import { deployConfig } from "./deploy-config.ts";
import { Feeders, feederRole, feederStarts, inputTopic } from "./feeders.ts";
import type { Reason, RunRecord } from "./model.ts";
import { Phases, rootCauseFirst } from "./phases.ts";
import type { RunContext } from "./run-context.ts";
import { faultsOf } from "./run-faults.ts";
import { writeHistory } from "./run-history.ts";
import { startRunLinks, storeFaultsFile } from "./run-links.ts";
import { RunTopics } from "./run-topics.ts";
import { settle } from "./settle.ts";
import { reasonOf, Supervision } from "./supervision.ts";
import type { ObserverEnd, ObserverProcess, Sampler, Toolbox } from "./toolbox.ts";

/** Between "everybody is ready" and the first due time, so that the start line is read before. */
const START_LEAD_MS = 250;
/** A late feeder goes on until everything is sent; later than this (or the load once more) the run is of no use. */
const FEED_GRACE_MS = 30_000;
const DRAIN_GRACE_MS = 5_000;
const SAMPLE_INTERVAL_MS = 250;

/**
 * One fresh run: own topics and processes, fed to its end, drained, observed to its end, everything stopped. Never throws for
 * what happens to the run: that becomes a problem of the record, and what was measured until then is kept.
 */
export async function executeRun(context: RunContext, toolbox: Toolbox): Promise<Executed> {
  const execution = new Execution(context, toolbox);
  return { record: await execution.run(), deleteTopics: () => execution.deleteTopics() };
}

export interface Executed {
  readonly record: RunRecord;
  /** To be called once nobody needs the records any more (the checker reads those that match nothing); returns what went wrong. */
  deleteTopics(): Promise<readonly FaultlineError[]>;
}

class Execution {
  readonly #context: RunContext;
  readonly #tools: Toolbox;
  readonly #cleanup: Cleanup;
  readonly #topics: RunTopics;
  readonly #supervision = new Supervision();
  readonly #phases: Phases;
  readonly #processes: { role: string; pid: number; niceness: number | null }[] = [];
  readonly #streams: readonly RunStream[];
  readonly #feeders = new Feeders();
  #sampler: Sampler | undefined;
  #observed: ObserverEnd | null = null;
  #faults: FaultSchedule | null = null;
  #startUs = 0;
  #startWallMs = 0;
  #system: Readonly<Record<string, unknown>> = {};

  constructor(context: RunContext, toolbox: Toolbox) {
    this.#context = context;
    this.#tools = toolbox;
    const sleep = (ms: number, signal?: AbortSignal) => toolbox.sleep(ms, signal);
    this.#cleanup = new Cleanup(sleep);
    this.#phases = new Phases(toolbox, this.#supervision);
    this.#topics = new RunTopics(`${context.sweepId}.${context.run.id}`, context.config, context.kafka, sleep);
    this.#streams = runStreams(context.config);
  }

  async run(): Promise<RunRecord> {
    const { signal, kafka } = this.#context;
    const problems: Reason[] = [];
    const offsetAtStart = this.#tools.clockOffsetUs();
    this.#startUs = this.#tools.monotonicUs();
    this.#startWallMs = this.#tools.wallClockMs();
    this.#supervision.watchSignal(signal);
    this.#supervision.watch(kafka.failed, "kafka-failed");
    try {
      await this.#measure();
    } catch (error) {
      problems.push(reasonOf(error));
    }
    const stopErrors = await this.#phases.timed("stop", () => this.#cleanup.run());
    problems.push(...stopErrors.map((error) => reasonOf(error)));
    const ordered = rootCauseFirst(problems, this.#supervision.failures);
    return this.#record(ordered, { start: offsetAtStart, end: this.#tools.clockOffsetUs() });
  }

  deleteTopics(): Promise<readonly FaultlineError[]> {
    return this.#topics.delete();
  }

  async #measure(): Promise<void> {
    await this.#step("topics", "kafka-failed", () => {
      return this.#topics.create(this.#streams, this.#context.config.output.partitions);
    });
    this.#startSampler();
    const observer = await this.#step("observer", "observer-failed", () => this.#startObserver());
    const deployment = await this.#step("deploy", "system-failed", () => this.#deploy());
    await this.#step("feeder", "feeder-failed", () => this.#startFeeders());
    if (this.#feeders.haveEarly) await this.#step("preload", "feeder-failed", () => this.#preload(deployment));
    await this.#step("feed", "feeder-failed", () => this.#feed(observer), this.#feedLimitMs());
    const { drainTimeout } = this.#context.config;
    await this.#step("drain", "drain-timeout", () => deployment.drain(drainTimeout), drainTimeout + DRAIN_GRACE_MS);
    await this.#step("observe", "observer-failed", () => this.#observeToEnd(observer));
    const counters = await this.#phases.limited("system-failed", "reading the counters", () => deployment.counters());
    this.#system = { ...deployment.describe(), counters };
  }

  #feedLimitMs(): number {
    const loadMs = loadDurationMs(this.#context.config);
    return START_LEAD_MS + loadMs + Math.max(loadMs, FEED_GRACE_MS);
  }

  #startSampler(): void {
    const { directories, kafka } = this.#context;
    const file = `${directories.raw}/resources.jsonl`;
    const sampler = this.#tools.startSampler({ intervalMs: SAMPLE_INTERVAL_MS, file });
    this.#sampler = sampler;
    this.#cleanup.add("sampler", async () => {
      await sampler.stop();
    });
    this.#noteProcess("harness", process.pid, null);
    if (kafka.pid !== null) this.#noteProcess("broker", kafka.pid, null);
  }

  async #startObserver(): Promise<ObserverProcess> {
    const { config, kafka, directories, guard, events } = this.#context;
    const start = () =>
      this.#tools.startObserver({
        config,
        brokers: kafka.brokers,
        topic: this.#topics.output,
        startWallMs: this.#startWallMs,
        rawDirectory: directories.raw,
        logDirectory: directories.logs,
        guard,
        onProgress: (progress) => events.observed(progress),
      });
    const observer = await this.#cleanup.own("observer", start, (started) => started.stop());
    this.#supervision.watch(observer.failed, "observer-failed");
    this.#noteProcess("observer", observer.pid, this.#tools.raisePriority(observer.pid));
    return observer;
  }

  async #deploy(): Promise<Deployment> {
    const { config, kafka, directories, guard, run, sweepId } = this.#context;
    const endOffsets = (topic: string, partitions: number) => kafka.endOffsets(topic, partitions);
    const links = await startRunLinks(this.#context, this.#tools, this.#cleanup);
    if (links !== null) {
      this.#supervision.watch(links.failed, "fault-unplanned");
      this.#noteProcess("link-proxy", links.pid, this.#tools.raisePriority(links.pid));
    }
    const storeFaults = storeFaultsFile(this.#context);
    const system = await this.#tools.system(config.system, { guard, signal: this.#context.signal, endOffsets });
    const deploy = () =>
      system.deploy({
        runId: `${sweepId}.${run.id}`,
        config: deployConfig(config),
        brokers: links?.brokers ?? kafka.brokers,
        inputTopic: inputTopic(this.#topics.prefix, SOURCE_ID),
        inputPartitions: config.data.partitions,
        inputs: this.#streams.map(({ name, partitions }) => {
          return { source: name, topic: inputTopic(this.#topics.prefix, name), partitions };
        }),
        outputTopic: this.#topics.output,
        outputPartitions: config.output.partitions,
        ...(this.#topics.cutLog === null ? {} : { cutLogTopic: this.#topics.cutLog }),
        logDir: directories.logs,
        spawn: this.#tools.spawner(directories.logs, guard),
        ...(links === null ? {} : { links }),
        ...(storeFaults === null ? {} : { storeFaults }),
      });
    const deployment = await this.#cleanup.own(`system ${system.name}`, deploy, (started) => started.stop());
    this.#supervision.watch(deployment.failed, "system-failed");
    for (const { role, pid } of deployment.processes) this.#noteProcess(role, pid, null);
    deployment.faults?.onProcess(({ role, pid }) => this.#noteProcess(role, pid, null));
    this.#cleanup.add("history", () => writeHistory(directories.raw, deployment));
    const started = (role: string, pid: number) => this.#noteProcess(role, pid, null);
    this.#faults = faultsOf(this.#context, this.#tools, deployment, { started, links, storeFaults });
    this.#cleanup.add("faults", async () => this.#faults?.stop());
    this.#system = deployment.describe();
    return deployment;
  }

  async #startFeeders(): Promise<void> {
    const starts = this.#streams.flatMap((stream) => feederStarts(this.#context, this.#topics.prefix, stream));
    for (const options of starts) {
      const role = feederRole(options.stream, options.part);
      const start = () => this.#tools.startFeeder(options);
      const feeder = await this.#cleanup.own(role, start, (started) => started.stop());
      this.#supervision.watch(new Promise((resolve) => feeder.done.catch(resolve)), "feeder-failed");
      this.#noteProcess(role, feeder.pid, this.#tools.raisePriority(feeder.pid));
      this.#feeders.add(options.stream, options.part, feeder);
    }
  }

  /** Sends the early streams and lets the system take them in. */
  async #preload(deployment: Deployment): Promise<void> {
    await this.#feeders.feed("early", this.#tools, START_LEAD_MS);
    await settle(deployment, this.#streams, (ms) => this.#tools.sleep(ms, this.#context.signal));
  }

  async #feed(observer: ObserverProcess): Promise<void> {
    await this.#feeders.feed("others", this.#tools, START_LEAD_MS, (startUs) => {
      this.#startUs = startUs;
      observer.start(startUs);
      this.#faults?.start(startUs);
    });
  }

  async #observeToEnd(observer: ObserverProcess): Promise<void> {
    const { kafka, config } = this.#context;
    const endOffsets = await kafka.endOffsets(this.#topics.output, config.output.partitions);
    this.#observed = await observer.stopAt(endOffsets);
  }

  #noteProcess(role: string, pid: number, niceness: number | null): void {
    this.#processes.push({ role, pid, niceness });
    this.#sampler?.add(role, pid);
  }

  #step<T>(name: string, reason: Reason["code"], action: () => Promise<T>, limitMs?: number): Promise<T> {
    this.#context.events.phase(name);
    return this.#phases.run(name, reason, action, limitMs);
  }

  #record(problems: readonly Reason[], clockOffsetUs: RunRecord["clockOffsetUs"]): RunRecord {
    const { run, config } = this.#context;
    return {
      version: 1,
      run,
      config,
      startUs: this.#startUs,
      startWallMs: this.#startWallMs,
      events: totalEvents(this.#streams),
      ...this.#feeders.record(),
      observed: this.#observed?.observed ?? null,
      ...(this.#observed === null ? {} : { heldUp: this.#observed.heldUp }),
      clockOffsetUs,
      phases: this.#phases.done,
      processes: this.#processes,
      inputTopic: inputTopic(this.#topics.prefix, SOURCE_ID),
      outputTopic: this.#topics.output,
      system: this.#system,
      problems,
    };
  }
}
