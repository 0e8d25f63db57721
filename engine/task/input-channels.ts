import { LogicalChannel } from "../replication/logical-channel.ts";
import { subtaskOf } from "../replication/subtask.ts";
import { CreditLedger } from "./credit-ledger.ts";
import type { FrameLink } from "./link.ts";

/** An incoming edge as seen by one receiving subtask. */
export interface InputEdge {
  readonly edge: number;
  /** Input of the chain's first operator. */
  readonly input: number;
  /** Sending instances that feed this subtask (one for a forward edge), each with `replicas` subtasks. */
  readonly instances: readonly number[];
  readonly replicas: number;
  /** It closes a loop. */
  readonly feedback?: boolean;
}

/** One sender's end of a logical channel: its credit. */
export interface PhysicalInput {
  readonly logical: LogicalInput;
  readonly sender: number;
  /** Way back to the sender; known from its first frame. */
  link: FrameLink | null;
  /** The sender or the way to it is gone. */
  closed: boolean;
  receivedBytes: number;
  grantedBytes: number;
  /** Of these, what was granted beyond the window; taken back as elements are processed. */
  extraBytes: number;
  /** What the sender was told last. */
  toldBytes: number;
  toldNumber: number;
}

/** A logical channel: what all replicas of one sending instance feed. */
export interface LogicalInput {
  readonly index: number;
  readonly edge: number;
  readonly input: number;
  readonly feedback: boolean;
  readonly channel: LogicalChannel;
  readonly ledger: CreditLedger;
  /** Indexes of its physical channels. */
  readonly physicals: number[];
  /** Latest number processed. */
  processed: number;
  /** Number of the latest barrier that was processed, and its checkpoint; 0: none. */
  barrier: number;
  barrierId: number;
  /** The end has been accepted. */
  complete: boolean;
}

/** Elements that may be held beyond a gap of one logical channel; credit bounds their bytes. */
const MAX_HELD_ELEMENTS = 16_384;

/** The channels of an input gate, numbered: logical ones by edge and sending instance, physical ones by replica within. */
export class InputChannels {
  readonly logicals: LogicalInput[] = [];
  readonly physicals: PhysicalInput[] = [];
  readonly #indexes = new Map<number, Map<number, number>>();

  constructor(edges: readonly InputEdge[], windowBytes: number) {
    for (const edge of edges) this.#addEdge(edge, windowBytes);
  }

  /** Index of the physical channel from a sending subtask; undefined when there is none. */
  indexOf(edge: number, sender: number): number | undefined {
    return this.#indexes.get(edge)?.get(sender);
  }

  #addEdge({ edge, input, instances, replicas, feedback = false }: InputEdge, windowBytes: number): void {
    const bySender = new Map<number, number>();
    this.#indexes.set(edge, bySender);
    for (const instance of instances) {
      const logical: LogicalInput = {
        index: this.logicals.length,
        edge,
        input,
        feedback,
        channel: new LogicalChannel(MAX_HELD_ELEMENTS),
        ledger: new CreditLedger(),
        physicals: [],
        processed: 0,
        barrier: 0,
        barrierId: 0,
        complete: false,
      };
      this.logicals.push(logical);
      for (let replica = 0; replica < replicas; replica++) {
        const sender = subtaskOf(instance, replica, replicas);
        bySender.set(sender, this.physicals.length);
        logical.physicals.push(this.physicals.length);
        this.physicals.push({
          logical,
          sender,
          link: null,
          receivedBytes: 0,
          grantedBytes: windowBytes,
          extraBytes: 0,
          closed: false,
          toldBytes: windowBytes,
          toldNumber: 0,
        });
      }
    }
  }
}
