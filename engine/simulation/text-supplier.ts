import type { LogSourceSupplier } from "../connectors/source-supplier.ts";

/** A log in memory: of each partition the values of its records, in order. For jobs that run with `runSimulated`. */
export function textSupplier(partitions: readonly (readonly string[])[]): LogSourceSupplier {
  const encoded = partitions.map((values) => values.map((value) => new TextEncoder().encode(value)));
  return {
    partitions: partitions.length,
    endOffset: (partition) => encoded[partition]!.length,
    read(partition, offset, maxRecords) {
      const values = encoded[partition]!.slice(offset, offset + maxRecords);
      const offsets = new Int32Array(values.length + 1);
      values.forEach((value, i) => {
        offsets[i + 1] = offsets[i]! + value.length;
      });
      return { bytes: Buffer.concat(values), count: values.length, offsets };
    },
  };
}
