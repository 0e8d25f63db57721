import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfigDocument } from "../../../harness/config/document.ts";
import { resolveSweep } from "../../../harness/config/resolve.ts";
import { problemsOf } from "./problems.ts";

const CATALOG = { ids: ["q0"], undefinedOn: () => null };

function problemsWith(settings: string): string {
  return problemsOf(() => resolveSweep(parseConfigDocument(`query: q0\n${settings}`, "c.yaml"), [], CATALOG)).join(
    "\n",
  );
}

test("nobody can look so often that nothing else is done", () => {
  assert.equal(problemsWith("sampling: {resources: 0s, tasks: 10ms}\n"), "");
  assert.match(
    problemsWith("sampling: {tasks: 1us}\n"),
    /sampling\.tasks: looking every .*\(0s for never, or 10ms and more\)/,
  );
  assert.match(problemsWith("sampling: {resources: 1ms}\n"), /sampling\.resources: looking every 1ms/);
});

test("the CPU of others cannot be limited when nobody measures it", () => {
  assert.equal(problemsWith("limits: {foreignCpu: 0.5}\n"), "");
  assert.match(
    problemsWith("sampling: {resources: 0s}\nlimits: {foreignCpu: 0.5}\n"),
    /limits\.foreignCpu: what others take/,
  );
});
