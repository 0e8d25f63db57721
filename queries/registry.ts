import { FaultlineError } from "../base/errors.ts";
import { q0 } from "./nexmark/q0/query.ts";
import { q2 } from "./nexmark/q2/query.ts";
import { q5 } from "./nexmark/q5/query.ts";
import type { QueryDefinition } from "./query.ts";

const QUERIES: readonly QueryDefinition[] = [q0, q2, q5];

/** Ids of all queries, in the order of the documentation. */
export function queryIds(): readonly string[] {
  return QUERIES.map((query) => query.id);
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
