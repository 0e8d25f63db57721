import { wallClockMs } from "../../../base/clock.ts";
import { clockTime } from "../record.ts";
import { areEqual, type Counts, countsText, totalsOf, windowsOf } from "./counts.ts";
import type { Demo, DemoStep, SubmitStep, TypeStep } from "./schema.ts";
import type { Stage } from "./stage.ts";

/** Lines are typed so long after the begin of a window, so that they are in it whole. */
const AFTER_BEGIN_MS = 100;
/** So late a window's rows may come, and a job may get to the state that is expected. */
const ROWS_LIMIT_MS = 5_000;
const STATE_LIMIT_MS = 15_000;

/** Plays a demo step by step, tells what is seen, and counts what was not as it must be. */
export class Play {
  readonly #demo: Demo;
  readonly #stage: Stage;
  readonly #say: (line: string) => void;
  #checks = 0;
  #wrong = 0;
  /** Windows that were looked at, by their last ms. */
  #seen = new Set<number>();

  constructor(demo: Demo, stage: Stage, say: (line: string) => void) {
    this.#demo = demo;
    this.#stage = stage;
    this.#say = say;
  }

  get checks(): number {
    return this.#checks;
  }

  get wrong(): number {
    return this.#wrong;
  }

  async perform(): Promise<void> {
    for (const { title, steps } of this.#demo.acts) {
      this.#say(`\n${title}`);
      for (const step of steps) await this.#step(step);
    }
  }

  async #step(step: DemoStep): Promise<void> {
    if ("submit" in step) await this.#submit(step.submit);
    else if ("lines" in step) await this.#type(step);
    else if ("stop" in step) await this.#stop(step.stop, step.jobIs);
    else if ("end" in step) await this.#end(step.end);
    else if ("addWorkers" in step) await this.#addWorkers(step.addWorkers);
    else await this.#compare();
  }

  async #submit(submit: SubmitStep): Promise<void> {
    const { jobId, workers } = await this.#stage.submit(submit);
    this.#seen = new Set();
    const restart = submit.recovery === "none" ? "no restart strategy" : "restarts from checkpoints";
    const note = submit.input === "socket" ? "; at-most-once: a socket cannot be read again" : "";
    this.#tell(`submit ${submit.job} as ${jobId} on ${workers} worker${workers === 1 ? "" : "s"}: ${restart}${note}`);
    await this.#tellWorkers();
  }

  async #type({ lines, window, totals }: TypeStep): Promise<void> {
    const typist = await this.#stage.typist();
    if (window !== undefined) await this.#untilWindowBegins();
    const readers = await typist.type(lines);
    for (const line of lines) this.#tell(`type   ${line}${readers === 0 ? "   (nobody is connected)" : ""}`);
    if (window !== undefined) await this.#expectWindow(window);
    if (totals !== undefined) await this.#expectTotals(totals);
  }

  async #untilWindowBegins(): Promise<void> {
    const { window } = this.#demo;
    await this.#stage.pause(window - (wallClockMs() % window) + AFTER_BEGIN_MS);
  }

  /** The rows that come from now on are those of one window, and it is the expected one. */
  async #expectWindow(expected: Counts): Promise<void> {
    const fresh = () => [...windowsOf(this.#stage.rows())].filter(([end]) => !this.#seen.has(end));
    await this.#stage.pause(this.#demo.window - (wallClockMs() % this.#demo.window) + AFTER_BEGIN_MS);
    const isNothing = Object.keys(expected).length === 0;
    if (!isNothing) {
      await this.#stage.until(ROWS_LIMIT_MS, () => fresh().some(([, counts]) => areEqual(counts, expected)));
    }
    const windows = fresh();
    for (const [end, counts] of windows) {
      this.#seen.add(end);
      this.#tell(`window ${countsText(counts)}`);
    }
    const isRight = isNothing ? windows.length === 0 : windows.length === 1 && areEqual(windows[0]![1], expected);
    this.#check(isRight, isNothing ? "nothing is counted" : "the golden window", countsText(expected));
  }

  async #expectTotals(expected: Counts): Promise<void> {
    const reached = () => {
      const totals = totalsOf(this.#stage.rows());
      return Object.fromEntries(Object.keys(expected).map((word) => [word, totals[word] ?? 0]));
    };
    await this.#stage.until(STATE_LIMIT_MS, () => areEqual(reached(), expected));
    this.#tell(`totals ${countsText(reached())}`);
    this.#check(areEqual(reached(), expected), "the expected totals", countsText(expected));
  }

  async #stop(target: string, jobIs: "failed" | "running"): Promise<void> {
    await this.#tellWorkers();
    const { role, afterMs } = await this.#stage.stop(target);
    this.#tell(`stop   ${role} (SIGTERM): gone after ${afterMs?.toFixed(0)} ms`);
    const isThere = await this.#stage.until(STATE_LIMIT_MS, async () => {
      const { job, workers } = await this.#stage.status();
      return job?.state === jobIs && !workers.includes(role);
    });
    await this.#tellWorkers();
    const { job } = await this.#stage.status();
    this.#tell(`job    ${job?.jobId} is ${job?.state.toUpperCase()}, attempt ${job?.attempt}`);
    this.#check(
      isThere,
      jobIs === "failed" ? "the job has failed" : "the job runs again by itself",
      jobIs.toUpperCase(),
    );
  }

  async #end(how: "hangUp" | "drain"): Promise<void> {
    if (how === "hangUp") (await this.#stage.typist()).hangUp();
    else await this.#stage.drain();
    const isThere = await this.#stage.until(STATE_LIMIT_MS, async () => {
      return (await this.#stage.status()).job?.state === "finished";
    });
    this.#tell(how === "hangUp" ? "hang up the socket" : "drain the job");
    this.#check(isThere, "the job has finished", "FINISHED");
  }

  async #addWorkers(count: number): Promise<void> {
    for (let i = 0; i < count; i++) this.#tell(`start  ${await this.#stage.addWorker()}`);
  }

  /** The same job over the same topic once more, with nothing broken. */
  async #compare(): Promise<void> {
    const { submit, jobId } = this.#stage.job;
    const rows = this.#stage.rows();
    const faulted = totalsOf(rows);
    await this.#submit({ ...submit, recovery: "none" });
    await this.#end("drain");
    const freeRows = this.#stage.rows();
    const twice = rows.length - freeRows.length;
    this.#tell(
      `rows   ${rows.length} of ${jobId}, ${freeRows.length} without faults: ${twice} came twice (at-least-once)`,
    );
    this.#check(
      areEqual(faulted, totalsOf(freeRows)),
      "totals as in the fault-free run",
      countsText(totalsOf(freeRows)),
    );
  }

  async #tellWorkers(): Promise<void> {
    const { workers, tasks } = await this.#stage.status();
    const shown = workers.map((name) => {
      const own = tasks.filter(({ worker }) => worker === name).map(({ vertex, subtask }) => `${vertex}/${subtask}`);
      return own.length === 0 ? name : `${name} (${own.join(", ")})`;
    });
    this.#tell(`ps     ${shown.join("  ") || "no worker"}`);
  }

  #check(isRight: boolean, what: string, expected: string): void {
    this.#checks += 1;
    if (!isRight) this.#wrong += 1;
    this.#tell(isRight ? `ok     ${what}` : `WRONG  expected ${what}: ${expected}`);
  }

  #tell(text: string): void {
    this.#say(`${clockTime(wallClockMs())}  ${text}`);
  }
}
