import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { resolveText } from "../../../harness/config/load.ts";
import { deployConfig, needsElection } from "../../../harness/sweep/deploy-config.ts";
import { refusalOf } from "./problems.ts";

const BASE = "query: q5\nload: {rate: 1k/s, duration: 30s}\nwarmup: 5s\nengine: {workers: 4}\nrecovery: active\n";

const resolve = (text: string) => resolveText(BASE + text, "r.yaml", []).config;

const refusal = (text: string) => refusalOf(() => resolve(text));

describe("replication of a config", () => {
  it("is LiveRobin by default, and nobody is elected", () => {
    const config = resolve("");
    assert.equal(deployConfig(config).replication?.merge, "liveRobin");
    assert.equal(deployConfig(config).sessionMs, undefined);
    assert.equal(needsElection(config), false);
  });

  it("under KaZoo needs an election, with its session and lease", () => {
    const config = resolve("replication: {merge: kaZoo, kaZoo: {session: 2s, lease: 700ms}}\n");
    assert.equal(needsElection(config), true);
    const { sessionMs, replication } = deployConfig(config);
    assert.deepEqual([sessionMs, replication?.merge, replication?.leaseUs], [2000, "kaZoo", 700_000]);
    assert.equal(needsElection({ ...config, recovery: "passive" }), false, "no replicas, no leaders");
  });

  it("has other numbers of replicas by operator, and enough workers for the most of them", () => {
    const text = "replication: {factor: 2, vertices: {counts: 3}}\n";
    assert.deepEqual(deployConfig(resolve(text)).replication?.vertices, { counts: 3 });
    assert.match(
      refusal("replication: {vertices: {counts: 4}}\n"),
      /4 replicas and the tasks without any need 5 workers/,
    );
  });

  for (const [what, text, message] of [
    [
      "without order, unless asked for",
      "replication: {merge: none}\n",
      /replicas diverge.*replication\.unordered: true/,
    ],
    ["with a session that no server grants", "replication: {kaZoo: {session: 100ms}}\n", /session/],
    ["with 5 replicas", "replication: {factor: 5}\n", /factor: must be at most 4/],
    [
      "a leader under LiveRobin",
      "faults: [{kind: kill, target: 'leader:counts/1', at: 9s}]\n",
      /only replicas under kaZoo/,
    ],
    ["a replica too many", "faults: [{kind: kill, target: counts/1.2, at: 9s}]\n", /counts has 2 replicas/],
    ["a replica of a leader", "faults: [{kind: kill, target: 'leader:counts/1.0', at: 9s}]\n", /a target is written/],
  ] as const) {
    it(`refuses ${what}`, () => assert.match(refusal(text), message));
  }

  it("without order is possible for those who ask", () => {
    const config = resolve("replication: {merge: none, unordered: true}\n");
    assert.equal(deployConfig(config).replication?.allowUnordered, true);
  });

  it("knows replicas, leaders and followers as targets", () => {
    const text =
      "replication: {merge: kaZoo}\nfaults: [{kind: kill, target: [counts/1.1, 'leader:counts/0', 'follower:counts/0'], at: 9s}]\n";
    assert.equal(resolve(text).faults.length, 1);
  });
});
