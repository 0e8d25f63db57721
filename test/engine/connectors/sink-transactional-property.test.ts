import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { Random } from "../../../base/random.ts";
import type { AbortFate } from "../../../engine/cluster/checkpoint-facts.ts";
import { TransactionalSink } from "../../../engine/connectors/sink-transactional.ts";
import type { SimulatedProcess } from "../../../engine/simulation/process.ts";
import { type LogWorld, logWorld } from "../simulation/log-world.ts";
import { readTiny, TinyEncoder, tinyBatch } from "../simulation/tiny-rows.ts";

const POOL_SIZE = 4;
/** Checkpoints that may fail one after the other and not be known to be gone: as many as leave one id to prepare with and one to write with. */
const TOLERATED = POOL_SIZE - 2;
/** Another for each execution: a zombie's claim that reaches the log late must not abort what a later one has prepared. */
const poolOf = (attempt: number) => Array.from({ length: POOL_SIZE }, (_, index) => `sink/${attempt}/${index}`);

/** `lose`: the execution goes on, but is thought to be dead; `cancel`: it ends in good order. */
const TROUBLE = ["abort", "abortUncertain", "crash", "completeAndCrash", "lose", "cancel"] as const;

/** What a sink that starts anew is given: its state, and how many rows come before. */
interface Checkpoint {
  readonly id: number;
  readonly rows: number;
  readonly state: Uint8Array;
}

/** One execution of the task: its process, its sink, and how far it is. */
interface Execution {
  readonly attempt: number;
  readonly process: SimulatedProcess;
  readonly sink: TransactionalSink;
  next: number;
  failure: Error | null;
}

type Action =
  | { readonly kind: "emit"; readonly rows: number }
  | { readonly kind: "pass"; readonly timeUs: number }
  | { readonly kind: "prepare" | "complete" | (typeof TROUBLE)[number] };

/** A task with a transactional sink, its coordinator, and the log. Row i has value i and, as time, the execution that wrote it. */
class Model {
  readonly world: LogWorld;
  complete: Checkpoint | null = null;
  /** Of the present execution. */
  #pending: { readonly id: number; readonly rows: number; state: Uint8Array | null } | null = null;
  #now: Execution;
  #zombies: Execution[] = [];
  #checkpointId = 0;
  #attempts = 0;
  #failed = 0;
  restarts = 0;

  constructor(seed: number) {
    const random = new Random(seed);
    const failovers = { everyUs: { min: 1_000, max: 20_000 }, lengthUs: { min: 100, max: 5_000 } };
    const appends = { typicalUs: { min: 20, max: 800 }, stallOneIn: 5, stallFactor: 10 };
    const logBufferBytes = random.below(2) === 0 ? 100 : 1_000_000;
    this.world = logWorld(seed, { appends, logBufferBytes, failovers: random.below(2) === 0 ? failovers : null });
    this.#now = this.#start();
  }

  do(action: Action): void {
    switch (action.kind) {
      case "emit":
        this.#emit(this.#now, action.rows);
        for (const zombie of this.#zombies) this.#emit(zombie, action.rows);
        break;
      case "pass":
        this.world.pass(action.timeUs);
        break;
      case "prepare":
        this.#prepare();
        break;
      case "complete":
        if (this.#completes()) this.#in(this.#now, () => this.#now.sink.commit(this.complete!.id));
        break;
      case "completeAndCrash":
        if (this.#completes()) this.#restart(true);
        break;
      case "abort":
        this.#abort("gone");
        break;
      case "abortUncertain":
        this.#abort("uncertain");
        break;
      case "crash":
        this.#restart(true);
        break;
      case "lose":
        this.#restart(false);
        break;
      case "cancel":
        this.#in(this.#now, () => this.#now.sink.close());
        this.#restart(false);
        this.#zombies.pop();
        break;
    }
    if (this.#now.failure !== null) throw this.#now.failure;
    this.check();
  }

  /** Committed rows are those before the last complete checkpoint, or the first of them, each once and in order. */
  check(): readonly number[] {
    const visible = this.world.log.topics.records("out", 0, "committed").map((value) => readTiny(value).value);
    assert.deepEqual(
      visible,
      visible.map((_, index) => index),
    );
    const complete = this.complete?.rows ?? 0;
    assert.ok(visible.length <= complete, `${visible.length} rows visible, ${complete} in complete checkpoints`);
    return visible;
  }

  /** Everything comes to its end, without further trouble but for a log that is out now and then. */
  finish(): void {
    // Zombies hear at last that their time is over. What they have prepared stays, until the next execution fences them.
    if (this.#zombies.length > 0) {
      for (const { process, sink } of this.#zombies) process.run(() => sink.close());
      this.world.pass(100_000);
      this.#restart(true);
    }
    // Decided first: with its pool used up by checkpoints that failed, a sink waits for what becomes of the pending one.
    this.#abort("gone");
    this.#settle();
    this.#emit(this.#now, 3);
    this.#prepare();
    const pending = this.#pending!;
    this.world.runUntil(() => pending.state !== null, "prepared checkpoint");
    const { rows } = pending;
    this.do({ kind: "complete" });
    this.world.runUntil(() => this.#now.sink.committed, "commit");
    const fromUs = this.world.universe.nowUs;
    this.world.runUntil(() => this.check().length === rows, "sight of all rows");
    assert.ok(this.world.universe.nowUs - fromUs < 1_000_000, "what earlier executions left open hides the rows");
  }

  #emit(execution: Execution, count: number): void {
    this.#in(execution, () => {
      // A task takes no input while its sink is blocked.
      if (execution.sink.blocked || execution.failure !== null) return;
      const rows = Array.from({ length: count }, (_, index) => {
        return { key: 0, value: execution.next + index, time: execution.attempt };
      });
      execution.next += count;
      execution.sink.emit(tinyBatch(rows));
      execution.sink.endStep();
    });
  }

  #prepare(): void {
    if (this.#pending !== null || this.#now.failure !== null) return;
    const pending = { id: ++this.#checkpointId, rows: this.#now.next, state: null as Uint8Array | null };
    this.#pending = pending;
    this.#in(this.#now, () => {
      this.#now.sink.prepare(pending.id, (state) => {
        pending.state = state;
      });
    });
  }

  #completes(): boolean {
    const { id, rows, state } = this.#pending ?? { id: 0, rows: 0, state: null };
    if (state === null) return false;
    this.complete = { id, rows, state };
    this.#pending = null;
    this.#failed = 0;
    return true;
  }

  #abort(fate: AbortFate): void {
    if (this.#pending === null) return;
    const { id } = this.#pending;
    this.#pending = null;
    this.#in(this.#now, () => this.#now.sink.abandon(id, fate));
    if (fate !== "gone" && ++this.#failed > TOLERATED) this.#restart(true);
  }

  /** From the last complete checkpoint; the execution before is dead, or only thought to be. */
  #restart(kills: boolean): void {
    if (kills) {
      this.#now.process.kill();
      for (const { process } of this.#zombies) process.kill();
    }
    this.#zombies = kills ? [] : [...this.#zombies, this.#now];
    this.#pending = null;
    this.#failed = 0;
    this.restarts++;
    this.#now = this.#start();
  }

  #start(): Execution {
    const attempt = ++this.#attempts;
    const process = this.world.start(`p${attempt}`);
    const address = { kind: "memory", brokers: [], topic: "out" };
    const settings = { address, partitions: 1, instance: 0, encoder: new TinyEncoder() };
    const host = {
      wake: () => {},
      fail: (error: Error) => {
        execution.failure ??= error;
      },
    };
    const formerIds = Array.from({ length: attempt - 1 }, (_, before) => poolOf(before + 1)).flat();
    const pool = { transactionalIds: poolOf(attempt), formerIds, timeoutMs: 600_000 };
    const sink = new TransactionalSink({ ...settings, ...pool }, process.world, host);
    const execution: Execution = { attempt, process, sink, next: this.complete?.rows ?? 0, failure: null };
    const state = this.complete?.state;
    this.#in(execution, () => {
      if (state !== undefined) sink.restore(state);
      sink.start();
    });
    return execution;
  }

  #settle(): void {
    this.world.runUntil(() => !this.#now.sink.blocked, "free sink");
    if (this.#now.failure !== null) throw this.#now.failure;
  }

  /** As a callback of the world would, now. */
  #in(execution: Execution, work: () => void): void {
    execution.process.run(work);
    if (execution.process.endError !== null) throw execution.process.endError;
  }
}

const actions: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 8 }).map((rows) => ({ kind: "emit" as const, rows })) },
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 6_000 }).map((timeUs) => ({ kind: "pass" as const, timeUs })) },
  { weight: 4, arbitrary: fc.constant({ kind: "prepare" as const }) },
  { weight: 3, arbitrary: fc.constant({ kind: "complete" as const }) },
  { weight: 2, arbitrary: fc.constantFrom(...TROUBLE).map((kind) => ({ kind })) },
);

/** Three checkpoints that failed, one after the other, and a fourth that is pending: no id is left. */
const USED_UP: Action[] = [
  { kind: "emit", rows: 1 },
  { kind: "prepare" },
  { kind: "pass", timeUs: 50 },
  { kind: "abort" },
  { kind: "emit", rows: 6 },
  { kind: "pass", timeUs: 3743 },
  { kind: "prepare" },
  { kind: "emit", rows: 1 },
  { kind: "abort" },
  { kind: "emit", rows: 1 },
  { kind: "emit", rows: 1 },
  { kind: "prepare" },
  { kind: "abort" },
  { kind: "pass", timeUs: 2989 },
  { kind: "emit", rows: 1 },
  { kind: "prepare" },
];

it("committed readers see every row of complete checkpoints once, in order, and no other, through crashes, zombies and outages", () => {
  const met = { restarts: 0, rows: 0, failovers: 0, repeated: 0 };
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.array(actions, { minLength: 20, maxLength: 80 }), (seed, sequence) => {
      const model = new Model(seed);
      for (const action of sequence) model.do(action);
      model.finish();
      const { failover, repeatedAppend } = model.world.universe.situations.counts;
      met.restarts += model.restarts;
      met.rows += model.check().length;
      met.failovers += failover;
      met.repeated += repeatedAppend;
    }),
    { numRuns: 300, examples: [[0, USED_UP]] },
  );
  assert.ok(met.restarts > 300 && met.rows > 3_000, JSON.stringify(met));
  assert.ok(met.failovers > 100 && met.repeated > 10, JSON.stringify(met));
});
