import type { Log, LogAddress } from "../ports.ts";

/** Asks where the partitions of a log end now. `done` is called once. */
export function askForEnd(
  log: Log,
  address: LogAddress,
  partitions: readonly number[],
  done: (error: Error | null, offsets: readonly number[] | null) => void,
): void {
  let asked = true;
  const answer = (error: Error | null, offsets: readonly number[] | null) => {
    if (!asked) return;
    asked = false;
    reader.close();
    done(error, offsets);
  };
  const from = partitions.map((partition) => ({ partition, offset: 0 }));
  const reader = log.openReader(address, from, {
    onRecords: () => {},
    onSkipped: () => {},
    onError: (error) => answer(error, null),
  });
  reader.pause();
  reader.endOffsets((offsets) => answer(null, offsets));
}
