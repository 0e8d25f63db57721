import { existsSync, readFileSync } from "node:fs";
import type { QueryDefinition, Value } from "../../queries/query.ts";
import { wireColumns } from "../verify/row-hash.ts";

/** The engine's own times of one row, ms since the epoch, with decimals. */
export interface EngineStamps {
  readonly receivedMs: number;
  readonly sentMs: number;
}

const BUFFERED = 8_192;
const BYTES = 16;

/**
 * `raw/<run>/engine-latency.bin`: for every observation, in the order of the observation log, the engine's own stamps of the row, ms since
 * the epoch (f64, little endian, twice): when it took in the triggering event and when it gave out the row; NaN where it does not
 * say. Gathered in memory and appended in blocks.
 */
export class EngineLatencyLog {
  readonly #append: (bytes: Uint8Array) => void;
  readonly #buffer = new Uint8Array(BUFFERED * BYTES);
  readonly #view = new DataView(this.#buffer.buffer);
  #length = 0;

  constructor(append: (bytes: Uint8Array) => void) {
    this.#append = append;
  }

  record(stamps: EngineStamps | null): void {
    this.#view.setFloat64(this.#length, stamps?.receivedMs ?? Number.NaN, true);
    this.#view.setFloat64(this.#length + 8, stamps?.sentMs ?? Number.NaN, true);
    this.#length += BYTES;
    if (this.#length === this.#buffer.length) this.flush();
  }

  flush(): void {
    if (this.#length === 0) return;
    this.#append(this.#buffer.slice(0, this.#length));
    this.#length = 0;
  }
}

/** How to read the engine's stamps off a row; null for queries whose rows do not tell, and of rows that lack one. */
export function engineStampsOf(query: QueryDefinition): ((row: readonly Value[]) => EngineStamps | null) | null {
  if (query.engineLatency === undefined) return null;
  const { from, to } = query.engineLatency;
  const names = wireColumns(query).map(({ name }) => name);
  const [fromIndex, toIndex] = [names.indexOf(from), names.indexOf(to)];
  return (row) => {
    const [receivedMs, sentMs] = [row[fromIndex], row[toIndex]];
    return typeof receivedMs === "number" && typeof sentMs === "number" ? { receivedMs, sentMs } : null;
  };
}

/** By the ordinal of the observation; null when there is no such file. */
export function readEngineStamps(file: string): ((ordinal: number) => EngineStamps | null) | null {
  if (!existsSync(file)) return null;
  const bytes = readFileSync(file);
  const count = Math.floor(bytes.length / BYTES);
  return (ordinal) => {
    if (ordinal >= count) return null;
    const receivedMs = bytes.readDoubleLE(ordinal * BYTES);
    const sentMs = bytes.readDoubleLE(ordinal * BYTES + 8);
    return Number.isNaN(receivedMs) || Number.isNaN(sentMs) ? null : { receivedMs, sentMs };
  };
}
