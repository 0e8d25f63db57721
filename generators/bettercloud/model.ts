/** The records of BetterCloud, fields in the order of the wire. Times are epoch milliseconds. */
export interface CustomerEvent {
  readonly customerId: string;
  /** A JSON text. */
  readonly payload: string;
  /** When the event was due. */
  readonly ingestedAt: number;
  /** 0; set by the engine's source. */
  readonly receivedAt: number;
  /** Index of the event; absent where the data set has no sequence numbers. */
  readonly sequence?: number;
}

/** One condition of an alert on an event's payload. */
export interface ControlRule {
  /** JSONPath into the payload. */
  readonly path: string;
  readonly check: string;
  readonly value: string;
}

export interface ControlEvent {
  readonly rules: readonly ControlRule[];
  /** Whose events the alert watches; `GLOBAL_CUSTOMER`: everybody's. */
  readonly customerId: string;
  readonly alertId: string;
  readonly alertName: string;
  readonly alertDescription: string;
  readonly threshold: number;
  readonly bootstrapCustomerId: string | null;
  readonly createdAt: number;
}

/** Customer of a control that watches all customers. */
export const GLOBAL_CUSTOMER = "deadbeef-dead-beef-dead-beefdeadbeef";

/** What enters the job, from either stream; `index` counts within the stream. */
export type BetterCloudEvent =
  | { readonly type: "event"; readonly index: number; readonly event: CustomerEvent }
  /** `isLast`: no control follows. */
  | { readonly type: "control"; readonly index: number; readonly control: ControlEvent; readonly isLast: boolean };

/** Names of the two streams, as sources, topics and `--stream` have them. Controls come first where both are due at once. */
export const STREAMS = ["controls", "events"] as const;
export type StreamName = (typeof STREAMS)[number];

/** What a customer shared, and with whom; the share that can be public, and the shares of those that are. */
export const SHARING = { lunchMenuFrom: 0.95, lunchMenuPublicFrom: 0.5, otherPublicFrom: 0.95 } as const;
