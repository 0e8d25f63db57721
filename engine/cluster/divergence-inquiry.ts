import type { PhysicalPlan } from "../dataflow/plan.ts";
import type { OutputDescription, OutputQuestion } from "../replication/output-hashes.ts";
import { subtaskOf } from "../replication/subtask.ts";
import { type Divergence, findDivergence, grouped } from "./divergence.ts";
import type { Mismatch } from "./divergence-desk.ts";
import { divergenceFailure } from "./divergence-failure.ts";

interface InquiryParts {
  readonly plan: PhysicalPlan;
  readonly mismatch: Mismatch;
  /** Asks a replica; false: its worker is gone. */
  readonly ask: (vertex: string, subtask: number, question: OutputQuestion) => boolean;
  readonly after: (delayUs: number, callback: () => void) => void;
  /** The job's error, once. */
  readonly done: (error: Error) => void;
}

/** Longest wait for the answers to one question, µs. */
const ANSWER_WAIT_US = 2_000_000;

/** Finds out in which element the replicas of an instance differ: asks them for their hashes, then for the text of the first that differs. */
export class DivergenceInquiry {
  readonly #parts: InquiryParts;
  readonly #answers = new Map<number, OutputDescription>();
  #awaited = new Set<number>();
  /** Counts questions, so that a limit that is over does not end the wait for a later one. */
  #question = 0;
  #onAnswered: () => void = () => {};

  constructor(parts: InquiryParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#ask(null, () => this.#onHashes());
  }

  onDescribed(vertex: string, subtask: number, description: OutputDescription): void {
    const { mismatch } = this.#parts;
    const replica = subtask - subtaskOf(mismatch.instance, 0, mismatch.vertex.replicas);
    if (vertex !== mismatch.vertex.id || !this.#awaited.delete(replica)) return;
    this.#answers.set(replica, description);
    if (this.#awaited.size === 0) this.#answered();
  }

  #ask(record: OutputQuestion["record"], onAnswered: () => void): void {
    const { ask, after, mismatch } = this.#parts;
    const { vertex, instance, channel, window } = mismatch;
    const question = { channel, after: window.after, upTo: window.epoch, record };
    this.#answers.clear();
    this.#onAnswered = onAnswered;
    const replicas = Array.from({ length: vertex.replicas }, (_, replica) => replica);
    this.#awaited = new Set(
      replicas.filter((replica) => ask(vertex.id, subtaskOf(instance, replica, vertex.replicas), question)),
    );
    const number = ++this.#question;
    if (this.#awaited.size === 0) this.#answered();
    else {
      after(ANSWER_WAIT_US, () => {
        if (number === this.#question) this.#answered();
      });
    }
  }

  #answered(): void {
    this.#awaited.clear();
    this.#question++;
    this.#onAnswered();
  }

  #onHashes(): void {
    const { mismatch } = this.#parts;
    const outputs = [...this.#answers].map(([replica, { epochs }]) => ({ replica, epochs }));
    const divergence = findDivergence(outputs, mismatch.agreed) ?? this.#unknown();
    if (divergence.kind !== "record") {
      this.#finish(divergence);
      return;
    }
    const { epoch, position } = divergence;
    this.#ask({ epoch, position }, () => this.#finish(divergence));
  }

  /** What the mismatch itself says, where too few are left to ask. */
  #unknown(): Divergence {
    const { told, channel, agreed } = this.#parts.mismatch;
    const groups = grouped(told, told, ({ hashes, numbers }) => `${hashes[channel]} ${numbers[channel]}`);
    const last = Math.max(...told.map(({ numbers }) => numbers[channel]!));
    return { kind: "range", groups, first: agreed + 1, last };
  }

  #finish(divergence: Divergence): void {
    const { plan, mismatch, done } = this.#parts;
    const texts = new Map([...this.#answers].map(([replica, { record }]) => [replica, record]));
    done(divergenceFailure(plan, mismatch, divergence, texts));
  }
}
