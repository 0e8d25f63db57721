import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { stampsByOrdinal } from "../../../harness/analyze/stamps-of-view.ts";
import { OBSERVATION_BYTES, writeObservation } from "../../../harness/measure/observation.ts";
import { emptyObservation } from "../../../harness/measure/observation-reader.ts";
import { temporaryFolder } from "../synthetic-run.ts";

it("stamps, which only the uncommitted view leaves, are found by ordinals that count both views", (t) => {
  const file = join(temporaryFolder(t), "observations.bin");
  const views = [0, 1, 1, 0, 0, 1, 0] as const;
  const bytes = new Uint8Array(views.length * OBSERVATION_BYTES);
  const view = new DataView(bytes.buffer);
  views.forEach((isolation, i) => {
    writeObservation(view, i * OBSERVATION_BYTES, { ...emptyObservation(), isolation });
  });
  writeFileSync(file, bytes);
  const stamps = (rank: number) => ({ receivedMs: rank, sentMs: rank });
  const uncommitted = views.flatMap((isolation, ordinal) => (isolation === 0 ? [ordinal] : []));
  assert.deepEqual(
    uncommitted.map((ordinal) => stampsByOrdinal(stamps, file, true)!(ordinal)!.sentMs),
    [0, 1, 2, 3],
  );
  assert.equal(stampsByOrdinal(stamps, file, false), stamps);
  assert.equal(stampsByOrdinal(null, file, true), null);
});
