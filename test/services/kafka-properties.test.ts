import assert from "node:assert/strict";
import { test } from "node:test";
import { serverProperties } from "../../harness/services/kafka/properties.ts";

const place = { dataDir: "/data", clientPort: 1001, controllerPort: 1002 };

function settings(properties: string): ReadonlyMap<string, string> {
  return new Map(properties.split("\n").map((line) => [line.split("=")[0]!, line.slice(line.indexOf("=") + 1)]));
}

test("a broker with a link listener tells those who come by it the proxy's port, and nobody else", () => {
  const of = settings(serverProperties({ ...place, link: { port: 1003, proxyPort: 1004 } }));
  assert.equal(of.get("listeners"), "BROKER://127.0.0.1:1001,LINK://127.0.0.1:1003,CONTROLLER://127.0.0.1:1002");
  assert.equal(of.get("advertised.listeners"), "BROKER://127.0.0.1:1001,LINK://127.0.0.1:1004");
});

test("one without has no such listener", () => {
  const of = settings(serverProperties(place));
  assert.equal(of.get("listeners"), "BROKER://127.0.0.1:1001,CONTROLLER://127.0.0.1:1002");
  assert.equal(of.get("advertised.listeners"), "BROKER://127.0.0.1:1001");
});
