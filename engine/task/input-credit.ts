import { FaultlineError } from "../../base/errors.ts";
import { FRAME_CREDIT, NO_PAYLOAD } from "./frame.ts";
import type { LogicalInput, PhysicalInput } from "./input-channels.ts";
import type { Overflow } from "./overflow.ts";

interface InputCreditSettings {
  readonly attempt: number;
  readonly subtask: number;
  readonly windowBytes: number;
  readonly overflow: Overflow;
}

/** What a task grants its senders: a window of bytes each, given back as elements are processed, and told in messages of credit. */
export class InputCredit {
  readonly #settings: InputCreditSettings;
  readonly #physicals: readonly PhysicalInput[];
  readonly #mayExceed: (logical: number) => boolean;
  #exceededBytes = 0;
  #mostExceededBytes = 0;

  /** `mayExceed`: the merge waits for this logical channel, so that its senders may go beyond their window. */
  constructor(
    settings: InputCreditSettings,
    physicals: readonly PhysicalInput[],
    mayExceed: (logical: number) => boolean,
  ) {
    this.#settings = settings;
    this.#physicals = physicals;
    this.#mayExceed = mayExceed;
  }

  /** Bytes that arrived and are not processed, all channels. */
  get usedBytes(): number {
    let bytes = 0;
    for (const physical of this.#physicals) {
      bytes += physical.receivedBytes + this.#settings.windowBytes + physical.extraBytes - physical.grantedBytes;
    }
    return bytes;
  }

  /** What is granted beyond the windows now. */
  get exceededBytes(): number {
    return this.#exceededBytes;
  }

  /** Does a sender of this logical channel hold more than its window? */
  exceeds(logical: LogicalInput): boolean {
    return logical.physicals.some((index) => this.#physicals[index]!.extraBytes > 0);
  }

  /** Most that was granted beyond the windows at one time. */
  get mostExceededBytes(): number {
    return this.#mostExceededBytes;
  }

  /** A frame has come; one that repeats what is known is paid back at once. `cluster-protocol` when nothing was left to pay it. */
  spend(physical: PhysicalInput, cost: number, isRepeated: boolean): void {
    if (physical.receivedBytes >= physical.grantedBytes) throw this.#exceeded(physical);
    physical.receivedBytes += cost;
    if (isRepeated) physical.grantedBytes += cost;
  }

  /** `bytes` of physical channel `index` have been processed. */
  readonly giveBack = (index: number, bytes: number): void => {
    const physical = this.#physicals[index]!;
    const takenBack = Math.min(physical.extraBytes, bytes);
    physical.extraBytes -= takenBack;
    this.#exceededBytes -= takenBack;
    physical.grantedBytes += bytes - takenBack;
    this.tellWhenDue(physical);
  };

  /**
   * Grants a whole window anew where the merge allows the channel to exceed its own, and that is used up but for a quarter. `epoch-too-large`
   * when that would be too much.
   */
  extend(physical: PhysicalInput): void {
    const { windowBytes } = this.#settings;
    if (physical.grantedBytes - physical.receivedBytes > windowBytes / 4) return;
    if (physical.closed || !this.#mayExceed(physical.logical.index)) return;
    // The last frame may have been larger than all that was granted.
    const extraBytes = physical.receivedBytes + windowBytes - physical.grantedBytes;
    this.#exceededBytes += extraBytes;
    const { memoryBytes, diskBytes, files } = this.#settings.overflow;
    const limit = memoryBytes + (files === null ? 0 : diskBytes);
    if (this.#exceededBytes > limit) throw this.#tooLarge(physical, limit);
    this.#mostExceededBytes = Math.max(this.#mostExceededBytes, this.#exceededBytes);
    physical.grantedBytes += extraBytes;
    physical.extraBytes += extraBytes;
    this.tellWhenDue(physical);
  }

  /** A quarter of the window is worth a message: less often costs throughput, more often costs messages. */
  tellWhenDue(physical: PhysicalInput): void {
    if (physical.grantedBytes - physical.toldBytes >= this.#settings.windowBytes / 4) this.#tell(physical);
  }

  /** Whatever there is to tell, to all replicas of a sending instance. */
  tellAll(logical: LogicalInput): void {
    for (const index of logical.physicals) this.#tell(this.#physicals[index]!);
  }

  #tell(physical: PhysicalInput): void {
    if (physical.link === null || physical.closed) return;
    const { latest } = physical.logical.channel;
    if (physical.toldBytes === physical.grantedBytes && physical.toldNumber === latest) return;
    physical.toldBytes = physical.grantedBytes;
    physical.toldNumber = latest;
    physical.link.send({
      attempt: this.#settings.attempt,
      edge: physical.logical.edge,
      sender: physical.sender,
      receiver: this.#settings.subtask,
      kind: FRAME_CREDIT,
      first: 0,
      count: 0,
      acknowledged: latest,
      grantedBytes: physical.grantedBytes,
      payload: NO_PAYLOAD,
    });
  }

  /** Grants what is due to any channel: the merge waits for others than before, or there is room again. */
  extendAll(): void {
    for (const physical of this.#physicals) this.extend(physical);
  }

  #tooLarge({ sender, logical: { edge } }: PhysicalInput, limit: number): FaultlineError {
    return new FaultlineError(
      "epoch-too-large",
      `what waits for the merge takes more than ${limit} bytes beyond its windows`,
      {
        hint: "a shorter replication.heartbeat makes smaller epochs; so do windows that do not all fire at one time; else raise replication.maxSpill",
        context: { edge, sender, receiver: this.#settings.subtask },
      },
    );
  }

  #exceeded({ sender, logical: { edge } }: PhysicalInput): FaultlineError {
    const message = `subtask ${sender} sends beyond its credit on edge ${edge}`;
    return new FaultlineError("cluster-protocol", message, {
      context: { edge, sender, receiver: this.#settings.subtask },
    });
  }
}
