import { CheckpointCoordinator } from "../../../engine/checkpoint/checkpoint-coordinator.ts";
import type { CheckpointOrder } from "../../../engine/checkpoint/checkpoint-effects.ts";
import { snapshotFileName } from "../../../engine/checkpoint/paths.ts";
import type { AbortFate, CheckpointReport } from "../../../engine/cluster/checkpoint-facts.ts";
import { type CheckpointSettings, DEFAULT_CHECKPOINTS } from "../../../engine/cluster/job-spec.ts";
import type { Failure } from "../../../engine/cluster/messages.ts";
import { FakeWorld } from "./fake-world.ts";

export const COST = { startDelayUs: 1, alignmentUs: 2, alignmentBytes: 3, syncUs: 4, asyncUs: 5, bytes: 10 };
export const TASKS = [
  { vertex: "source", subtask: 0 },
  { vertex: "source", subtask: 1 },
  { vertex: "window", subtask: 0 },
];
export const JOB = { graphHash: "g1", parallelism: { source: 2, window: 1 } };
export const FAST: CheckpointSettings = { ...DEFAULT_CHECKPOINTS, intervalUs: 1000, timeoutUs: 5000 };

/** A coordinator of checkpoints with tasks that store what the test tells them to. */
export class Coordinated {
  readonly world: FakeWorld;
  readonly coordinator: CheckpointCoordinator;
  readonly orders: CheckpointOrder[] = [];
  readonly reports: CheckpointReport[] = [];
  readonly failures: Failure[] = [];
  /** Effects in their order, as words. */
  readonly told: string[] = [];
  /** What was told of those that were given up, in order. */
  readonly fates: { readonly checkpointId: number; readonly fate: AbortFate }[] = [];

  constructor(settings: Partial<CheckpointSettings> = {}, world = new FakeWorld()) {
    this.world = world;
    this.coordinator = new CheckpointCoordinator({
      jobId: "j",
      settings: { ...FAST, ...settings },
      graphHash: JOB.graphHash,
      world,
      effects: {
        trigger: (order) => {
          this.orders.push(order);
          this.told.push(`trigger ${order.checkpointId}`);
        },
        complete: (id) => this.told.push(`complete ${id}`),
        abort: (id, fate) => {
          this.fates.push({ checkpointId: id, fate });
          if (!this.told.includes(`abort ${id}`)) this.told.push(`abort ${id}`);
        },
        phase: (id, phase) => this.told.push(`${phase} ${id}`),
        report: (report) => this.reports.push(report),
        fail: (failure) => this.failures.push(failure),
      },
    });
  }

  get lastOrder(): CheckpointOrder {
    return this.orders.at(-1)!;
  }

  /** Attempt 1 runs, and the store has answered. */
  begin(attempt = 1, restored: { readonly checkpointId: number } | null = null): void {
    this.coordinator.begin(attempt, TASKS, restored);
    this.world.store.finishAll();
  }

  /** A task stores its part of the newest checkpoint and says so. */
  store(task = 0, order = this.lastOrder): void {
    const { vertex, subtask } = TASKS[task]!;
    const file = snapshotFileName(vertex, subtask);
    this.world.store.files.set(`${order.folder}/${file}`, new Uint8Array(10));
    this.coordinator.onStored(order.checkpointId, { vertex, subtask, file, bytes: 10, checksum: 1 }, COST);
  }

  storeAll(): void {
    for (const task of TASKS.keys()) this.store(task);
  }

  /** One whole checkpoint: the interval passes, all store, the store answers. */
  checkpoint(): void {
    this.world.pass(1000);
    this.storeAll();
    this.world.store.finishAll();
  }

  folders(): readonly string[] {
    return [...new Set([...this.world.store.files.keys()].map((file) => file.slice(0, file.lastIndexOf("/"))))].sort();
  }
}
