import { FaultlineError } from "../../base/errors.ts";
import type { PhysicalPlan, Vertex } from "../dataflow/plan.ts";
import { outputChannelsOf } from "../replication/output-channels.ts";
import type { Divergence, Groups } from "./divergence.ts";

export interface DivergentChannel {
  readonly vertex: Vertex;
  readonly instance: number;
  /** Position among the vertex's channels. */
  readonly channel: number;
}

/** What a replica says of the record: its text, null when it has none there, absent when it could not be asked. */
export type RecordTexts = ReadonlyMap<number, string | null>;

/** The error of a job whose replicas do not agree: names operator, replicas, channel and element, and what each replica has sent. */
export function divergenceFailure(
  plan: PhysicalPlan,
  where: DivergentChannel,
  divergence: Divergence,
  texts: RecordTexts,
): FaultlineError {
  const { vertex, instance, channel } = where;
  const { edge, receiver } = outputChannelsOf(plan, vertex.id)[channel]!;
  const operators = edge.output === undefined ? vertex.operators : [edge.output.operator];
  const operator = operators.length === 1 ? `operator "${operators[0]}"` : `operators "${operators.join(" → ")}"`;
  const what = edge.output === undefined ? "output" : `side output "${edge.output.tag}"`;
  const to = `its ${what} to "${edge.to}" (instance ${receiver ?? instance})`;
  const replicas = parties(divergence.groups);
  const message = `${operator} (instance ${instance}): ${replicas} at ${describe(divergence, texts)} of ${to}`;
  return new FaultlineError("replicas-diverged", message, {
    hint: "under replication an operator must be a function of its input: no clock, no randomness, no order that the input does not fix",
    context: {
      operator: operators.at(-1),
      vertex: vertex.id,
      instance,
      edge: edge.id,
      receiver: receiver ?? instance,
      groups: divergence.groups,
      ...(divergence.kind === "range"
        ? { first: divergence.first, last: divergence.last }
        : { number: divergence.number }),
    },
  });
}

/** Who is the odd one out, where a majority says it. */
function parties(groups: Groups): string {
  const [most, ...others] = groups;
  const odd = others.flat().sort((a, b) => a - b);
  const all = groups.reduce((sum, { length }) => sum + length, 0);
  if (most !== undefined && most.length * 2 > all && odd.length > 0) {
    return `${named(odd)} ${odd.length === 1 ? "differs" : "differ"} from ${named(most)}`;
  }
  return `${named(groups.flat().sort((a, b) => a - b))} differ`;
}

function named(replicas: readonly number[]): string {
  const list = replicas.length === 1 ? `${replicas[0]}` : `${replicas.slice(0, -1).join(", ")} and ${replicas.at(-1)}`;
  return `${replicas.length === 1 ? "replica" : "replicas"} ${list}`;
}

function describe(divergence: Divergence, texts: RecordTexts): string {
  const { groups } = divergence;
  switch (divergence.kind) {
    case "record": {
      const said = groups.map((group) => {
        const text = group.map((replica) => texts.get(replica)).find((one) => one !== undefined);
        if (text === undefined) return `${named(group)}: not known any more`;
        return `${named(group)}: ${text ?? "no such record"}`;
      });
      return `record ${divergence.number} (${said.join("; ")})`;
    }
    case "heartbeat": {
      const said = groups.map((group) => `${named(group)}: watermark ${divergence.watermarks.get(group[0]!)}`);
      return `heartbeat, element ${divergence.number} (${said.join("; ")})`;
    }
    case "range":
      return `one of the elements ${divergence.first} to ${divergence.last} (their text is gone)`;
  }
}
