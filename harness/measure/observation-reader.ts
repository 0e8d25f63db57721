import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { assert } from "../../base/assert.ts";
import { FaultlineError } from "../../base/errors.ts";
import { OBSERVATION_BYTES, type Observation, readObservation } from "./observation.ts";

const CHUNK_RECORDS = 16_384;

export function emptyObservation(): Observation {
  return {
    observedUs: 0,
    nameHigh: 0,
    nameLow: 0,
    contentHigh: 0,
    contentLow: 0,
    offset: 0,
    appendMs: 0,
    partition: 0,
    isolation: 0,
    flags: 0,
  };
}

/** How many whole observations the file holds. */
export function countObservations(file: string): number {
  const fd = openLog(file);
  try {
    return Math.floor(fstatSync(fd).size / OBSERVATION_BYTES);
  } finally {
    closeSync(fd);
  }
}

/**
 * Calls `visit` for every observation of the file in the order of reading, `ordinal` counting from 0. The object is reused.
 * A torn last record (the observer was killed) is left out. Throws `results-unreadable` when the file cannot be opened.
 */
export function forEachObservation(file: string, visit: (observation: Observation, ordinal: number) => void): void {
  const fd = openLog(file);
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_RECORDS * OBSERVATION_BYTES);
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
    const observation = emptyObservation();
    let ordinal = 0;
    for (;;) {
      const size = fill(fd, chunk);
      const end = size - (size % OBSERVATION_BYTES);
      for (let at = 0; at < end; at += OBSERVATION_BYTES) visit(readObservation(view, at, observation), ordinal++);
      if (size < chunk.length) return;
    }
  } finally {
    closeSync(fd);
  }
}

/** The observation with this ordinal, for the few that people are shown. Throws `results-unreadable` when the file cannot be opened. */
export function observationAt(file: string, ordinal: number): Observation {
  const fd = openLog(file);
  try {
    const bytes = new Uint8Array(OBSERVATION_BYTES);
    const read = readSync(fd, bytes, 0, OBSERVATION_BYTES, ordinal * OBSERVATION_BYTES);
    assert(read === OBSERVATION_BYTES, "the observation log became shorter");
    return readObservation(new DataView(bytes.buffer), 0, emptyObservation());
  } finally {
    closeSync(fd);
  }
}

function openLog(file: string): number {
  try {
    return openSync(file, "r");
  } catch (cause) {
    throw new FaultlineError("results-unreadable", `cannot read the observation log ${file}`, { cause });
  }
}

/** Reads until the chunk is full or the file ends; returns the bytes read. */
function fill(fd: number, chunk: Buffer): number {
  let size = 0;
  while (size < chunk.length) {
    const read = readSync(fd, chunk, size, chunk.length - size, null);
    if (read === 0) break;
    size += read;
  }
  return size;
}
