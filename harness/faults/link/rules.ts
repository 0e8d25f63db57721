import { Random } from "../../../base/random.ts";

/** Who may stand at an end of a link: names of processes as the harness knows them (`worker-1`, `coordinator`, `broker`), or anybody. */
export type Ends = readonly string[] | "*";

/** Bytes that go from one of `from` to one of `to`, whichever of them opened the connection. */
export interface FlowPattern {
  readonly from: Ends;
  readonly to: Ends;
}

/** What is done to the bytes of a flow while the rule is there. */
export type Treatment =
  /** Each byte arrives `ms` ± `jitterMs` (uniform) later; the order is kept. */
  | { readonly kind: "delay"; readonly ms: number; readonly jitterMs: number; readonly seed: number }
  | { readonly kind: "rate"; readonly bytesPerSecond: number }
  /** Nothing arrives. `newToo`: also on connections that are opened later. */
  | { readonly kind: "block"; readonly newToo: boolean };

/** One rule of the proxy. */
export interface RuleSpec {
  readonly id: number;
  readonly flows: readonly FlowPattern[];
  readonly treatment: Treatment;
}

/** A piece that arrives less late than this proves nothing: the proxy's own timers and pipes take as long. */
const NOTICEABLE_US = 500;

/** What a rule has done so far. Times are monotonic µs. */
export interface RuleEvidence {
  /** When it first touched a byte or a connection; null: nothing has come by. */
  readonly firstUs: number | null;
  /** Bytes that were held back, delayed or throttled. */
  readonly bytes: number;
  /** Connections that were opened while it kept them from their other end. */
  readonly heldConnections: number;
  /** Pieces that arrived later than they would have, and how much later in the mean and at most. */
  readonly pieces: number;
  readonly meanAddedUs: number;
  readonly maxAddedUs: number;
}

/** A rule in force, with the evidence that it does something. */
export class Rule {
  readonly spec: RuleSpec;
  /** Connections with a smaller number were there before it. */
  readonly firstNewConnection: number;
  readonly random: Random;
  readonly #onFirst: (rule: Rule, atUs: number, what: string) => void;
  #firstUs: number | null = null;
  #bytes = 0;
  #heldConnections = 0;
  #pieces = 0;
  #addedUs = 0;
  #maxAddedUs = 0;

  constructor(spec: RuleSpec, firstNewConnection: number, onFirst: (rule: Rule, atUs: number, what: string) => void) {
    this.spec = spec;
    this.firstNewConnection = firstNewConnection;
    this.random = new Random(spec.treatment.kind === "delay" ? spec.treatment.seed : 0);
    this.#onFirst = onFirst;
  }

  /** Bytes came by that it held back. */
  held(bytes: number, atUs: number, flow: string): void {
    this.#bytes += bytes;
    this.#first(atUs, () => `${bytes} bytes ${flow} held back`);
  }

  /** A connection was opened that it keeps from its other end. */
  heldConnection(atUs: number, flow: string): void {
    this.#heldConnections++;
    this.#first(atUs, () => `a new connection ${flow} held back`);
  }

  /** A piece that came at `cameUs` goes on `addedUs` later: from when it came the rule is known to work. */
  late(bytes: number, addedUs: number, cameUs: number, flow: string): void {
    this.#bytes += bytes;
    this.#pieces++;
    this.#addedUs += addedUs;
    this.#maxAddedUs = Math.max(this.#maxAddedUs, addedUs);
    if (addedUs < NOTICEABLE_US) return;
    this.#first(cameUs, () => `${bytes} bytes ${flow} arrived ${(addedUs / 1000).toFixed(1)} ms later`);
  }

  evidence(): RuleEvidence {
    return {
      firstUs: this.#firstUs,
      bytes: this.#bytes,
      heldConnections: this.#heldConnections,
      pieces: this.#pieces,
      meanAddedUs: this.#pieces === 0 ? 0 : Math.round(this.#addedUs / this.#pieces),
      maxAddedUs: this.#maxAddedUs,
    };
  }

  #first(atUs: number, what: () => string): void {
    if (this.#firstUs !== null) return;
    this.#firstUs = atUs;
    this.#onFirst(this, atUs, what());
  }
}

/** Does a pattern of the list mean the bytes from `from` to `to`? */
export function matches(flows: readonly FlowPattern[], from: string, to: string): boolean {
  const isAt = (ends: Ends, role: string) => ends === "*" || ends.includes(role);
  return flows.some((flow) => isAt(flow.from, from) && isAt(flow.to, to));
}

/** The rules that hold for the bytes from `from` to `to` on connection `connection`, in the order they were made. */
export function rulesFor(rules: Iterable<Rule>, from: string, to: string, connection: number): readonly Rule[] {
  return [...rules].filter(({ spec, firstNewConnection }) => {
    const { treatment } = spec;
    const isOpenEnough = treatment.kind !== "block" || treatment.newToo || connection < firstNewConnection;
    return isOpenEnough && matches(spec.flows, from, to);
  });
}
