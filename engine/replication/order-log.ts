import { FaultlineError } from "../../base/errors.ts";
import type { LogReader, LogReaderHandler, LogRecords, LogWriter, Timer } from "../ports.ts";
import { decodeOrderEntry, encodeOrderEntry, type OrderLogEntry } from "./order-entry.ts";
import { OrderGroup, type OrderGroupParts } from "./order-group.ts";
import type { OrderLogSettings } from "./order-log-settings.ts";
import { OrderMember, type OrderMemberSpec } from "./order-member.ts";

/** Looks at leaders that do not get on so often within their lease. */
const LOOKS_PER_LEASE = 4;

/**
 * A worker's part in the order logs of all groups that it hosts a replica of: one reader and one writer for all of them. What their
 * leaders have to order is appended together, one request at a time; what arrives meanwhile forms the next. A leader does not wait
 * for its own orders to come back before it issues more.
 */
export class OrderLog {
  readonly #settings: OrderLogSettings;
  readonly #members = new Map<number, OrderMember>();
  /** What those that have left had counted. */
  readonly #left = new Map<number, Record<string, number>>();
  readonly #appendable = new Set<OrderMember>();
  #reader: LogReader | null = null;
  #writer: LogWriter | null = null;
  #unacknowledged = 0;
  /** When the oldest of these was appended, or a lease ago that was told, µs. */
  #unacknowledgedSinceUs = 0;
  #full = false;
  #flushes = false;
  #flushedUs = Number.NEGATIVE_INFINITY;
  #closed = false;
  #timer: Timer | null = null;

  constructor(settings: OrderLogSettings) {
    this.#settings = settings;
  }

  /** Before `start`. The merge of the task is `group.merge(channels)`. */
  join(spec: OrderMemberSpec, parts: Partial<OrderGroupParts> = {}): OrderGroup {
    const { attempt, address, retain } = this.#settings;
    const { replica, replicas, partition } = spec;
    const settings = { attempt, replica, replicas, retain, log: `${address.topic}/${partition}` };
    const host = {
      onAppendable: () => this.#onAppendable(member),
      onOrdered: () => spec.onOrdered(),
      resign: () => this.#standAgain(member),
      truncate: (offset: number) => this.#truncate(member, offset),
    };
    const group = new OrderGroup(settings, host, parts);
    const member: OrderMember = new OrderMember(spec, group);
    this.#members.set(partition, member);
    return group;
  }

  /** Reads, appends, stands for election. Once, after the members have been restored. */
  start(): void {
    if (this.#members.size === 0 || this.#closed) return;
    const { world, address } = this.#settings;
    this.#writer = world.log.openWriter(address, [...this.#members.keys()], {
      onAcknowledged: (_, count) => this.#onAcknowledged(count),
      onDrain: () => {
        this.#full = false;
        this.#flushSoon();
      },
      onError: (error) => this.#fail(error),
    });
    const from = [...this.#members].map(([partition, { group }]) => ({ partition, offset: group.nextOffset }));
    const readerHandler: LogReaderHandler = {
      onRecords: (records) => this.#onRecords(records),
      onSkipped: (partition, nextOffset) => this.#onSkipped(partition, nextOffset),
      onError: (error) => this.#fail(error),
    };
    this.#reader = world.log.openReader(address, from, readerHandler, { start: "kept" });
    for (const member of this.#members.values()) this.#stand(member);
    // A replica may have been lost before this one began.
    this.#flushSoon();
    this.#look();
  }

  /** A replica of the group with this partition is no longer part of the job. */
  onReplicaLost(partition: number, replica: number): void {
    this.#members.get(partition)?.group.onReplicaLost(replica);
  }

  onCheckpointComplete(checkpointId: number): void {
    for (const { group } of this.#members.values()) group.onCheckpointComplete(checkpointId);
  }

  /** The replica here has ended, or is lost: it leads no more. */
  leave(partition: number): void {
    const member = this.#members.get(partition);
    if (member === undefined) return;
    member.seat?.leave();
    this.#left.set(partition, { ...member.counters(), leading: 0 });
    this.#members.delete(partition);
    this.#appendable.delete(member);
    if (this.#members.size === 0) this.close();
    else this.#reader?.hold(partition, true);
  }

  /** Of the replica on that partition. */
  counters(partition: number): Record<string, number> {
    return this.#members.get(partition)?.counters() ?? this.#left.get(partition) ?? {};
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.cancel();
    for (const { seat } of this.#members.values()) seat?.leave();
    this.#reader?.close();
    this.#writer?.close();
  }

  #stand(member: OrderMember): void {
    const { election, candidate } = this.#settings;
    const { group } = member;
    // A seat that was left may still have something to say.
    const ifCurrent = (work: () => void) => {
      if (!this.#closed && member.seat === seat) work();
    };
    const seat = election.join(member.spec.group, candidate, {
      onElected: (epoch) => ifCurrent(() => group.onElected(epoch)),
      onDeposed: () => ifCurrent(() => group.onDeposed()),
    });
    member.seat = seat;
  }

  #standAgain(member: OrderMember): void {
    member.seat?.leave();
    member.seat = null;
    this.#settings.world.timers.soon(() => {
      if (!this.#closed && member.seat === null && this.#members.has(member.spec.partition)) this.#stand(member);
    });
  }

  #onAppendable(member: OrderMember): void {
    this.#appendable.add(member);
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#flushes || this.#unacknowledged > 0 || this.#full || this.#closed) return;
    this.#flushes = true;
    const { world, intervalUs = 0 } = this.#settings;
    const flush = () => {
      this.#flushes = false;
      this.#flush();
    };
    const waitUs = this.#flushedUs + intervalUs - world.clock.nowUs();
    if (waitUs > 0) world.timers.after(waitUs, flush);
    else world.timers.soon(flush);
  }

  #flush(): void {
    if (this.#closed || this.#unacknowledged > 0 || this.#writer === null) return;
    for (const member of this.#appendable) {
      for (let entry = member.group.take(); entry !== null && !this.#full; entry = member.group.take()) {
        this.#append(member, entry);
        if (this.#full) break;
      }
      if (this.#full) break;
      this.#appendable.delete(member);
    }
    if (this.#unacknowledged === 0) return;
    this.#flushedUs = this.#settings.world.clock.nowUs();
    this.#writer.kick();
  }

  #append(member: OrderMember, entry: OrderLogEntry): void {
    const { clock } = this.#settings.world;
    const nowUs = clock.nowUs();
    const bytes = encodeOrderEntry(entry);
    // Nobody reads the time, but a broker deletes records that are old by it.
    const timestampMs = Math.floor((nowUs + (clock.epochOffsetUs ?? 0)) / 1000);
    if (this.#unacknowledged++ === 0) this.#unacknowledgedSinceUs = nowUs;
    this.#full = !this.#writer!.append(member.spec.partition, timestampMs, bytes, 0, bytes.length);
    member.onAppended(entry, nowUs);
  }

  #onAcknowledged(count: number): void {
    this.#unacknowledged -= count;
    if (this.#appendable.size > 0) this.#flushSoon();
  }

  #onRecords(records: LogRecords): void {
    const member = this.#members.get(records.partition);
    if (member === undefined || this.#closed) return;
    try {
      for (const cursor = records.walk(); cursor.next() && !this.#closed; ) {
        this.#onEntry(member, cursor.offset, decodeOrderEntry(records.bytes, cursor.valueStart, cursor.valueEnd));
      }
    } catch (error) {
      this.#fail(error instanceof Error ? error : new FaultlineError("internal", String(error)));
    }
    if (member.group.full && !member.held) this.#hold(member, true);
  }

  /** Entries were deleted. */
  #onSkipped(partition: number, nextOffset: number): void {
    if (this.#members.get(partition)?.group.onSkipped(nextOffset) !== false) return;
    const { topic } = this.#settings.address;
    this.#fail(new FaultlineError("kafka-offset-out-of-range", `orders of ${topic}/${partition} were deleted unread`));
  }

  /** A log that could not be cut is cut with the next checkpoint. */
  #truncate(member: OrderMember, offset: number): void {
    const { world, address } = this.#settings;
    world.log.truncate(address, member.spec.partition, offset, (error) => member.onTruncated(error === null));
  }

  #onEntry(member: OrderMember, offset: number, entry: OrderLogEntry): void {
    if (offset < member.group.nextOffset) return;
    member.group.onEntry(offset, entry);
    if (entry.replica !== member.spec.replica || entry.attempt !== this.#settings.attempt) return;
    member.onReadBack(entry, this.#settings.world.clock.nowUs());
  }

  #hold(member: OrderMember, held: boolean): void {
    member.held = held;
    this.#reader?.hold(member.spec.partition, held);
  }

  /** Now and then: leaders that do not get on, followers that may read again. */
  #look(): void {
    const { world, leaseUs } = this.#settings;
    this.#timer = world.timers.after(leaseUs / LOOKS_PER_LEASE, () => {
      if (this.#closed) return;
      const nowUs = world.clock.nowUs();
      const isStuck = this.#unacknowledged > 0 && nowUs - this.#unacknowledgedSinceUs > leaseUs;
      if (isStuck) this.#unacknowledgedSinceUs = nowUs;
      for (const member of this.#members.values()) {
        if (member.held && member.group.drained) this.#hold(member, false);
        if (isStuck) member.group.onStalled();
        else member.look(nowUs, leaseUs);
      }
      this.#look();
    });
  }

  #fail(error: Error): void {
    if (this.#closed) return;
    this.close();
    this.#settings.onError(error);
  }
}
