import { FaultlineError } from "../base/errors.ts";
import { bettercloud } from "./bettercloud/query.ts";
import { pipelines } from "./microbench/pipelines/query.ts";
import { shuffle } from "./microbench/shuffle/query.ts";
import { q0 } from "./nexmark/q0/query.ts";
import { q1 } from "./nexmark/q1/query.ts";
import { q2 } from "./nexmark/q2/query.ts";
import { q3 } from "./nexmark/q3/query.ts";
import { q5 } from "./nexmark/q5/query.ts";
import { q7 } from "./nexmark/q7/query.ts";
import { q8 } from "./nexmark/q8/query.ts";
import { q9 } from "./nexmark/q9/query.ts";
import { q11 } from "./nexmark/q11/query.ts";
import { q19 } from "./nexmark/q19/query.ts";
import type { GeneratorName, QueryDefinition } from "./query.ts";

const NEXMARK: readonly QueryDefinition[] = [q0, q1, q2, q3, q5, q7, q8, q9, q11, q19, shuffle];
// A query and the events of its own generator are paired by its `generator`, which types cannot follow through a registry.
const BETTERCLOUD = [bettercloud as unknown as QueryDefinition];
const MICROBENCH = pipelines as readonly unknown[] as readonly QueryDefinition[];
const QUERIES: readonly QueryDefinition[] = [...NEXMARK, ...BETTERCLOUD, ...MICROBENCH];

/** Ids of all queries, or of those that read this generator's events, in the order of the documentation. */
export function queryIds(generator?: GeneratorName): readonly string[] {
  const wanted = (query: QueryDefinition) => generator === undefined || generatorOf(query) === generator;
  return QUERIES.filter(wanted).map((query) => query.id);
}

/** Whose events a query reads. */
export function generatorOf(query: Pick<QueryDefinition, "generator">): GeneratorName {
  return query.generator ?? "nexmark";
}

/** The query of this id; `query-unknown`, with the id that was probably meant, when there is none. */
export function findQuery(id: string): QueryDefinition {
  const query = QUERIES.find((candidate) => candidate.id === id);
  if (query !== undefined) return query;
  const meant = probablyMeant(id);
  throw new FaultlineError("query-unknown", `no query "${id}"`, {
    hint: `${meant === null ? "" : `did you mean "${meant}"? `}The queries are ${queryIds().join(", ")}.`,
    context: { query: id },
  });
}

/** Ids are a letter or two and a number, so the number decides (`Q05`, `nexmark-q5`, `5`), and after it the title (`hot-items`). */
function probablyMeant(id: string): string | null {
  const number = /\d+(?=\D*$)/.exec(id);
  const words = id
    .toLowerCase()
    .replace(/[^a-z]+/g, " ")
    .trim();
  const query =
    QUERIES.find((candidate) => number !== null && candidate.id === `q${Number(number[0])}`) ??
    QUERIES.find((candidate) => words.length > 2 && candidate.title.includes(words));
  return query?.id ?? null;
}
