import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveText } from "../../../harness/config/load.ts";
import { runStreams } from "../../../harness/config/streams.ts";
import { deployConfig } from "../../../harness/sweep/deploy-config.ts";

const LOAD = "load: {rate: 1k/s, duration: 30s}\n";
const resolved = (text: string) => resolveText(text + LOAD, "format.yaml", []);

test("the format is json unless it is given; feeders and the system get the one that is", () => {
  for (const [text, format] of [
    ["", "json"],
    ["data: {format: json}\n", "json"],
    ["data: {format: binary}\n", "binary"],
  ] as const) {
    const { config } = resolved(`query: q5\n${text}`);
    assert.equal(config.data.format, format);
    assert.equal(deployConfig(config).format, format);
    const [stream] = runStreams(config);
    assert.ok(stream?.dataset.kind === "nexmark");
    assert.equal(stream.dataset.format, format);
  }
});

test("the format can be an axis, to compare both", () => {
  const { cells } = resolved("query: q5\nsweep: {data.format: [json, binary]}\n");
  assert.deepEqual(
    cells.map(({ config }) => config.data.format),
    ["json", "binary"],
  );
});

test("BetterCloud stays JSON, and an unknown format is an error", () => {
  const bettercloud = "query: bettercloud\ndata: {generator: bettercloud, format: binary}\n";
  assert.throws(() => resolved(bettercloud), /bettercloud has no binary format \(use json/);
  assert.throws(() => resolved("query: q5\ndata: {format: avro}\n"), /expected json or binary/);
});
