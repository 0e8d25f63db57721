import type { FaultlineError } from "../../base/errors.ts";
import { loadDurationMs } from "../config/schedule.ts";
import { type RunStream, runStreams, totalEvents } from "../config/streams.ts";
import type { FaultSchedule } from "../faults/schedule.ts";
import { type JobShape, UNREPLICATED } from "../systems/job-shape.ts";
import type { Deployment, SystemUnderTest } from "../systems/system.ts";
import { Cleanup } from "./cleanup.ts";
import { needsElection } from "./deploy-config.ts";
import { deployContext } from "./deploy-context.ts";
import { EarlyAbort } from "./early-abort.ts";
import { Feeders, feederRole, feederStarts } from "./feeders.ts";
import type { Reason, RunRecord } from "./model.ts";
import { observerStart } from "./observer-start.ts";
import { Phases, rootCauseFirst } from "./phases.ts";
import { planRun } from "./plan-run.ts";
import type { RunContext } from "./run-context.ts";
import { faultsOf } from "./run-faults.ts";
import { writeHistory } from "./run-history.ts";
import { startRunLinks, storeFaultsFile } from "./run-links.ts";
import { RunProcesses } from "./run-processes.ts";
import { RunTopics } from "./run-topics.ts";
import { settle } from "./settle.ts";
import { reasonOf, Supervision } from "./supervision.ts";
import { type TaskWatch, watchTasks } from "./task-watch.ts";
import type { ObserverEnd, ObserverProcess, Toolbox } from "./toolbox.ts";

/** Between "everybody is ready" and the first due time, so that the start line is read before. */
const START_LEAD_MS = 250;
/** A late feeder goes on until everything is sent; later than this (or the load once more) the run is of no use. */
const FEED_GRACE_MS = 30_000;
const DRAIN_GRACE_MS = 5_000;

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
  #topics: RunTopics;
  readonly #supervision = new Supervision();
  readonly #phases: Phases;
  readonly #processes = new RunProcesses();
  readonly #streams: readonly RunStream[];
  readonly #feeders = new Feeders();
  readonly #earlyAbort: EarlyAbort;
  #observed: ObserverEnd | null = null;
  #faults: FaultSchedule | null = null;
  #shape: JobShape = UNREPLICATED;
  #tasks: TaskWatch | null = null;
  #startUs = 0;
  #startWallMs = 0;
  #system: Readonly<Record<string, unknown>> = {};

  constructor(context: RunContext, toolbox: Toolbox) {
    this.#context = context;
    this.#tools = toolbox;
    this.#cleanup = new Cleanup((ms, signal) => toolbox.sleep(ms, signal));
    this.#phases = new Phases(toolbox, this.#supervision);
    this.#topics = this.#topicsFor(UNREPLICATED);
    this.#streams = runStreams(context.config);
    this.#earlyAbort = new EarlyAbort(context.config);
  }

  async run(): Promise<RunRecord> {
    const { signal, kafka, zookeeper } = this.#context;
    const problems: Reason[] = [];
    const offsetAtStart = this.#tools.clockOffsetUs();
    this.#startUs = this.#tools.monotonicUs();
    this.#startWallMs = this.#tools.wallClockMs();
    this.#supervision.watchSignal(signal);
    this.#supervision.watch(kafka.failed, "kafka-failed");
    this.#supervision.watch(this.#earlyAbort.hopeless, "threshold-crossed");
    if (zookeeper !== null && this.#elects) this.#supervision.watch(zookeeper.failed, "zookeeper-failed");
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

  #topicsFor(shape: JobShape): RunTopics {
    return RunTopics.of(this.#context, shape, (ms, signal) => this.#tools.sleep(ms, signal));
  }

  async #measure(): Promise<void> {
    const system = await this.#phases.limited("system-failed", "planning the job", () => this.#planned());
    await this.#step("topics", "kafka-failed", () => {
      return this.#topics.create(this.#streams, this.#context.config.output.partitions);
    });
    this.#startSampler();
    const observer = await this.#step("observer", "observer-failed", () => this.#startObserver());
    const deployment = await this.#step("deploy", "system-failed", () => this.#deploy(system));
    await this.#step("feeder", "feeder-failed", () => this.#startFeeders());
    if (this.#feeders.haveEarly) await this.#step("preload", "feeder-failed", () => this.#preload(deployment));
    await this.#step("feed", "feeder-failed", () => this.#feed(observer), this.#feedLimitMs());
    const { drainTimeout } = this.#context.config;
    await this.#step("drain", "drain-timeout", () => deployment.drain(drainTimeout), drainTimeout + DRAIN_GRACE_MS);
    await this.#step("observe", "observer-failed", () => this.#observeToEnd(observer));
    const counters = await this.#phases.limited("system-failed", "reading the counters", () => deployment.counters());
    await this.#tasks?.add(counters);
    this.#system = { ...this.#described(deployment), counters };
    await this.#phases.limited("kafka-failed", "reading back the topics", () => this.#topics.readBack());
  }

  #feedLimitMs(): number {
    const loadMs = loadDurationMs(this.#context.config);
    return START_LEAD_MS + loadMs + Math.max(loadMs, FEED_GRACE_MS);
  }

  #startSampler(): void {
    const zookeeperPid = this.#elects ? (this.#context.zookeeper?.pid ?? null) : null;
    const sampler = this.#processes.startSampling(this.#tools, this.#context, zookeeperPid);
    this.#cleanup.add("sampler", async () => {
      await sampler.stop();
    });
  }

  async #startObserver(): Promise<ObserverProcess> {
    const options = observerStart(this.#context, this.#topics.output, this.#startWallMs);
    const start = () => this.#tools.startObserver(this.#earlyAbort.watching(options, this.#tools));
    const observer = await this.#cleanup.own("observer", start, (started) => started.stop());
    this.#supervision.watch(observer.failed, "observer-failed");
    this.#processes.note("observer", observer.pid, this.#tools.raisePriority(observer.pid));
    return observer;
  }

  /** What its job is made of decides the topics. */
  async #planned(): Promise<SystemUnderTest> {
    const { system, shape } = await planRun(this.#context, this.#tools);
    this.#shape = shape;
    this.#topics = this.#topicsFor(shape);
    return system;
  }

  async #deploy(system: SystemUnderTest): Promise<Deployment> {
    const { config, directories, guard } = this.#context;
    const links = await startRunLinks(this.#context, this.#tools, this.#cleanup);
    if (links !== null) {
      this.#supervision.watch(links.failed, "fault-unplanned");
      this.#processes.note("link-proxy", links.pid, this.#tools.raisePriority(links.pid));
    }
    const storeFaults = storeFaultsFile(this.#context);
    const raw = config.sampling.runtime ? directories.raw : null;
    const spawn = this.#tools.spawner({ logs: directories.logs, raw }, guard);
    const parts = { topics: this.#topics, streams: this.#streams, shape: this.#shape, spawn, links, storeFaults };
    const deploy = () => system.deploy(deployContext(this.#context, parts));
    const deployment = await this.#cleanup.own(`system ${system.name}`, deploy, (started) => started.stop());
    this.#supervision.watch(deployment.failed, "system-failed");
    for (const { role, pid } of deployment.processes) this.#processes.note(role, pid, null);
    deployment.faults?.onProcess(({ role, pid }) => this.#processes.note(role, pid, null));
    this.#cleanup.add("history", () => writeHistory(directories.raw, deployment, this.#shape));
    const started = (role: string, pid: number) => this.#processes.note(role, pid, null);
    const access = { started, links, storeFaults, vertices: this.#shape.vertices };
    this.#faults = faultsOf(this.#context, this.#tools, deployment, access);
    this.#cleanup.add("faults", async () => this.#faults?.stop());
    this.#system = this.#described(deployment);
    this.#tasks = watchTasks(this.#context, this.#tools, deployment, this.#shape);
    this.#cleanup.add("task watch", async () => this.#tasks?.stop());
    return deployment;
  }

  #described(deployment: Deployment): Readonly<Record<string, unknown>> {
    const { zookeeper } = this.#context;
    return { ...deployment.describe(), ...(this.#elects ? { zookeeper: zookeeper?.description } : {}) };
  }

  /** Leaders are elected in this run. */
  get #elects(): boolean {
    return this.#context.zookeeper !== null && needsElection(this.#context.config);
  }

  async #startFeeders(): Promise<void> {
    const starts = this.#streams.flatMap((stream) => feederStarts(this.#context, this.#topics.prefix, stream));
    for (const options of starts) {
      const role = feederRole(options.stream, options.part);
      const start = () => this.#tools.startFeeder(options);
      const feeder = await this.#cleanup.own(role, start, (started) => started.stop());
      this.#supervision.watch(new Promise((resolve) => feeder.done.catch(resolve)), "feeder-failed");
      this.#processes.note(role, feeder.pid, this.#tools.raisePriority(feeder.pid));
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
      this.#earlyAbort.start(startUs);
      observer.start(startUs);
      this.#faults?.start(startUs);
    });
  }

  async #observeToEnd(observer: ObserverProcess): Promise<void> {
    const { kafka, config } = this.#context;
    this.#observed = await observer.stopAt(await kafka.endOffsets(this.#topics.output, config.output.partitions));
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
      processes: this.#processes.all,
      ...this.#topics.record(),
      system: this.#system,
      problems,
    };
  }
}
