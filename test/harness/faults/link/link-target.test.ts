import assert from "node:assert/strict";
import { test } from "node:test";
import { firstEndOf, flowsOf, parseLinkTarget } from "../../../../harness/faults/link/link-target.ts";
import { matches } from "../../../../harness/faults/link/rules.ts";

/** `worker/2` is served by `worker-2`. */
const flows = (target: string) => flowsOf(target, (end) => [end.replace("/", "-")]);
const goes = (target: string, from: string, to: string) => matches(flows(target), from, to);

test("a pair means both ways, an arrow one, a name alone all that goes to it and from it", () => {
  const pair = "worker/1<->worker/2";
  assert.ok(goes(pair, "worker-1", "worker-2") && goes(pair, "worker-2", "worker-1"));
  assert.ok(!goes(pair, "worker-1", "broker") && !goes(pair, "worker-1", "worker-1"));
  const arrow = "worker/1->broker";
  assert.ok(goes(arrow, "worker-1", "broker") && !goes(arrow, "broker", "worker-1"));
  const all = "coordinator";
  assert.ok(goes(all, "worker-3", "coordinator") && goes(all, "coordinator", "unknown"));
  assert.ok(!goes(all, "worker-1", "worker-2"));
});

test("sets and everybody: halves of a cluster, and one way of isolating one of them", () => {
  const halves = "worker/1,worker/2<->worker/3,coordinator,broker";
  assert.ok(goes(halves, "worker-2", "broker") && goes(halves, "coordinator", "worker-1"));
  assert.ok(!goes(halves, "worker-1", "worker-2") && !goes(halves, "worker-3", "broker"));
  assert.ok(goes("worker/1->*", "worker-1", "broker") && !goes("worker/1->*", "broker", "worker-1"));
  assert.ok(goes("*->worker/1", "broker", "worker-1") && !goes("*->worker/1", "worker-1", "broker"));
  assert.deepEqual(parseLinkTarget("worker/1 -> *"), { left: ["worker/1"], right: "*", isOneWay: true });
});

test("a story of the fault begins with the end that is named first", () => {
  const firsts = ["worker/2<->worker/1", "*->coordinator", "broker", "zone:a<->zone:b"].map(firstEndOf);
  assert.deepEqual(firsts, ["worker/2", "coordinator", "broker", "zone:a"]);
});

test("what is no link is refused with what a link looks like", () => {
  for (const target of [
    "",
    "worker",
    "worker/0",
    "worker/1<-worker/2",
    "*",
    "*<->*",
    "worker/1<->",
    "feeder",
    "zone:",
    "zone:1",
    "a->b->c",
  ]) {
    assert.throws(() => parseLinkTarget(target), { code: "config-invalid", hint: /worker\/1<->worker\/2/ }, target);
  }
  assert.throws(() => parseLinkTarget("worker/1,broker<->broker"), { message: /broker on both sides/ });
});
