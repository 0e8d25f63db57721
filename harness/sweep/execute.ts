import type { FaultlineError } from "../../base/errors.ts";
import { eventCount } from "../config/schedule.ts";
import type { Config } from "../config/schema.ts";
import type { Guard } from "../services/guard.ts";
import type { Deployment } from "../systems/system.ts";
import { Cleanup } from "./cleanup.ts";
import { deployConfig } from "./deploy-config.ts";
import type { SweepEvents } from "./events.ts";
import type { FeederSummary, PlannedRun, Reason, RunRecord } from "./model.ts";
import { reasonOf, Supervision } from "./supervision.ts";
import { limitTime } from "./time-limit.ts";
import type { FeederProcess, KafkaService, ObserverProcess, Sampler, Toolbox } from "./toolbox.ts";

/** What one execution needs; its processes come from the toolbox. */
export interface RunContext {
  readonly run: PlannedRun;
  readonly config: Config;
  /** Begins the names of its topics; unique among sweeps on the same cluster. */
  readonly sweepId: string;
  readonly directories: { readonly raw: string; readonly logs: string };
  readonly kafka: KafkaService;
  readonly guard: Guard;
  readonly signal: AbortSignal;
  readonly events: SweepEvents;
}

/** Between "everybody is ready" and the first due time, so that the start line is read before. */
const START_LEAD_MS = 250;
const DEPLOY_LIMIT_MS = 60_000;
const OBSERVER_LIMIT_MS = 30_000;
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
  readonly #topics: Cleanup;
  readonly #supervision = new Supervision();
  readonly #phases: { name: string; startUs: number; endUs: number }[] = [];
  readonly #processes: { role: string; pid: number; niceness: number | null }[] = [];
  readonly #inputTopic: string;
  readonly #outputTopic: string;
  #sampler: Sampler | undefined;
  #feeder: FeederSummary | null = null;
  #startUs = 0;
  #startWallMs = 0;
  #system: Readonly<Record<string, unknown>> = {};

  constructor(context: RunContext, toolbox: Toolbox) {
    this.#context = context;
    this.#tools = toolbox;
    this.#cleanup = new Cleanup((ms, signal) => toolbox.sleep(ms, signal));
    this.#topics = new Cleanup((ms, signal) => toolbox.sleep(ms, signal));
    const prefix = `${context.sweepId}.${context.run.id}`;
    this.#inputTopic = `${prefix}.in`;
    this.#outputTopic = `${prefix}.out`;
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
    const stopErrors = await this.#timed("stop", () => this.#cleanup.run());
    problems.push(...stopErrors.map((error) => reasonOf(error)));
    return this.#record(problems, { start: offsetAtStart, end: this.#tools.clockOffsetUs() });
  }

  deleteTopics(): Promise<readonly FaultlineError[]> {
    return this.#topics.run();
  }

  async #measure(): Promise<void> {
    await this.#step("topics", "kafka-failed", () => this.#createTopics());
    this.#startSampler();
    const observer = await this.#step("observer", "observer-failed", () => this.#startObserver());
    const deployment = await this.#step("deploy", "system-failed", () => this.#deploy());
    const feeder = await this.#step("feeder", "feeder-failed", () => this.#startFeeder());
    await this.#step("feed", "feeder-failed", () => this.#feed(feeder, observer));
    const { drainTimeout } = this.#context.config;
    await this.#step("drain", "drain-timeout", () => deployment.drain(drainTimeout));
    await this.#step("observe", "observer-failed", () => this.#observeToEnd(observer));
    this.#system = { ...deployment.describe(), counters: await deployment.counters() };
  }

  async #createTopics(): Promise<void> {
    const { data, output } = this.#context.config;
    await this.#createTopic(this.#inputTopic, data.partitions, "CreateTime");
    await this.#createTopic(this.#outputTopic, output.partitions, "LogAppendTime");
  }

  /** Deleted at the end, but only if it was this run that created it. */
  #createTopic(topic: string, partitions: number, timestamps: "CreateTime" | "LogAppendTime"): Promise<void> {
    const { kafka } = this.#context;
    const create = () => kafka.createTopic(topic, partitions, timestamps);
    return this.#topics.own(`topic ${topic}`, create, () => kafka.deleteTopics([topic]));
  }

  #startSampler(): void {
    const { directories, kafka } = this.#context;
    const sampler = this.#tools.startSampler({
      intervalMs: SAMPLE_INTERVAL_MS,
      file: `${directories.raw}/resources.jsonl`,
    });
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
        topic: this.#outputTopic,
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
    const system = await this.#tools.system(config.system);
    const deploy = () =>
      system.deploy({
        runId: `${sweepId}.${run.id}`,
        config: deployConfig(config),
        brokers: kafka.brokers,
        inputTopic: this.#inputTopic,
        inputPartitions: config.data.partitions,
        outputTopic: this.#outputTopic,
        outputPartitions: config.output.partitions,
        logDir: directories.logs,
        spawn: this.#tools.spawner(directories.logs, guard),
      });
    const deploying = this.#cleanup.own(`system ${system.name}`, deploy, (started) => started.stop());
    const sleep = (ms: number, signal?: AbortSignal) => this.#tools.sleep(ms, signal);
    const deployment = await limitTime(deploying, DEPLOY_LIMIT_MS, `deploying ${config.query}`, sleep);
    this.#supervision.watch(deployment.failed, "system-failed");
    for (const { role, pid } of deployment.processes) this.#noteProcess(role, pid, null);
    this.#system = deployment.describe();
    return deployment;
  }

  async #startFeeder(): Promise<FeederProcess> {
    const { config, kafka, directories, guard, events } = this.#context;
    const start = () =>
      this.#tools.startFeeder({
        config,
        brokers: kafka.brokers,
        topic: this.#inputTopic,
        rawDirectory: directories.raw,
        logDirectory: directories.logs,
        guard,
        onProgress: (progress) => events.fed(progress),
      });
    const feeder = await this.#cleanup.own("feeder", start, (started) => started.stop());
    this.#supervision.watch(new Promise((resolve) => feeder.done.catch(resolve)), "feeder-failed");
    this.#noteProcess("feeder", feeder.pid, this.#tools.raisePriority(feeder.pid));
    return feeder;
  }

  async #feed(feeder: FeederProcess, observer: ObserverProcess): Promise<void> {
    this.#startUs = this.#tools.monotonicUs() + START_LEAD_MS * 1000;
    observer.start(this.#startUs);
    feeder.start(this.#startUs, this.#tools.wallClockMs() + START_LEAD_MS);
    this.#feeder = await feeder.done;
  }

  async #observeToEnd(observer: ObserverProcess): Promise<void> {
    const { kafka, config } = this.#context;
    const endOffsets = await kafka.endOffsets(this.#outputTopic, config.output.partitions);
    const sleep = (ms: number, signal?: AbortSignal) => this.#tools.sleep(ms, signal);
    await limitTime(observer.stopAt(endOffsets), OBSERVER_LIMIT_MS, "reading the last outputs", sleep);
  }

  #noteProcess(role: string, pid: number, niceness: number | null): void {
    this.#processes.push({ role, pid, niceness });
    this.#sampler?.add(role, pid);
  }

  #step<T>(name: string, reason: Reason["code"], action: () => Promise<T>): Promise<T> {
    this.#context.events.phase(name);
    return this.#timed(name, () => this.#supervision.during(reason, action));
  }

  async #timed<T>(name: string, action: () => Promise<T>): Promise<T> {
    const startUs = this.#tools.monotonicUs();
    try {
      return await action();
    } finally {
      this.#phases.push({ name, startUs, endUs: this.#tools.monotonicUs() });
    }
  }

  #record(problems: readonly Reason[], clockOffsetUs: RunRecord["clockOffsetUs"]): RunRecord {
    const { run, config } = this.#context;
    return {
      version: 1,
      run,
      config,
      startUs: this.#startUs,
      startWallMs: this.#startWallMs,
      events: eventCount(config),
      feeder: this.#feeder,
      clockOffsetUs,
      phases: this.#phases,
      processes: this.#processes,
      inputTopic: this.#inputTopic,
      outputTopic: this.#outputTopic,
      system: this.#system,
      problems,
    };
  }
}
