import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type CallOutFunction,
  computedTable,
  csvTable,
  failedSchema,
  inlineTable,
  jsonEncoder,
  type KeyedProcess,
  sideOutput,
} from "../../../engine/dataflow/api.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";
import { counted, type Event, simulate, someEvents, sorted } from "./simulate.ts";

const EVENTS = someEvents(400);
const KEYED = new RowSchema([
  { name: "key", type: "i64" },
  { name: "text", type: "string" },
]);

for (const parallelism of [1, 2, 4]) {
  describe(`at parallelism ${parallelism}`, () => {
    it("a process function has side outputs of their own fields; what nobody reads is dropped", () => {
      const negative = sideOutput("negative", KEYED);
      const unread = sideOutput("unread", KEYED);
      const { rows } = simulate(EVENTS, parallelism, (events) => {
        const positive = events.process(
          "split",
          events.schema,
          (sides) => {
            const out = sides.collector(negative);
            const nobody = sides.collector(unread);
            return {
              onRow(row, main) {
                nobody.addRow(row.eventTimeMs);
                if (row.number(2) < 0) {
                  out.addRow(row.eventTimeMs);
                  out.setNumber(0, row.number(0));
                  out.setText(1, String(row.number(2)));
                } else {
                  main.addRow(row.eventTimeMs);
                  for (let field = 0; field < 4; field++) main.copy(field, row, field);
                }
              },
            };
          },
          { sideOutputs: [negative, unread] },
        );
        positive.filter("chained", () => true).sink("positive", jsonEncoder(positive.schema));
        positive.side(negative).rebalance().sink("negative", jsonEncoder(KEYED));
      });
      const isNegative = ({ value }: Event) => value !== null && value < 0;
      assert.deepEqual(
        sorted(rows.positive),
        sorted(EVENTS.filter((event) => !isNegative(event)).map((e) => ({ ...e }))),
      );
      const expected = EVENTS.filter(isNegative).map(({ key, value }) => ({ key, text: String(value) }));
      assert.deepEqual(sorted(rows.negative), sorted(expected));
    });

    it("a processing-time timer fires when the clock has come to it, those left at the end of input", () => {
      const schema = new RowSchema([
        { name: "key", type: "i64" },
        { name: "rows", type: "i64" },
        { name: "late", type: "i64" },
      ]);
      const counter = (delayMs: number) => (): KeyedProcess => ({
        state: { width: 1 },
        onRow(_row, context) {
          if (!context.exists) context.setProcessingTimer(context.processingTimeMs + delayMs);
          context.set(0, context.get(0) + 1);
        },
        onProcessingTimer(timeMs, context, out) {
          out.addRow(0);
          context.writeKey(out);
          out.setNumber(1, context.get(0));
          out.setNumber(2, context.processingTimeMs - timeMs);
          context.clear();
          context.setProcessingTimer(context.processingTimeMs + delayMs); // at the end of input this does nothing
        },
      });
      for (const delayMs of [1, 1_000_000]) {
        const { rows, virtualUs } = simulate(
          EVENTS,
          parallelism,
          (events) => {
            const counts = events.keyBy("key").process("timers", schema, counter(delayMs), { processingTime: true });
            counts.filter("filled", (row) => row.number(1) > 0).sink("out", jsonEncoder(schema));
          },
          { batchRecords: 3 },
        );
        const total = rows.out!.reduce((sum, row) => sum + Number(row.rows), 0);
        assert.equal(total, EVENTS.length);
        if (delayMs === 1) {
          assert.ok(rows.out!.length > 7, "several times a key");
          assert.ok(rows.out!.filter(({ late }) => Number(late) >= 0).length > 7);
        } else {
          assert.equal(rows.out!.length, 7);
          assert.ok(virtualUs < 1e9, "the end does not wait for the clock");
        }
      }
    });

    it("a timer that is set by one left at the end of input fires too", () => {
      const process = (): KeyedProcess => ({
        state: { width: 1 },
        onRow: (_row, context) => context.setProcessingTimer(context.processingTimeMs + 1_000_000),
        onProcessingTimer(_timeMs, context) {
          if (context.exists) return;
          context.set(0, 1);
          context.setTimer(5);
        },
        onTimer(timeMs, context, out) {
          out.addRow(timeMs);
          context.writeKey(out);
          out.setText(1, "fired");
        },
      });
      const { rows } = simulate(EVENTS, parallelism, (events) => {
        const fired = events.keyBy("key").process("timers", KEYED, process, { processingTime: true });
        fired.sink("out", jsonEncoder(KEYED));
      });
      assert.equal(rows.out?.length, new Set(EVENTS.map(({ key }) => key)).size);
    });

    it("rows are looked up in tables: computed, inline, from a file", () => {
      const schema = new RowSchema([
        { name: "id", type: "i64" },
        { name: "label", type: "string" },
        { name: "rate", type: "decimal3" },
      ]);
      const computed = computedTable(schema, (rows) => {
        for (let id = 0; id < 5; id++) {
          rows.addRow();
          rows.setNumber(0, id);
          rows.setText(1, `label ${id}`);
        }
      });
      const inline = inlineTable(schema, [
        [1, "one", 1500],
        [3, "three", null],
        [1, "uno", 2000],
        [null, "nobody", 1],
      ]);
      const file = 'rate,unused,label,id\r\n1.5,x,"one, ""1""",1\r\n,y,three,3\r\n\r\n2,z,uno,1\n';
      const csv = csvTable(schema, "rates.csv");
      const on = [["key", "id"]] as const;
      const select = { left: ["key", "at"], right: ["label", "rate"] };
      const { rows } = simulate(
        EVENTS,
        parallelism,
        (events) => {
          for (const [id, table, type] of [
            ["computed", computed, "inner"],
            ["inline", inline, "left"],
            ["csv", csv, "inner"],
          ] as const) {
            const joined = events.lookupJoin(`${id}Join`, table, { on, select, type });
            joined.sink(id, jsonEncoder(joined.schema));
          }
        },
        { surroundings: { files: new Map([["rates.csv", new TextEncoder().encode(file)]]) } },
      );
      const joined = (matches: (key: number) => readonly object[]) =>
        sorted(EVENTS.flatMap(({ key, at }) => matches(key).map((match) => ({ key, at, ...match }))));
      assert.deepEqual(
        sorted(rows.computed),
        joined((key) => (key < 5 ? [{ label: `label ${key}`, rate: null }] : [])),
      );
      const three = { label: "three", rate: null };
      const uno = { label: "uno", rate: rows.csv!.find(({ label }) => label === "uno")!.rate };
      const one = (label: string) => ({
        label,
        rate: rows.csv!.find(({ label }) => label!.toString().startsWith("one"))!.rate,
      });
      assert.equal(Number(uno.rate), 2);
      assert.equal(Number(one("one").rate), 1.5);
      assert.deepEqual(
        sorted(rows.inline),
        joined((key) => (key === 1 ? [one("one"), uno] : [key === 3 ? three : { label: null, rate: null }])),
      );
      assert.deepEqual(
        sorted(rows.csv),
        joined((key) => (key === 1 ? [one('one, "1"'), uno] : key === 3 ? [three] : [])),
      );
    });

    it("a loop takes rows round until they leave, and ends when it is empty", () => {
      // Collatz: steps until 1.
      const schema = new RowSchema([
        { name: "start", type: "i64" },
        { name: "now", type: "i64" },
        { name: "steps", type: "i64" },
      ]);
      const run = simulate(EVENTS, parallelism, (events) => {
        const starts = events.map("starts", schema, (row, out) => {
          out.setNumber(0, (row.number(3) % 97) + 1);
          out.setNumber(1, (row.number(3) % 97) + 1);
          out.setNumber(2, 0);
        });
        const done = starts.iterate("loop", (rows) => {
          const open = rows.filter("open", (row) => row.number(1) !== 1);
          const stepped = open.keyBy("now").process("step", schema, () => ({
            state: { width: 1 },
            onRow(row, _context, out) {
              const now = row.number(1);
              out.addRow(row.eventTimeMs);
              out.setNumber(0, row.number(0));
              out.setNumber(1, now % 2 === 0 ? now / 2 : 3 * now + 1);
              out.setNumber(2, row.number(2) + 1);
            },
          }));
          return { feedback: stepped, output: rows.filter("done", (row) => row.number(1) === 1) };
        });
        done.sink("out", jsonEncoder(schema));
      });
      const expected = EVENTS.map(({ at }) => {
        const start = (at % 97) + 1;
        let steps = 0;
        for (let now = start; now !== 1; steps++) now = now % 2 === 0 ? now / 2 : 3 * now + 1;
        return { start, now: 1, steps };
      });
      assert.deepEqual(sorted(run.rows.out), sorted(expected));
      assert.equal(
        counted(run, "fedBack"),
        expected.reduce((sum, { steps }) => sum + steps, 0),
      );
    });

    for (const ordered of [true, false]) {
      it(`requests are made a few at a time, ${ordered ? "in order" : "in any order"}, repeated, given up`, () => {
        let inFlight = 0;
        let most = 0;
        const asked = new Map<string, number>();
        const answer = (_endpoint: string, request: Uint8Array) => {
          const text = new TextDecoder().decode(request);
          const times = (asked.get(text) ?? 0) + 1;
          asked.set(text, times);
          inFlight += 1;
          most = Math.max(most, inFlight);
          const key = Number(text.split(" ")[0]);
          if (key === 5) return new Error("five is refused");
          if (key === 4 && times === 1) return null; // times out once
          return new TextEncoder().encode(`answer to ${text}`);
        };
        const ask = (): CallOutFunction => ({
          request: (row) => new TextEncoder().encode(`${row.number(0)} ${row.number(3)}`),
          onResponse(row, response, out) {
            inFlight -= 1;
            out.addRow(row.eventTimeMs);
            out.setNumber(0, row.number(0));
            out.setText(1, new TextDecoder().decode(response));
          },
        });
        const events = EVENTS.map((event, i) => ({ ...event, at: 1000 + i }));
        const run = simulate(
          events,
          parallelism,
          (source) => {
            const failed = sideOutput("failed", failedSchema(source.schema));
            const options = {
              endpoint: "oracle",
              maxInFlight: 8,
              ordered,
              timeoutMs: 20,
              retries: 2,
              backoffMs: 5,
              failed,
            };
            const answers = source
              .keyBy("key")
              .process("same", source.schema, copyRows)
              .callOut("ask", KEYED, options, ask);
            answers.sink("out", jsonEncoder(KEYED));
            answers.side(failed).sink("failed", jsonEncoder(failed.schema));
          },
          { surroundings: { service: { latencyUs: [100, 5_000], answer } } },
        );
        const text = ({ key, at }: Event) => `answer to ${key} ${at}`;
        const answered = events.filter(({ key }) => key !== 5);
        assert.deepEqual(
          sorted(run.rows.out),
          sorted(answered.map((event) => ({ key: event.key, text: text(event) }))),
        );
        const refused = events.filter(({ key }) => key === 5).map((event) => ({ ...event, error: "five is refused" }));
        assert.deepEqual(sorted(run.rows.failed), sorted(refused));
        assert.ok(events.filter(({ key }) => key === 5).every(({ key, at }) => asked.get(`${key} ${at}`) === 3));
        if (!ordered) return;
        for (let key = 0; key < 7; key++) {
          const own = run.rows.out!.filter((row) => row.key === key).map((row) => row.text);
          assert.deepEqual(own, answered.filter((event) => event.key === key).map(text));
        }
      });
    }
  });
}

function copyRows(): KeyedProcess {
  return {
    state: { width: 1 },
    onRow(row, _context, out) {
      out.addRow(row.eventTimeMs);
      for (let field = 0; field < 4; field++) out.copy(field, row, field);
    },
  };
}
