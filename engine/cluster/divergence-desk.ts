import { present } from "../../base/assert.ts";
import type { PhysicalPlan, Vertex } from "../dataflow/plan.ts";
import type { OutputQuestion, OutputWindow } from "../replication/output-hashes.ts";
import { instanceOf, subtaskOf } from "../replication/subtask.ts";
import { taskFailure } from "../task/task-failure.ts";
import { DivergenceInquiry } from "./divergence-inquiry.ts";
import type { Failure } from "./messages.ts";
import type { OutputReport } from "./output-messages.ts";
import { taskKey } from "./placement.ts";

export interface DivergenceDeskParts {
  readonly plan: PhysicalPlan;
  /** The task has neither failed nor been cancelled: it tells what it sends, and has told it when it has ended. */
  readonly isSound: (vertex: string, subtask: number) => boolean;
  /** Asks a replica; false: its worker is gone. */
  readonly ask: (vertex: string, subtask: number, question: OutputQuestion) => boolean;
  readonly after: (delayUs: number, callback: () => void) => void;
  readonly fail: (failure: Failure) => void;
}

/** A window as one replica has told it. */
interface Told extends OutputWindow {
  readonly replica: number;
}

/** Two replicas of an instance have sent different things on a channel. */
export interface Mismatch {
  readonly vertex: Vertex;
  readonly instance: number;
  readonly channel: number;
  readonly window: OutputWindow;
  /** Up to this element the channel was the same in the window before. */
  readonly agreed: number;
  readonly told: readonly Told[];
}

/** Windows of one instance that wait for further replicas: one that is lost, or behind by more, is not compared. */
const MAX_WINDOWS = 256;
/** Longest wait for what is upstream of a mismatch before it is taken for the first one, µs. */
const UPSTREAM_WAIT_US = 2_000_000;

/**
 * Where replicas tell what they have sent, window by window, and where it is compared. Those of one instance must agree; the first that do
 * not, seen from the sources, fail the job, as `replicas-diverged`, once it is known what they have sent. A replica that tells nothing,
 * because it is lost, is no mismatch. One desk an attempt.
 */
export class DivergenceDesk {
  readonly #parts: DivergenceDeskParts;
  readonly #vertices: ReadonlyMap<string, Vertex>;
  /** Instance → window → what its replicas have told. */
  readonly #windows = new Map<string, Map<number, Told[]>>();
  /** Instance → channel → last element of the latest window in which all that have told agree. */
  readonly #agreed = new Map<string, readonly number[]>();
  /** Task → latest window that it has told. */
  readonly #latest = new Map<string, number>();
  readonly #mismatches: Mismatch[] = [];
  #inquiry: DivergenceInquiry | null = null;

  constructor(parts: DivergenceDeskParts) {
    this.#parts = parts;
    this.#vertices = new Map(parts.plan.vertices.map((vertex) => [vertex.id, vertex]));
  }

  /** There is a mismatch, so that the job will fail. */
  get isPending(): boolean {
    return this.#mismatches.length > 0;
  }

  onReport(report: OutputReport): void {
    const { vertex, subtask } = report;
    if (report.type === "outputHashes") this.#onHashes(vertex, subtask, report.windows);
    else this.#inquiry?.onDescribed(vertex, subtask, report.description);
  }

  #onHashes(vertexId: string, subtask: number, windows: readonly OutputWindow[]): void {
    const vertex = this.#vertices.get(vertexId);
    if (vertex === undefined || this.#inquiry !== null) return;
    const instance = instanceOf(subtask, vertex.replicas);
    const replica = subtask - subtaskOf(instance, 0, vertex.replicas);
    for (const window of windows) {
      this.#latest.set(taskKey(vertexId, subtask), window.epoch);
      this.#compare(vertex, instance, { ...window, replica });
    }
    this.#inquire(false);
  }

  #compare(vertex: Vertex, instance: number, told: Told): void {
    const name = taskKey(vertex.id, instance);
    const windows = this.#windows.get(name) ?? new Map<number, Told[]>();
    this.#windows.set(name, windows);
    const all = windows.get(told.epoch) ?? [];
    windows.set(told.epoch, all);
    all.push(told);
    const first = all[0]!;
    const channel = told.hashes.findIndex((hash, index) => {
      return hash !== first.hashes[index] || told.numbers[index] !== first.numbers[index];
    });
    if (channel >= 0) {
      const agreed = this.#agreed.get(name)?.[channel] ?? 0;
      this.#mismatches.push({ vertex, instance, channel, window: told, agreed, told: all });
      if (this.#mismatches.length === 1) this.#parts.after(UPSTREAM_WAIT_US, () => this.#inquire(true));
    } else if (all.length > 1) this.#agreed.set(name, told.numbers);
    if (all.length === vertex.replicas) windows.delete(told.epoch);
    for (const epoch of windows.keys()) {
      if (windows.size <= MAX_WINDOWS) break;
      windows.delete(epoch);
    }
  }

  /**
   * What diverges also leads those behind it astray, as each of them takes its input from whoever was first: the job fails for the first
   * mismatch that has none before it, once all before it have told as much.
   */
  #inquire(isOverdue: boolean): void {
    if (this.#inquiry !== null || this.#mismatches.length === 0) return;
    const { vertices } = this.#parts.plan;
    const place = ({ vertex }: Mismatch) => vertices.indexOf(vertex);
    const [first] = this.#mismatches.toSorted((a, b) => place(a) - place(b) || a.window.epoch - b.window.epoch);
    const mismatch = present(first, "mismatch");
    if (!isOverdue && !this.#isToldBefore(mismatch)) return;
    const { plan, ask, after, fail } = this.#parts;
    const done = (error: Error) => fail(taskFailure(error, "comparison of replicas", "replicas-diverged"));
    this.#inquiry = new DivergenceInquiry({ plan, mismatch, ask, after, done });
    this.#inquiry.start();
  }

  /** Everything upstream has told what it had sent by then. */
  #isToldBefore({ vertex, window }: Mismatch): boolean {
    const upstream = upstreamOf(this.#parts.plan, vertex.id);
    return [...this.#vertices.values()].every(({ id, parallelism, replicas }) => {
      if (!upstream.has(id) || replicas === 1) return true;
      return Array.from({ length: parallelism * replicas }, (_, subtask) => subtask).every((subtask) => {
        return (this.#latest.get(taskKey(id, subtask)) ?? 0) >= window.epoch || !this.#parts.isSound(id, subtask);
      });
    });
  }
}

/** Vertices that rows come from, directly or not. */
function upstreamOf({ edges }: PhysicalPlan, vertex: string): ReadonlySet<string> {
  const upstream = new Set<string>();
  const open = [vertex];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const { from, to } of edges) {
      if (to !== id || upstream.has(from)) continue;
      upstream.add(from);
      open.push(from);
    }
  }
  return upstream;
}
