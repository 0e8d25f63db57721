import type { MicrobenchEvent } from "../../../generators/microbench/model.ts";
import type { Oracle } from "../../query.ts";

/** Every event passes through. */
export function plainOracle(): Oracle<MicrobenchEvent> {
  return {
    onEvent({ source, sequence, key, createdAt, payload }, index, emit) {
      emit({ values: [source, sequence, key, createdAt, payload], lastInput: index });
    },
    onEnd() {},
  };
}

/** Every event with the number of its source's events of its key so far, itself included, and of all sources' (in due order). */
export function keyedOracle(): Oracle<MicrobenchEvent> {
  const ofSource = new Map<string, number>();
  const ofAll = new Map<number, number>();
  return {
    onEvent({ source, sequence, key, createdAt, payload }, index, emit) {
      const name = `${source}:${key}`;
      const count = (ofSource.get(name) ?? 0) + 1;
      const total = (ofAll.get(key) ?? 0) + 1;
      ofSource.set(name, count);
      ofAll.set(key, total);
      emit({ values: [source, sequence, key, createdAt, payload, count, total, 0], lastInput: index });
    },
    onEnd() {},
  };
}
