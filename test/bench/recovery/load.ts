import { setTimeout as sleep } from "node:timers/promises";
import { monotonicUs } from "../../../base/clock.ts";
import { Random } from "../../../base/random.ts";
import { type Fetcher, KafkaClient, type Producer } from "../../../kafka/client.ts";

const ZERO = 48;
const TICK_MS = 2;
/** Events that may be under way while the topic is filled. */
const FILL_AHEAD = 50_000;

/** One output: when its event was sent and when its record was there to be read, monotonic µs. */
export interface Seen {
  readonly sentUs: number;
  readonly atUs: number;
  /** false: written once more after a restart. */
  readonly isNew: boolean;
}

const fail = (error: Error): never => {
  throw error;
};

/** Sends visits of users and sees what the job makes of them, uncommitted output included. */
export class Load {
  readonly #users: number;
  readonly #partitions: number;
  readonly #clients: readonly KafkaClient[];
  readonly #producer: Producer;
  readonly #fetcher: Fetcher;
  readonly #random = new Random(1);
  readonly #value = new Uint8Array(100);
  /** Of each user, as the newest output tells. */
  readonly #visits: Uint32Array;
  #at = 0;
  readonly #encoder = new TextEncoder();
  #sent = 0;
  #seen: Seen[] = [];
  #copies = 0;

  static async start(options: {
    readonly brokers: readonly string[];
    readonly input: string;
    readonly output: string;
    readonly partitions: number;
    readonly users: number;
  }): Promise<Load> {
    const { brokers, partitions } = options;
    const connect = (clientId: string) => KafkaClient.connect({ brokers, clientId });
    const clients = [await connect("feed"), await connect("observe")];
    const all = Array.from({ length: partitions }, (_, partition) => partition);
    const producer = await clients[0]!.producer({
      topic: options.input,
      partitions: all,
      acks: -1,
      onAck: () => {},
      onError: fail,
    });
    return new Load(options, clients, producer, all);
  }

  private constructor(
    options: { readonly output: string; readonly partitions: number; readonly users: number },
    clients: readonly KafkaClient[],
    producer: Producer,
    all: readonly number[],
  ) {
    this.#users = options.users;
    this.#partitions = options.partitions;
    this.#clients = clients;
    this.#producer = producer;
    this.#visits = new Uint32Array(options.users);
    this.#fetcher = clients[1]!.fetcher({
      topic: options.output,
      assignments: all.map((partition) => ({ partition, offset: 0 })),
      isolation: "read_uncommitted",
      onBatch: (view) => {
        const atUs = monotonicUs();
        for (const cursor = view.walk(); cursor.next(); ) this.#see(view.bytes, cursor.valueStart, atUs);
      },
      onError: fail,
    });
    this.#fetcher.start();
  }

  /** Outputs since the last `take`. */
  take(): readonly Seen[] {
    const seen = this.#seen;
    this.#seen = [];
    return seen;
  }

  /** Outputs that came more than once. */
  get copies(): number {
    return this.#copies;
  }

  /** One visit of each user, as fast as the job takes them; resolves when the last is out. Visits a second. */
  async fill(): Promise<number> {
    const fromUs = monotonicUs();
    let out = 0;
    for (let user = 0; user < this.#users; ) {
      const end = Math.min(this.#users, user + 1_000, out + FILL_AHEAD);
      for (; user < end; user++) this.#send(user);
      await sleep(1);
      out += this.take().length;
    }
    while (out < this.#users) {
      await sleep(5);
      out += this.take().length;
    }
    return this.#users / ((monotonicUs() - fromUs) / 1e6);
  }

  /** Visits of users in no order, at a steady rate, until `isOver`. */
  async run(ratePerSecond: number, isOver: () => boolean): Promise<void> {
    const startUs = monotonicUs();
    for (let sent = 0; !isOver(); ) {
      const due = Math.floor(((monotonicUs() - startUs) / 1e6) * ratePerSecond);
      for (; sent < due; sent++) this.#send(this.#random.below(this.#users));
      await sleep(TICK_MS);
    }
  }

  async close(): Promise<void> {
    this.#fetcher.close();
    await this.#producer.close();
    for (const client of this.#clients) await client.close();
  }

  #send(user: number): void {
    const partition = this.#sent++ % this.#partitions;
    const sentUs = Math.floor(monotonicUs());
    const text = `{"user":${user},"sentUs":${sentUs},"at":${Math.floor(sentUs / 1000)}}`;
    const { written } = this.#encoder.encodeInto(text, this.#value);
    this.#producer.append(partition, Math.floor(sentUs / 1000), this.#value, 0, written);
  }

  /** Reads `{"sentUs":<number>,"user":<number>,"visits":<number>`; the visits of a user, counted by the job, tell what is new. */
  #see(bytes: Uint8Array, start: number, atUs: number): void {
    this.#at = start;
    const [sentUs, user, visits] = [this.#number(bytes), this.#number(bytes), this.#number(bytes)];
    const isNew = visits > this.#visits[user]!;
    if (isNew) this.#visits[user] = visits;
    else this.#copies++;
    this.#seen.push({ sentUs, atUs, isNew });
  }

  /** The next number. */
  #number(bytes: Uint8Array): number {
    let value = 0;
    while (!isDigit(bytes[this.#at]!)) this.#at++;
    for (; isDigit(bytes[this.#at]!); this.#at++) value = value * 10 + bytes[this.#at]! - ZERO;
    return value;
  }
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9;
}
