import type { JobBuilder, Stream } from "../../engine/dataflow/api.ts";
import { EVENT_TYPE } from "../../generators/nexmark/model.ts";
import { SOURCE_ID } from "../job-ids.ts";
import { nexmarkSource } from "./format.ts";
import type { NexmarkJobParameters } from "./parameters.ts";
import { NEXMARK_WIRE } from "./wire.ts";

const RELATIONS = ["person", "auction", "bid"] as const;
type Relation = (typeof RELATIONS)[number];

/** Wanted columns of each wanted relation. */
export type RelationColumns = Partial<Readonly<Record<Relation, readonly string[]>>>;

/** Field that tells the relations of a mixed stream apart: a value of `EVENT_TYPE`. */
export const EVENT_TYPE_FIELD = NEXMARK_WIRE.discriminator;

/**
 * Rows of several relations in event order, as one stream: `event_type` and each relation's columns as `relation.column`, NULL in rows
 * of the others. Nothing else is decoded.
 */
export function mixedEvents(job: JobBuilder, columns: RelationColumns, parameters: NexmarkJobParameters): Stream {
  const rows = RELATIONS.filter((relation) => columns[relation] !== undefined);
  const fields = rows.flatMap((relation) => columns[relation]!.map((name) => `${relation}.${name}`));
  const source = nexmarkSource({ fields: [EVENT_TYPE_FIELD, ...fields], rows }, parameters);
  return job.source(SOURCE_ID, { ...source, watermarkDelayMs: parameters.watermarkDelayMs });
}

/** The rows of one relation of a mixed stream, with these of its columns under their own names. */
export function relationOf(events: Stream, relation: Relation, columns: readonly string[]): Stream {
  const type = events.schema.index(EVENT_TYPE_FIELD);
  const wanted = EVENT_TYPE[relation];
  return events
    .filter(`${relation}s`, (row) => row.number(type) === wanted)
    .project(
      `${relation}Columns`,
      columns.map((name) => [`${relation}.${name}`, name] as const),
    );
}
