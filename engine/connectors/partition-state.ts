/** Where a source stands in one partition. */
export interface PartitionState {
  readonly partition: number;
  /** Offset of the next record. */
  position: number;
  /** Draining: the offset to reach; null while running, or not known yet. */
  target: number | null;
}

/** Has the partition been read to the end that the source drains to? */
export function isAtEnd({ position, target }: PartitionState): boolean {
  return target !== null && position >= target;
}
