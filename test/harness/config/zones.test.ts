import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { resolveText } from "../../../harness/config/load.ts";
import { deployConfig } from "../../../harness/sweep/deploy-config.ts";
import { refusalOf } from "./problems.ts";

const BASE = "query: q5\nload: {rate: 1k/s, duration: 30s}\nwarmup: 5s\n";
const resolve = (text: string) => resolveText(BASE + text, "z.yaml", []).config;

const refusal = (text: string) => refusalOf(() => resolve(text));

describe("zones of a config", () => {
  it("are none unless named, and reach the engine as they are", () => {
    assert.deepEqual(deployConfig(resolve("")).engine.zones, []);
    const { engine } = deployConfig(resolve("engine: {workers: 3, zones: [a, b]}\nrecovery: active\n"));
    assert.deepEqual(engine.zones, ["a", "b"]);
  });

  it("can be aimed at: their workers, and the links between them", () => {
    const text = `engine: {workers: 3, zones: [a, rack-2]}
recovery: passive
faults:
  - {kind: kill, target: "zone:a", at: 9s}
  - {kind: pause, target: ["zone:rack-2", worker/1], at: 9s, duration: 1s}
  - {kind: partition, target: "zone:a<->zone:rack-2,broker", at: 15s, duration: 1s}
  - {kind: delay, target: "zone:a", delay: 25ms, at: 20s, duration: 5s}
`;
    assert.equal(resolve(text).faults.length, 4);
  });

  for (const [what, text, message] of [
    ["more than there are workers", "engine: {workers: 2, zones: [a, b, c]}", /3 zones are named, and there are 2/],
    ["fewer than replicas", "engine: {workers: 3, zones: [a, a]}\nrecovery: active", /2 zones, and these are 1: a/],
    ["a name that is none", "engine: {zones: [1st]}", /a zone is called like/],
    [
      "a target without zones",
      "faults: [{kind: kill, target: 'zone:a', at: 9s}]",
      /no zone a: engine.zones names none/,
    ],
    [
      "a link to another one",
      "engine: {zones: [a, b]}\nfaults: [{kind: reset, target: 'zone:a<->zone:c', at: 9s}]",
      /no zone c: engine.zones are a, b/,
    ],
    [
      "a zone on both sides",
      "engine: {zones: [a, b]}\nfaults: [{kind: reset, target: 'zone:a<->zone:a', at: 9s}]",
      /zone:a on both sides/,
    ],
  ] as const) {
    it(`are refused: ${what}`, () => assert.match(refusal(`${text}\n`), message));
  }
});

describe("limits of deployments", () => {
  it("are the engine's own unless set", () => {
    const limits = (text: string) => {
      const { deployTimeoutUs, workersWaitUs } = deployConfig(resolve(text)).engine;
      return [deployTimeoutUs, workersWaitUs];
    };
    assert.deepEqual(limits(""), [120_000_000, 0]);
    assert.deepEqual(limits("engine: {deployTimeout: 20s, workersWait: 3s}\n"), [20_000_000, 3_000_000]);
  });
});
