import type { PendingSnapshot } from "../../../engine/checkpoint/pending-snapshot.ts";
import { type CheckpointSettings, DEFAULT_JOB_OPTIONS, type JobOptions } from "../../../engine/cluster/job-spec.ts";
import type { Failure, TaskState } from "../../../engine/cluster/messages.ts";
import type { LogicalGraph } from "../../../engine/dataflow/graph.ts";
import { planJob } from "../../../engine/dataflow/planner.ts";
import type { CallOut } from "../../../engine/ports.ts";
import { BinaryRowReader, BinaryRowWriter } from "../../../engine/rows/binary.ts";
import { buildTask } from "../../../engine/task/build-task.ts";
import type { Element } from "../../../engine/task/element.ts";
import { elementOfFrame, frameParts } from "../../../engine/task/element-codec.ts";
import { FRAME_CREDIT, type Frame, frameCost, NO_PAYLOAD } from "../../../engine/task/frame.ts";
import type { FrameLink } from "../../../engine/task/link.ts";
import { TINY, type TinyRow, tinyBatch, tinyRows } from "../simulation/tiny-rows.ts";
import { ManualLog, ManualTime } from "./manual-world.ts";

export const ATTEMPT = 1;

/** One task of a graph alone: the test plays all the others. */
export function rigTask(
  graph: LogicalGraph,
  vertexId: string,
  changes: {
    options?: Partial<JobOptions>;
    parallelism?: number;
    replicas?: number;
    callOut?: CallOut;
    checkpoints?: CheckpointSettings;
  } = {},
) {
  const time = new ManualTime();
  const log = new ManualLog();
  const plan = planJob(graph, {
    parallelism: changes.parallelism ?? 1,
    keyGroups: 16,
    replicas: replicasOf(changes.replicas ?? 1),
  });
  const sent: Frame[] = [];
  const credits: Frame[] = [];
  const states: [TaskState, Failure | null][] = [];
  const snapshots: { readonly id: number; readonly bytes: Uint8Array }[] = [];
  const link: FrameLink = {
    writable: true,
    send: (frame) => (frame.kind === FRAME_CREDIT ? credits : sent).push(frame),
  };
  const task = buildTask(
    {
      graph,
      plan,
      attempt: ATTEMPT,
      job: {
        jobId: "j",
        name: "j",
        module: "m",
        parameters: {},
        parallelism: 1,
        keyGroups: 16,
        sources: { source: { kind: "memory", brokers: [], topic: "in", partitions: 1 } },
        sinks: { sink: { kind: "memory", brokers: [], topic: "out", partitions: 1 } },
        options: { ...DEFAULT_JOB_OPTIONS, ...changes.options },
        bounded: false,
        ...(changes.checkpoints === undefined ? {} : { recovery: "passive", checkpoints: changes.checkpoints }),
      },
      fromEnd: false,
      orders: null,
      world: {
        clock: time.clock,
        timers: time.timers,
        log,
        ...(changes.callOut === undefined ? {} : { callOut: changes.callOut }),
      },
      host: {
        onState: (_task, state, failure) => states.push([state, failure]),
        onNotice: () => {},
        onSnapshot: (_task, { checkpointId: id, state }) => snapshots.push({ id, bytes: wholeOf(state) }),
      },
      linkTo: () => link,
    },
    plan.vertices.find(({ id }) => id === vertexId)!,
    0,
  );
  return { task, time, log, plan, sent, credits, states, snapshots, link };
}

/** All of a snapshot at once. */
function wholeOf(state: PendingSnapshot): Uint8Array {
  state.advance(Number.POSITIVE_INFINITY);
  return Buffer.concat(state.chunks());
}

function replicasOf(count: number) {
  return { source: count, operator: count, sink: count };
}

/** A frame from a sender that numbers its elements itself. */
export class Sender {
  readonly #edge: number;
  readonly #subtask: number;
  #next = 1;

  constructor(edge: number, subtask: number) {
    this.#edge = edge;
    this.#subtask = subtask;
  }

  rows(...rows: readonly TinyRow[]): Frame {
    return this.#frame({ kind: "records", first: this.#next, count: rows.length, skip: 0, payload: payloadOf(rows) });
  }

  watermark(timeMs: number): Frame {
    return this.#frame({ kind: "watermark", first: this.#next, timeMs });
  }

  barrier(checkpointId: number): Frame {
    return this.#frame({ kind: "barrier", first: this.#next, checkpointId });
  }

  end(): Frame {
    return this.#frame({ kind: "end", first: this.#next });
  }

  #frame(element: Element): Frame {
    const count = element.kind === "records" ? element.count : 1;
    const { kind, payload } = frameParts(element);
    const first = this.#next;
    this.#next += count;
    const address = { attempt: ATTEMPT, edge: this.#edge, sender: this.#subtask, receiver: 0 };
    return { ...address, kind, first, count, acknowledged: 0, grantedBytes: 0, payload };
  }
}

function payloadOf(rows: readonly TinyRow[]): Uint8Array {
  const writer = new BinaryRowWriter(TINY);
  const batch = tinyBatch(rows);
  for (let row = 0; row < rows.length; row++) writer.append(batch, row);
  return writer.take();
}

/** What frames say: `key:value@time` of rows, `wm…`, `barrier…`, `end`. */
export function linesOf(frames: readonly Frame[]): string[] {
  return frames.flatMap((frame) => {
    const element = elementOfFrame(frame);
    if (element.kind === "watermark") return [`wm${element.timeMs}`];
    if (element.kind === "barrier") return [`barrier${element.checkpointId}`];
    if (element.kind !== "records") return [element.kind];
    const lines: string[] = [];
    new BinaryRowReader(TINY, 100).decode(element.payload, element.skip, element.count, (batch) => {
      for (const { key, value, time } of tinyRows(batch)) lines.push(`${key}:${value}@${time}`);
    });
    return lines;
  });
}

/** What a receiver that has taken all of these frames answers. */
export function creditFor(frames: readonly Frame[], windowBytes: number): Frame {
  const last = frames.at(-1)!;
  const bytes = frames.reduce((sum, frame) => sum + frameCost(frame.payload.length), 0);
  const acknowledged = last.first + last.count - 1;
  return {
    ...last,
    kind: FRAME_CREDIT,
    first: 0,
    count: 0,
    acknowledged,
    grantedBytes: windowBytes + bytes,
    payload: NO_PAYLOAD,
  };
}
