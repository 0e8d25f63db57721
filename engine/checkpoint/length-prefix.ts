import { FaultlineError } from "../../base/errors.ts";

const MAX_LENGTH = 0xffffffff;

/** A length prefix that was 0 when its place was written: `length` belongs at byte `at`. */
export interface LateLength {
  readonly at: number;
  readonly length: number;
}

/** `length` as a length prefix; `snapshot-too-large` from 4 GiB on. */
export function checkedLength(length: number): number {
  if (length <= MAX_LENGTH) return length;
  throw new FaultlineError("snapshot-too-large", `a part of a snapshot has ${length} bytes, more than 4 GiB`, {
    hint: "raise the parallelism, so that each instance holds less state",
  });
}
