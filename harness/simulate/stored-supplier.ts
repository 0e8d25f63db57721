import type { LogSourceSupplier, RecordValues } from "../../engine/connectors/source-supplier.ts";

/** All values of a computed log, kept: any number of readers, from any offset, as a real log allows. */
export class StoredSupplier implements LogSourceSupplier {
  readonly partitions: number;
  readonly #values: readonly RecordValues[];

  constructor(supplier: LogSourceSupplier) {
    this.partitions = supplier.partitions;
    this.#values = Array.from({ length: supplier.partitions }, (_, partition) => {
      const count = supplier.endOffset(partition);
      if (count === 0) return { bytes: new Uint8Array(0), count, offsets: new Int32Array(1) };
      const { bytes, offsets } = supplier.read(partition, 0, count);
      return { bytes: bytes.slice(), count, offsets: offsets.slice() };
    });
  }

  endOffset(partition: number): number {
    return this.#values[partition]!.count;
  }

  read(partition: number, offset: number, maxRecords: number): RecordValues {
    const { bytes, count, offsets } = this.#values[partition]!;
    const taken = Math.min(maxRecords, count - offset);
    return { bytes, count: taken, offsets: offsets.subarray(offset, offset + taken + 1) };
  }
}
