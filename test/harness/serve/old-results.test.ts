import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { resultsServer } from "../../../harness/serve/server.ts";
import { temporaryFolder } from "../synthetic-run.ts";
import { writeCampaign } from "./folders.ts";

type Json = Record<string, unknown>;

/** What hands, other programs and versions to come may write where a value is expected. */
const ODD: readonly unknown[] = [undefined, null, 7, [null], { q0: null }];

async function serverOf(t: TestContext, directory: string) {
  const notices: string[] = [];
  let nowUs = 0;
  const server = await resultsServer({
    directory,
    host: "127.0.0.1",
    port: 0,
    token: undefined,
    monotonicUs: () => (nowUs += 10_000_000), // every look is a new one
    every: () => () => {},
    notice: (text) => notices.push(text),
  });
  t.after(() => server.close());
  return { notices, get: (url: string) => server.app.inject({ url }) };
}

/** The object without each of its fields, or with something odd there, one at a time; and what is no such object. */
function* damaged(whole: Json): Generator<readonly [string, unknown]> {
  for (const odd of ODD.slice(1)) yield [`${JSON.stringify(odd)} itself`, odd];
  for (const version of [0, 2, "1"]) yield [`version ${JSON.stringify(version)}`, { ...whole, version }];
  for (const field of Object.keys(whole)) {
    for (const odd of ODD) yield [`${field}: ${JSON.stringify(odd)}`, { ...whole, [field]: odd }];
  }
}

const PAGES = ["/", "/campaign/x", "/compare?a=good&b=x"];

test("a manifest of another version, or damaged in any field, is a page that says so", async (t) => {
  const root = temporaryFolder(t);
  writeCampaign(join(root, "good"));
  writeCampaign(join(root, "x"));
  const file = join(root, "x", "manifest.json");
  const whole = JSON.parse(readFileSync(file, "utf8")) as Json;
  const { get, notices } = await serverOf(t, root);
  for (const [what, manifest] of damaged(whole)) {
    writeFileSync(file, JSON.stringify(manifest));
    for (const url of PAGES) assert.equal((await get(url)).statusCode, 200, `${url}, ${what}: ${notices.at(-1)}`);
  }
  writeFileSync(file, JSON.stringify({ ...whole, version: 2 }));
  assert.match((await get("/")).body, /unreadable<\/span>.*manifest\.json is of version 2; 1 is known/s);
  const { body } = await get("/compare?a=good&b=x");
  assert.match(body, /x\/manifest\.json is of version 2; 1 is known.*Use the Faultline that wrote it/s);
  assert.ok(!body.includes(root));
});

test("a result damaged in any field, a file cut in the middle, or none at all, is a page that says so", async (t) => {
  const root = temporaryFolder(t);
  writeCampaign(join(root, "good"));
  writeCampaign(join(root, "x"));
  const file = join(root, "x", "runs.jsonl");
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  const whole = JSON.parse(lines[0]!) as Json;
  const { get, notices } = await serverOf(t, root);
  for (const [what, result] of damaged(whole)) {
    writeFileSync(file, `${JSON.stringify(result)}\n${lines[1]}\n`);
    for (const url of PAGES) assert.equal((await get(url)).statusCode, 200, `${url}, ${what}: ${notices.at(-1)}`);
  }
  writeFileSync(file, `${lines[0]}\n${lines[1]!.slice(0, 30)}\n${lines[2]}\n`);
  assert.match((await get("/compare?a=good&b=x")).body, /x\/runs\.jsonl: line 2 is no JSON/);
  assert.match((await get("/campaign/x")).body, /runs\.jsonl: line 2 is no JSON/);
  writeFileSync(file, `${lines[0]}\n${lines[1]!.slice(0, 30)}`);
  assert.match((await get("/campaign/x")).body, /1 valid|run is valid/, "the last line was being written");
  writeFileSync(file, "");
  assert.match((await get("/compare?a=good&b=x")).body, /0 of 0 runs valid.*cannot tell \(no data\)/s);
});

test("a folder where a file should be, and an empty one, are pages too", async (t) => {
  const root = temporaryFolder(t);
  writeCampaign(join(root, "good"));
  mkdirSync(join(root, "x", "manifest.json"), { recursive: true });
  mkdirSync(join(root, "y", "runs.jsonl"), { recursive: true });
  writeFileSync(join(root, "y", "manifest.json"), readFileSync(join(root, "good", "manifest.json")));
  mkdirSync(join(root, "empty"));
  const { get } = await serverOf(t, root);
  for (const name of ["x", "y", "empty"]) {
    for (const url of ["/", `/compare?a=${name}&b=good`, `/files/${name}`]) {
      assert.equal((await get(url)).statusCode, 200, url);
    }
  }
  assert.match((await get("/compare?a=empty&b=good")).body, /empty has no manifest\.json/);
});
