import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { FaultlineError } from "../../../base/errors.ts";
import { resolveText } from "../../../harness/config/load.ts";

const BASE = "query: q5\nload: {rate: 1k/s, duration: 30s}\nwarmup: 5s\n";

function refusal(text: string): string {
  try {
    resolveText(BASE + text, "faults.yaml", []);
  } catch (error) {
    assert.ok(error instanceof FaultlineError);
    assert.equal(error.code, "config-invalid");
    return `${error.message}\n${error.hint ?? ""}`;
  }
  return assert.fail(`accepted: ${text}`);
}

describe("faults of a config", () => {
  it("are read with their times in ms; by default there are none and nothing is recovered", () => {
    assert.deepEqual(resolveText(BASE, "none.yaml", []).config.faults, []);
    assert.equal(resolveText(BASE, "none.yaml", []).config.recovery, "none");
    const text =
      "recovery: scratch\nfaults:\n  - {kind: kill, target: worker/2, at: 15s}\n  - {kind: kill, target: worker/1, at: 20s}\n";
    const { config } = resolveText(BASE + text, "two.yaml", []);
    assert.equal(config.recovery, "scratch");
    assert.deepEqual(config.faults, [
      { kind: "kill", target: "worker/2", at: 15_000 },
      { kind: "kill", target: "worker/1", at: 20_000 },
    ]);
  });

  it("can be an axis, to compare runs with and without them", () => {
    const text = "sweep:\n  faults: [[], [{kind: kill, target: worker/1, at: 10s}]]\n";
    assert.deepEqual(
      resolveText(BASE + text, "axis.yaml", []).cells.map(({ config }) => config.faults.length),
      [0, 1],
    );
  });

  for (const [what, text, message] of [
    ["of an unknown kind", "faults: [{kind: kil, target: worker/1, at: 9s}]", /kind/],
    ["with a slip in a key", "faults: [{kind: kill, target: worker/1, att: 9s}]", /att/],
    ["without a time", "faults: [{kind: kill, target: worker/1}]", /at/],
    ["with a time without unit", "faults: [{kind: kill, target: worker/1, at: 9}]", /unit/],
    ["of worker 0", "faults: [{kind: kill, target: worker/0, at: 9s}]", /worker\/1/],
    ["of a worker that is not there", "faults: [{kind: kill, target: worker/3, at: 9s}]", /no worker\/3.*2 workers/],
    ["behind the load", "faults: [{kind: kill, target: worker/1, at: 30s}]", /behind the end of the load/],
    ["in the warm-up", "faults: [{kind: kill, target: worker/1, at: 4s}]", /warm-up/],
    [
      "with two triggers",
      "faults: [{kind: kill, target: worker/1, at: 9s, every: 9s}]",
      /every: at and every both say/,
    ],
    ["with a count of nothing", "faults: [{kind: kill, target: worker/1, at: 9s, count: 2}]", /count: .*no `every`/],
    [
      "with a number of no checkpoint",
      "faults: [{kind: kill, target: worker/1, at: 9s, nth: 2}]",
      /nth: .*no `checkpoint`/,
    ],
    ["without its duration", "faults: [{kind: pause, target: worker/1, at: 9s}]", /duration: missing/],
    ["with a duration that it has not", "faults: [{kind: kill, target: worker/1, at: 9s, duration: 1s}]", /duration/],
    ["that gives no cores", "faults: [{kind: cpu, target: worker/1, at: 9s, duration: 1s}]", /cores: missing/],
    ["behind the last event", "faults: [{kind: kill, target: worker/1, afterEvents: 500k}]", /has only 30000 events/],
    [
      "at an event of the warm-up",
      "faults: [{kind: kill, target: worker/1, afterEvents: 2k}]",
      /1s999ms is in the warm-up/,
    ],
    [
      "after a fraction of an event",
      "faults: [{kind: kill, target: worker/1, afterEvents: 1.5}]",
      /expected a whole number or text, found 1.5/,
    ],
    [
      "in checkpoints that nobody takes",
      "faults: [{kind: kill, target: random, checkpoint: inAlignment}]",
      /no checkpoints are taken with recovery: none/,
    ],
    [
      "in an unknown phase",
      "faults: [{kind: kill, target: random, checkpoint: inAlign}]",
      /checkpoint: .*did you mean "inAlignment"/,
    ],
    [
      "that never comes again",
      "faults: [{kind: kill, target: worker/1, every: 30s}]",
      /no multiple of 30s lies between/,
    ],
    [
      "that overlaps with itself",
      "faults: [{kind: pause, target: worker/1, every: 6s, duration: 7s}]",
      /lasts 7s is not over when the next begins/,
    ],
    ["that may never come", "faults: [{kind: kill, target: worker/1, poisson: {mean: 1h}}]", /may well never strike/],
    [
      "of somebody unknown",
      "faults: [{kind: kill, target: cordinator, at: 9s}]",
      /nobody is called cordinator.*did you mean "coordinator"/,
    ],
    ["of a worker misspelt", "faults: [{kind: kill, target: workr/1, at: 9s}]", /workr\/1.*did you mean "worker\/1"/],
    [
      "with a setting of another kind",
      "faults: [{kind: brokerRestart, target: broker, at: 9s}]",
      /faults\.0\.target: unknown setting "target" \(known here: kind, duration, at, afterEvents, checkpoint, nth, every, count, poisson\)/,
    ],
    [
      "with a setting that is nearly another one of its kind",
      "faults: [{kind: reset, target: worker/1, att: 9s}]",
      /unknown setting "att" \(did you mean "at"\?\)/,
    ],
    [
      "with a value in place of a mapping",
      "faults: [{kind: kill, target: worker/1, poisson: 5s}]",
      /poisson: expected a mapping, found "5s" \(write \{mean: …\}\)/,
    ],
    [
      "without blanks behind the colons",
      "faults: [{kind:kill,target:worker/1,at:9s}]",
      /faults\.0\.kind: .*\(YAML wants a blank behind the colon: kind: kill\)/,
    ],
    ["that is no list", "faults: {kind: kill, target: worker/1, at: 9s}", /\(write a list in brackets: \[\{…\}\]\)/],
    [
      "of the broker by a kill of workers",
      "faults: [{kind: kill, target: broker, at: 9s}]",
      /kill is not for the broker.*brokerKill/,
    ],
    [
      "of somebody else's broker",
      "kafka: {brokers: ['h:9092']}\nfaults: [{kind: brokerKill, at: 9s}]",
      /external Kafka cluster.*not Faultline's/,
    ],
    ["of one worker twice", "faults: [{kind: kill, target: [worker/1, worker/1], at: 9s}]", /worker\/1 is there twice/],
    [
      "of more random workers than there are",
      "faults: [{kind: kill, target: [random, random, random], at: 9s}]",
      /3 random workers are more than the 2/,
    ],
    [
      "of the link to a worker that is not there",
      "faults: [{kind: reset, target: worker/1<->worker/5, at: 9s}]",
      /no worker\/5/,
    ],
  ] as const) {
    it(`are refused: one ${what}`, () => assert.match(refusal(text), message));
  }

  it("can strike in a checkpoint beneath replicas too", () => {
    const text =
      "engine: {workers: 3}\nrecovery: active\nfaults: [{kind: kill, target: worker/2, checkpoint: inAlignment}]\n";
    assert.equal(resolveText(BASE + text, "active.yaml", []).config.faults.length, 1);
  });

  it("have every kind, target and trigger", () => {
    const text = `recovery: passive
faults:
  - {kind: kill, target: worker/1, at: 15s}
  - {kind: terminate, target: [worker/1, random], at: random}
  - {kind: pause, target: count/0, afterEvents: 20k, duration: 3s}
  - {kind: cpu, target: worker-2, every: 6s, count: 2, cores: 0.2, duration: 1s}
  - {kind: pause, target: coordinator, poisson: {mean: 4s}, duration: 100ms}
  - {kind: kill, target: random, checkpoint: betweenAckAndCommit, nth: 3}
  - {kind: brokerKill, at: 9s}
  - {kind: brokerRestart, at: 9s, duration: 2s}
  - {kind: brokerPause, at: 9s, duration: 2s}
`;
    const { faults } = resolveText(BASE + text, "all.yaml", []).config;
    assert.deepEqual(
      faults.map(({ kind }) => kind),
      ["kill", "terminate", "pause", "cpu", "pause", "kill", "brokerKill", "brokerRestart", "brokerPause"],
    );
    assert.deepEqual(faults[2], { kind: "pause", target: "count/0", afterEvents: 20_000, duration: 3_000 });
    assert.deepEqual(faults[6], { kind: "brokerKill", at: 9_000, duration: 0 });
    assert.deepEqual(faults[4], { kind: "pause", target: "coordinator", poisson: { mean: 4_000 }, duration: 100 });
  });

  it("first-fault.yaml kills one of two workers in the middle of its load and recovers from scratch", () => {
    const file = new URL("../../../configs/first-fault.yaml", import.meta.url);
    const { config, cells } = resolveText(readFileSync(file, "utf8"), "first-fault.yaml", []);
    assert.equal(cells.length, 1);
    assert.deepEqual([config.recovery, config.engine.workers], ["scratch", 2]);
    assert.deepEqual(config.faults, [{ kind: "kill", target: "worker/1", at: 15_000 }]);
  });
});
