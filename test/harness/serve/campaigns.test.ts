import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Campaigns } from "../../../harness/serve/campaigns.ts";
import { temporaryFolder } from "../synthetic-run.ts";
import { snapshot, writeCampaign, writeLive } from "./folders.ts";

const GONE = { pid: 2 ** 22 - 1, startTicks: "1" };

test("every results folder is found, running ones first, then the newest, with its state, counts and headline", async (t) => {
  const root = temporaryFolder(t);
  writeCampaign(join(root, "old"));
  writeCampaign(join(root, "reference", "new"), { manifest: { createdAt: "2026-05-05T05:05:05.000Z", name: "new" } });
  writeCampaign(join(root, "now"), { ended: 4, report: "" });
  writeLive(join(root, "now"));
  writeCampaign(join(root, "died"), { ended: 3, report: "" });
  writeLive(join(root, "died"), { process: GONE });
  writeCampaign(join(root, "stopped"), { ended: 0, report: "" });
  mkdirSync(join(root, "broken"));
  writeFileSync(join(root, "broken", "manifest.json"), "{");
  mkdirSync(join(root, "strange"));
  writeFileSync(join(root, "strange", "manifest.json"), '{"version": 9}');
  writeCampaign(join(root, ".hidden"));
  writeCampaign(join(root, "old", "inner"));
  writeCampaign(join(root, "a", "b", "c", "too-deep"));
  const { campaigns, isCut } = await new Campaigns(root, () => 0).list();
  assert.equal(isCut, false);
  assert.deepEqual(
    campaigns.map(({ path, state, counts, planned }) => [path, state, counts.valid, planned]),
    [
      ["now", "running", 4, 12],
      ["reference/new", "finished", 12, 12],
      ["died", "interrupted", 3, 12],
      ["old", "finished", 12, 12],
      ["stopped", "interrupted", 0, 12],
      ["broken", "unreadable", 0, null],
      ["strange", "unreadable", 0, null],
    ],
  );
  const [now, newest] = campaigns;
  assert.equal(now!.live!.snapshot.run!.id, "q0-r13");
  assert.deepEqual([now!.hasReport, newest!.hasReport, newest!.name], [false, true, "new"]);
  assert.match(newest!.headlines[0]!, /^q0 at 1,000\/s: p50 [\d.]+ ms, p99 [\d.]+ ms$/);
  const problem = campaigns.find(({ path }) => path === "broken")!.problem!;
  assert.equal(problem, "manifest.json is not valid JSON", "where the folder lies is not told");
});

test("a change shows within a second, and what has not changed is neither read nor numbered again", async (t) => {
  const root = temporaryFolder(t);
  writeCampaign(join(root, "one"), { ended: 4, report: "" });
  let nowUs = 0;
  const campaigns = new Campaigns(root, () => nowUs);
  const first = await campaigns.list();
  writeLive(join(root, "one"));
  assert.equal((await campaigns.list()).version, first.version, "within the same second");
  nowUs += 1_000_000;
  const second = await campaigns.list();
  assert.equal(second.version, first.version + 1);
  assert.equal(second.campaigns[0]!.state, "running");
  nowUs += 1_000_000;
  assert.equal((await campaigns.list()).version, second.version, "nothing new");
  writeLive(join(root, "one"), { writtenMs: snapshot().writtenMs + 1_000 });
  nowUs += 1_000_000;
  assert.equal((await campaigns.list()).version, second.version + 1);
  appendFileSync(join(root, "one", "runs.jsonl"), "torn");
  rmSync(join(root, "one", "live.json"));
  nowUs += 1_000_000;
  const last = await campaigns.list();
  assert.deepEqual([last.campaigns[0]!.state, last.campaigns[0]!.counts.valid], ["interrupted", 4]);
  rmSync(join(root, "one"), { recursive: true });
  nowUs += 1_000_000;
  assert.deepEqual((await campaigns.list()).campaigns, []);
});

test("files are read again when they change, not when they are asked for", async (t) => {
  const root = temporaryFolder(t);
  writeCampaign(join(root, "one"));
  const campaigns = new Campaigns(root, () => 0);
  await campaigns.list();
  const before = await campaigns.find("one");
  const again = await campaigns.find("one");
  assert.equal(again!.summary.headlines, before!.summary.headlines, "the very same object");
  utimesSync(join(root, "one", "manifest.json"), 1, 1);
  assert.notEqual((await campaigns.find("one"))!.summary.headlines, before!.summary.headlines);
});

test("links that lead elsewhere are no campaigns, and a folder without a manifest is none", async (t) => {
  const [root, outside] = [temporaryFolder(t), temporaryFolder(t)];
  writeCampaign(join(outside, "theirs"));
  symlinkSync(join(outside, "theirs"), join(root, "link"));
  mkdirSync(join(root, "empty"));
  const campaigns = new Campaigns(root, () => 0);
  assert.deepEqual((await campaigns.list()).campaigns, []);
  for (const path of ["link", "empty", "..", "../x", "nothing"]) assert.equal(await campaigns.find(path), null, path);
});

test("a folder that is one campaign itself is served as that one", async (t) => {
  const root = temporaryFolder(t);
  writeCampaign(root);
  const campaigns = new Campaigns(root, () => 0);
  assert.deepEqual(
    (await campaigns.list()).campaigns.map(({ path }) => path),
    [""],
  );
  assert.equal((await campaigns.find(""))!.summary.state, "finished");
});
