import assert from "node:assert/strict";
import { test } from "node:test";
import { FaultlineError } from "../../../base/errors.ts";
import {
  avg,
  count,
  countDistinct,
  failedSchema,
  inlineTable,
  type JobBuilder,
  job,
  jsonEncoder,
  processingTime,
  type Stream,
  sessions,
  sideOutput,
  sum,
  tumbling,
} from "../../../engine/dataflow/api.ts";
import { planJob } from "../../../engine/dataflow/planner.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";
import { eventSource } from "./simulate.ts";

const OTHER = new RowSchema([{ name: "other", type: "i64" }]);
const pass = () => true;
const noCall = () => ({ request: () => new Uint8Array(0), onResponse: () => {} });
const nothing = { onRow: () => {}, state: { width: 1 } };
const out = (stream: Stream) => stream.sink("out", jsonEncoder(stream.schema));

interface Case {
  readonly what: string;
  readonly build: (events: Stream, graph: JobBuilder) => void;
  /** Of the message, and of the hint. */
  readonly message: RegExp;
  readonly hint?: RegExp;
  readonly replicas?: number;
}

const CASES: readonly Case[] = [
  {
    what: "two operators of one id",
    build: (events) => out(events.filter("same", pass).filter("same", pass)),
    message: /two operators are called "same"/,
    hint: /unique/,
  },
  {
    what: "an unknown field in an aggregate",
    build: (events) => out(events.keyBy("key").aggregate("totals", sum("cost"))),
    message: /"totals": no field "cost"/,
    hint: /the fields are key, name, value, at/,
  },
  {
    what: "the mean of text",
    build: (events) => out(events.keyBy("key").aggregate("totals", avg("name"))),
    message: /"totals": avg\("name"\): the field is a string/,
  },
  {
    what: "no aggregate",
    build: (events) => out(events.keyBy("key").window("w", tumbling(10)).aggregate()),
    message: /"w": there is nothing to aggregate/,
    hint: /count\(\)/,
  },
  {
    what: "distinct counts in sessions",
    build: (events) => out(events.keyBy("key").window("w", sessions(10)).aggregate(countDistinct("name"))),
    message: /"w": session windows have no distinct counts/,
    hint: /hopping/,
  },
  {
    what: "distinct counts over the last rows",
    build: (events) => out(events.keyBy("key").over("o", { preceding: 1, aggregates: [countDistinct("name")] })),
    message: /"o": there are no distinct counts/,
    hint: /process function/,
  },
  {
    what: "a negative number of preceding rows",
    build: (events) => out(events.keyBy("key").over("o", { preceding: -1, aggregates: [count()] })),
    message: /"o": -1 preceding rows/,
    hint: /0 to 1000/,
  },
  {
    what: "late rows of other fields",
    build: (events) => {
      const late = sideOutput("late", OTHER);
      out(events.keyBy("key").window("w", tumbling(10), { late }).aggregate(count()));
    },
    message: /"w": the side output "late".*not the fields/,
    hint: /before keyBy/,
  },
  {
    what: "late rows of processing time",
    build: (events) => {
      const late = sideOutput("late", events.schema);
      events.keyBy("key").window("w", processingTime(tumbling(10)), { late });
    },
    message: /"w": windows over processing time have no late rows/,
  },
  {
    what: "a side output that the operator does not declare",
    build: (events) => out(events.filter("plain", pass).side(sideOutput("late", OTHER))),
    message: /"plain" has no side output "late"/,
    hint: /declare it/,
  },
  {
    what: "two side outputs of one tag",
    build: (events) => {
      const side = sideOutput("twice", OTHER);
      events.process("p", OTHER, () => nothing, { sideOutputs: [side, side] });
    },
    message: /"p": two side outputs have one tag/,
  },
  {
    what: "a lookup by fields of other types",
    build: (events) => {
      const table = inlineTable(OTHER, []);
      events.lookupJoin("l", table, { on: [["name", "other"]], select: { left: ["key"] } });
    },
    message: /"l": the rows' fields \(string\) are looked up in the table's \(i64\)/,
    hint: /same types/,
  },
  {
    what: "no requests at all",
    build: (events) => events.callOut("c", OTHER, { endpoint: "e", maxInFlight: 0 }, noCall),
    message: /"c": maxInFlight is 0/,
    hint: /at least 1/,
  },
  {
    what: "failed rows without an error field",
    build: (events) => {
      const failed = sideOutput("failed", events.schema);
      events.callOut("c", OTHER, { endpoint: "e", failed }, noCall);
    },
    message: /"c": the side output "failed" has not the fields of failed rows/,
    hint: /failedSchema/,
  },
  {
    what: "a union of different schemas",
    build: (events) => out(events.union(events.project("less", ["key"]))),
    message: /union of "events", "less": the schemas differ/,
  },
  {
    what: "a join of keys of different types",
    build: (events) => out(events.keyBy("key").join("j", events.keyBy("name"), { select: { left: ["key"] } })),
    message: /"j": its inputs are keyed by \(i64\) and \(string\)/,
  },
  {
    what: "a keyed operator without keyBy",
    build: (events, graph) => {
      const create = () => {
        throw new Error("never made");
      };
      out(graph.operator("k", { schema: OTHER, inputs: [events.edges], keys: [["key"]], create }));
    },
    message: /"k": is keyed by key, but rows from "events" do not come hashed/,
    hint: /keyBy\(\)/,
  },
  {
    what: "rows that go back without a loop",
    build: (events, graph) => {
      const later = { from: "later", partitioning: { kind: "forward" } } as const;
      const early = graph.operator("early", { ...operator(), inputs: [[...events.edges, later]] });
      out(graph.operator("later", { ...operator(), inputs: [early.edges] }));
    },
    message: /"early": reads from "later", which comes after it/,
    hint: /iterate\(\)/,
  },
  {
    what: "a feedback edge into an operator that is no head",
    build: (events, graph) => {
      const back = { from: "later", partitioning: { kind: "forward" }, feedback: true } as const;
      const early = graph.operator("early", { ...operator(), inputs: [events.edges, [back]] });
      out(graph.operator("later", { ...operator(), inputs: [early.edges] }));
    },
    message: /"early": a feedback edge from "later" leads to it, but it is not the head of a loop/,
  },
  {
    what: "a loop that feeds back other fields",
    build: (events) =>
      out(
        events.iterate("loop", (rows) => ({ feedback: rows.project("less", ["key"]), output: rows.filter("f", pass) })),
      ),
    message: /"loop": the rows that are fed back have other fields/,
    hint: /key i64, name string/,
  },
  {
    what: "a loop that feeds back its own head",
    build: (events) => out(events.iterate("loop", (rows) => ({ feedback: rows, output: rows.filter("f", pass) }))),
    message: /"loop": "loop" is fed back, but is not in the loop's body/,
  },
  {
    what: "a loop whose body reads rows from outside",
    build: (events) => {
      const body = (rows: Stream) => ({
        feedback: rows.union(events).filter("back", pass),
        output: rows.filter("f", pass),
      });
      out(events.iterate("loop", body));
    },
    message: /"loop": the loop's body reads "events" from outside/,
    hint: /before iterate/,
  },
  {
    what: "a loop within a loop",
    build: (events) => {
      const inner = (rows: Stream) => ({ feedback: rows.filter("in", pass), output: rows.filter("leave", pass) });
      const outer = (rows: Stream) => ({ feedback: rows.iterate("inner", inner), output: rows.filter("f", pass) });
      out(events.iterate("outer", outer));
    },
    message: /"inner": it is a loop within the loop "outer"/,
  },
  {
    what: "parallelism that differs along a forward edge",
    build: (events) => out(events.withParallelism(3).filter("three", pass).withParallelism(2)),
    message: /"three" has parallelism 3, its input "events" has 2/,
    hint: /rebalance\(\) or keyBy\(\)/,
  },
  {
    what: "a loop in a replicated job",
    replicas: 2,
    build: (events) =>
      out(events.iterate("loop", (rows) => ({ feedback: rows.filter("back", pass), output: rows.filter("f", pass) }))),
    message: /"loop" is the head of a loop: loops cannot be replicated/,
    hint: /without replication/,
  },
  {
    what: "processing time in a replicated job",
    replicas: 2,
    build: (events) =>
      out(
        events
          .keyBy("key")
          .window("w", processingTime(tumbling(10)))
          .aggregate(count()),
      ),
    message: /"w" reads the clock/,
    hint: /event time/,
  },
  {
    what: "a stamp in a replicated job",
    replicas: 2,
    build: (events) =>
      out(events.compute("c", { name: "when", type: "decimal3" }, () => 0).stampProcessingTime("s", "when")),
    message: /"s" reads the clock/,
    hint: /declare a process function deterministic/,
  },
  {
    what: "processing timers in a replicated job",
    replicas: 2,
    build: (events) => out(events.keyBy("key").process("timers", OTHER, () => nothing, { processingTime: true })),
    message: /"timers" reads the clock/,
  },
  {
    what: "a call-out in a replicated job",
    replicas: 2,
    build: (events) => out(events.callOut("ask", events.schema, { endpoint: "e" }, noCall)),
    message: /"ask" is not deterministic/,
    hint: /call-outs/,
  },
  {
    what: "a function that says that it is not deterministic in a replicated job",
    replicas: 2,
    build: (events) => out(events.process("dice", OTHER, () => nothing, { deterministic: false })),
    message: /"dice" is not deterministic: its replicas would not agree/,
  },
];

function operator() {
  const create = () => {
    throw new Error("never made");
  };
  return { schema: eventSource(job("schema")).schema, create };
}

for (const { what, build, message, hint, replicas = 1 } of CASES) {
  test(`${what}: refused, by the operator's name`, () => {
    const attempt = () => {
      const graph = job("wrong");
      build(eventSource(graph), graph);
      const counts = { source: replicas, operator: replicas, sink: 1 };
      planJob(graph.build(), { parallelism: 2, keyGroups: 16, replicas: counts });
    };
    assert.throws(attempt, (error) => {
      assert.ok(error instanceof FaultlineError, String(error));
      assert.equal(error.code, "job-invalid");
      assert.match(error.message, message);
      if (hint !== undefined) assert.match(error.hint ?? "", hint);
      return true;
    });
  });
}

test("a process function with the clock is replicated when it is declared deterministic, and anything without replicas", () => {
  const plan = (replicas: number, deterministic: boolean) => {
    const graph = job("declared");
    const options = { processingTime: true, deterministic };
    out(
      eventSource(graph)
        .keyBy("key")
        .process("measured", OTHER, () => nothing, options),
    );
    const counts = { source: 1, operator: replicas, sink: 1 };
    return planJob(graph.build(), { parallelism: 2, keyGroups: 16, replicas: counts });
  };
  assert.deepEqual(
    plan(2, true).vertices.map(({ id, replicas }) => [id, replicas]),
    [
      ["events", 1],
      ["measured", 2],
      ["out", 1],
    ],
  );
  assert.equal(plan(1, false).vertices.find(({ id }) => id === "measured")?.replicas, 1);
  assert.throws(() => plan(2, false), /"measured" is not deterministic/);
});

test("what is right is planned: a side output and a feedback edge say so", () => {
  const graph = job("right");
  const events = eventSource(graph);
  const failed = sideOutput("failed", failedSchema(events.schema));
  const asked = events.callOut("ask", events.schema, { endpoint: "e", failed }, noCall);
  asked.side(failed).sink("failed", jsonEncoder(failed.schema));
  out(asked.iterate("loop", (rows) => ({ feedback: rows.filter("back", pass), output: rows.filter("leave", pass) })));
  const { edges } = planJob(graph.build(), { parallelism: 1, keyGroups: 16 });
  assert.deepEqual(
    edges.map(({ from, to, input, output, feedback }) => [from, to, input, output?.tag ?? null, feedback ?? false]),
    [
      ["events", "failed", 0, "failed", false],
      ["events", "loop", 0, null, false],
      ["back", "loop", 1, null, true],
      ["loop", "back", 0, null, false],
      ["loop", "leave", 0, null, false],
    ],
  );
});
