import type { RowWriter } from "../../rows/batch-builder.ts";
import type { KeyCodec } from "../../rows/key.ts";
import { BytesSegment } from "../../state/bytes-segment.ts";
import { NumberSegment } from "../../state/number-segment.ts";
import type { Segment } from "../../state/segment.ts";

/** Sets fields 0, 1 … of `out` from the key of a segment's entry. */
export function writeKeyOf(codec: KeyCodec, segment: Segment, entry: number, out: RowWriter): void {
  if (segment instanceof NumberSegment) codec.writeNumber(segment.keys[entry]!, out);
  else if (segment instanceof BytesSegment) codec.writeBytes(segment.keys.bytes, segment.keys.offsets[entry]!, out);
}
