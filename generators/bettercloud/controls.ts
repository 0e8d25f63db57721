import { assert } from "../../base/assert.ts";
import { closingTimeAfter, type DataSet, type EventCursor } from "../dataset.ts";
import { JavaRandom } from "../java-random.ts";
import type { Schedule } from "../schedule/schedule.ts";
import { alertNumber } from "./alerts.ts";
import { customerId } from "./customers.ts";
import { type BetterCloudEvent, type ControlEvent, GLOBAL_CUSTOMER } from "./model.ts";
import type { BetterCloudOptions } from "./options.ts";
import { controlSchedule, epochMs } from "./schedules.ts";
import { copyInto } from "./wire.ts";

const encoder = new TextEncoder();
/** A drawn control above this is for all customers. */
const GLOBAL_ABOVE = 0.8;
const RULE_BYTES = 160;

/** The control events as a data set, spread round robin. With more than one partition their order is not fixed. */
export class ControlEvents implements DataSet<BetterCloudEvent> {
  readonly name = "bettercloud controls";
  readonly events: number;
  readonly partitions: number;
  readonly partitionRule = "control index mod partitions";
  readonly closingTimeMs: number;
  readonly #options: BetterCloudOptions;
  readonly #schedule: Schedule;

  constructor({ options, partitions = 1 }: { readonly options: BetterCloudOptions; readonly partitions?: number }) {
    assert(Number.isInteger(partitions) && partitions > 0, "partitions of a data set", { partitions });
    this.#options = options;
    this.#schedule = controlSchedule(options);
    this.events = options.controls;
    this.partitions = partitions;
    this.closingTimeMs = closingTimeAfter(epochMs(options, this.#schedule.dueNs(Math.max(0, options.controls - 1))));
  }

  /** Draws through all controls before `firstIndex`. */
  open(firstIndex = 0): ControlCursor {
    const cursor = new ControlCursor(this.#options, this.#schedule, this.partitions);
    for (let i = 0; i < firstIndex && cursor.advance(); i++);
    return cursor;
  }

  /** A control of nobody without rules, which watches nothing. */
  closingRecord(): Uint8Array {
    const nothing = { ...alertNumber(0, 1), rules: [], alertId: "", customerId: "", createdAt: this.closingTimeMs };
    return encoder.encode(JSON.stringify(nothing));
  }
}

/**
 * Walks the controls. `preloadControls: true`: alert by alert the global control, then every customer's. Otherwise drawn: global or
 * not, the customer unless global, the alert where there are several.
 */
export class ControlCursor implements EventCursor<BetterCloudEvent> {
  readonly maxWireBytes: number;
  readonly #options: BetterCloudOptions;
  readonly #schedule: Schedule;
  readonly #partitions: number;
  readonly #random: JavaRandom;
  #index = -1;
  #customer: number | null = null;
  #alert = 0;

  constructor(options: BetterCloudOptions, schedule: Schedule, partitions: number) {
    this.#options = options;
    this.#schedule = schedule;
    this.#partitions = partitions;
    this.#random = new JavaRandom(BigInt(options.controlSeed));
    this.maxWireBytes = 1024 + RULE_BYTES * options.rulesPerAlert;
  }

  advance(): boolean {
    const { controls, customers, preloadControls } = this.#options;
    if (this.#index + 1 >= controls) return false;
    this.#index++;
    if (preloadControls !== true) this.#draw();
    else {
      const place = this.#index % (customers + 1);
      this.#customer = place === 0 ? null : place - 1;
      this.#alert = Math.floor(this.#index / (customers + 1));
    }
    return true;
  }

  get index(): number {
    return this.#index;
  }
  get partition(): number {
    return this.#index % this.#partitions;
  }
  get eventTimeMs(): number {
    return epochMs(this.#options, this.#schedule.dueNs(this.#index));
  }
  /** Index of the control's customer; null: all customers. */
  get customer(): number | null {
    return this.#customer;
  }

  writeWire(target: Uint8Array, at: number): number {
    return copyInto(target, at, encoder.encode(JSON.stringify(this.#control())));
  }

  event(): BetterCloudEvent {
    const isLast = this.#index === this.#options.controls - 1;
    return { type: "control", index: this.#index, control: this.#control(), isLast };
  }

  #draw(): void {
    const { customers, alertsPerCustomer } = this.#options;
    const isGlobal = this.#random.nextDouble() > GLOBAL_ABOVE;
    this.#customer = isGlobal ? null : this.#random.below(customers);
    this.#alert = alertsPerCustomer === 1 ? 0 : this.#random.below(alertsPerCustomer);
  }

  #control(): ControlEvent {
    const { rules, ...alert } = alertNumber(this.#alert, this.#options.rulesPerAlert);
    const owner = this.#customer === null ? GLOBAL_CUSTOMER : customerId(this.#customer);
    return { rules, customerId: owner, ...alert, createdAt: this.eventTimeMs };
  }
}
