import assert from "node:assert/strict";
import { test } from "node:test";
import { FaultlineError } from "../../../../base/errors.ts";
import { resolveText } from "../../../../harness/config/load.ts";
import { systemName } from "../../../../harness/systems/command/settings.ts";

const resolve = (system: string) => resolveText(`query: q0\nsystem: ${system}\n`, "own.yaml", []).config.system;

function problemsOf(system: string): string {
  try {
    resolve(system);
  } catch (error) {
    assert.ok(error instanceof FaultlineError && error.code === "config-invalid", String(error));
    return error.message;
  }
  assert.fail(`accepted: ${system}`);
}

test("`system: bundled` stays what it was", () => {
  assert.equal(resolve("bundled"), "bundled");
  assert.equal(resolveText("query: q0\n", "own.yaml", []).config.system, "bundled");
  assert.equal(systemName("bundled"), "bundled");
});

test("the short form is one process, and every default is filled in", () => {
  assert.deepEqual(resolve("{kind: command, start: [node, a.js, '{brokers}'], ready: none}"), {
    kind: "command",
    name: "command",
    start: [{ role: "processor", command: ["node", "a.js", "{brokers}"], env: {} }],
    ready: "none",
    stop: { timeout: 5000 },
    drain: {},
  });
});

test("named processes, with units resolved", () => {
  const system = resolve(`
  kind: command
  name: mine
  start:
    - {role: manager, command: [java, -jar, m.jar], cwd: /opt, env: {TOPIC: '{inputTopic}'}}
    - {role: worker-1, command: [java, -jar, w.jar]}
  ready: {line: "^up$", roles: [manager], timeout: 20s}
  stop: {command: [./stop.sh], timeout: 1500ms}
  pids: [./pids.sh]
  drain: {quiet: 2s}`);
  assert.ok(typeof system !== "string");
  assert.equal(systemName(system), "mine");
  assert.deepEqual(system.ready, { line: "^up$", roles: ["manager"], timeout: 20_000 });
  assert.deepEqual([system.stop.timeout, system.drain.quiet], [1500, 2000]);
});

const START = "start: [node, a.js]";
const WRONG: readonly (readonly [string, string, RegExp])[] = [
  [
    "a system that is not there",
    "budled",
    /own\.yaml:2:1 system: expected bundled or echo or a mapping.*did you mean "bundled"/,
  ],
  ["another kind", "{kind: comand}", /kind: expected command, found "comand"/],
  ["a key that is not there", `{kind: command, ${START}, redy: none}`, /unknown setting "redy".*did you mean "ready"/],
  ["no readiness", `{kind: command, ${START}}`, /system\.ready: missing/],
  [
    "a placeholder that is not there",
    "{kind: command, start: [node, '--in={inputTopics}'], ready: none}",
    /unknown placeholder \{inputTopics\}.*did you mean \{inputTopic\}/,
  ],
  [
    "one in the environment of a process",
    "{kind: command, start: [{role: a, command: [x], env: {A: '{topic}'}}], ready: none}",
    /env\.A: unknown placeholder \{topic\}/,
  ],
  ["an expression that is none", `{kind: command, ${START}, ready: {line: '('}}`, /ready\.line: not a regular/],
  ["two ways to be ready", `{kind: command, ${START}, ready: {line: x, delay: 1s}}`, /either line or delay/],
  ["no way to be ready", `{kind: command, ${START}, ready: {timeout: 1s}}`, /either line or delay/],
  ["readiness of nobody", `{kind: command, ${START}, ready: {line: x, roles: [y]}}`, /no process has the role y/],
  ["two ways to stop", `{kind: command, ${START}, ready: none, stop: {signal: SIGINT, command: [x]}}`, /either signal/],
  ["two ways to drain", `{kind: command, ${START}, ready: none, drain: {quiet: 1s, command: [x]}}`, /either quiet/],
  [
    "one role twice",
    "{kind: command, start: [{role: a, command: [x]}, {role: a, command: [y]}], ready: none}",
    /the role a is there already/,
  ],
  ["the feeder's own role", "{kind: command, start: [{role: feeder, command: [x]}], ready: none}", /roles are taken/],
  ["a command without a list", "{kind: command, start: node a.js, ready: none}", /start: expected a list/],
  ["nothing to start", "{kind: command, start: [], ready: none}", /start: must have at least 1 entry/],
];

for (const [what, system, message] of WRONG) {
  test(`refused with its place: ${what}`, () => {
    assert.match(problemsOf(system), message);
  });
}

test("a sweep over systems names its cells by the systems' names", () => {
  const own = (name: string) => `{kind: command, name: ${name}, ${START}, ready: none}`;
  const text = `query: q0\nsweep: {system: [bundled, ${own("fast")}, ${own("slow")}]}\n`;
  const { cells } = resolveText(text, "own.yaml", []);
  assert.deepEqual(
    cells.map(({ cell }) => cell.id),
    ["q0-system-bundled", "q0-system-fast", "q0-system-slow"],
  );
  assert.deepEqual(
    cells.map(({ config }) => systemName(config.system)),
    ["bundled", "fast", "slow"],
  );
});
