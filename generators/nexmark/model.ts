/** The Nexmark models, fields in the order of the wire. Times are epoch milliseconds, prices cents. */
export interface PersonEvent {
  readonly id: number;
  readonly name: string;
  readonly emailAddress: string;
  readonly creditCard: string;
  readonly city: string;
  readonly state: string;
  readonly dateTime: number;
  readonly extra: string;
}

export interface AuctionEvent {
  readonly id: number;
  readonly itemName: string;
  readonly description: string;
  readonly initialBid: number;
  readonly reserve: number;
  readonly dateTime: number;
  readonly expires: number;
  readonly seller: number;
  readonly category: number;
  readonly extra: string;
}

export interface BidEvent {
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
  /** Mode `head` only. */
  readonly channel?: string;
  /** Mode `head` only. */
  readonly url?: string;
  readonly dateTime: number;
  readonly extra: string;
}

interface EventHeader {
  /** 0-based index within the data set. */
  readonly index: number;
  /** Nexmark's event id; its remainder picks the kind. */
  readonly id: number;
  readonly timestampMs: number;
  /** The generator's own watermark. */
  readonly watermarkMs: number;
}

export type NexmarkEvent =
  | (EventHeader & { readonly type: "person"; readonly person: PersonEvent })
  | (EventHeader & { readonly type: "auction"; readonly auction: AuctionEvent })
  | (EventHeader & { readonly type: "bid"; readonly bid: BidEvent });

/** The number of each kind on the wire (`event_type`). */
export const EVENT_TYPE = { person: 0, auction: 1, bid: 2, closing: 3 } as const;
