import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Bench, Workplace } from "../sweep/bench.ts";
import { EventStream, startServe } from "./places.ts";

const place = new Workplace();
after(() => place.remove());
const SMOKE = fileURLToPath(new URL("../../../configs/smoke.yaml", import.meta.url));
const SETTINGS = [
  "sweep={}",
  "load.duration=8s",
  "load.rate=2k/s",
  "limits.generatorLagP99=2s",
  "limits.achievedShare=0.5",
  "limits.observerLagP99=2s",
];

const liveFile = join(place.path, "reports", "now", "live.json");

test("a real sweep is seen live: its phases, changing rates and estimates, CPU by role; when it is over, its report", async () => {
  const settings = SETTINGS.flatMap((text) => ["--set", text]);
  const sweep = new Bench(place, ["sweep", SMOKE, "--out", "reports/now", ...settings]);
  await sweep.until("its progress", () => existsSync(liveFile));
  const { serve, address } = await startServe(place, []);
  try {
    const list = await (await fetch(address)).text();
    assert.match(list, /<span class="state running">running<\/span>/);
    assert.match(await (await fetch(`${address}campaign/now`)).text(), /data-events="\/events\/now"/);
    const stream = await EventStream.open(`${address}events/now`);
    await serve.until("the end of the stream", () => stream.isEnded, 240_000);
    const seen = stream.messages;
    const values = (title: string) => {
      const pattern = new RegExp(`<dt>${title}</dt><dd>([^<–]+)</dd>`);
      return new Set(seen.flatMap((html) => pattern.exec(html)?.[1] ?? []));
    };
    assert.ok(seen.length >= 6, `${seen.length} messages`);
    assert.ok(values("achieved").size >= 1, "a quiet machine keeps the offered rate all the time");
    for (const title of ["feeder lag, p99", "latency ≈p50", "latency ≈p99"]) {
      assert.ok(values(title).size >= 2, `${title}: ${[...values(title)].join(", ")}`);
    }
    assert.ok(seen.some((html) => html.includes("phase <strong>feed</strong>")));
    for (const role of ["broker", "worker", "feeder", "observer"]) {
      assert.ok(
        seen.some((html) => html.includes(`<dt>${role}</dt>`)),
        role,
      );
    }
    assert.match(stream.text, /event: end\n/);
    assert.equal(await sweep.ended, 0, sweep.err);
    assert.ok(!existsSync(liveFile), "the end leaves nothing behind");
    const page = await (await fetch(`${address}campaign/now`)).text();
    assert.match(page, /<span class="state finished">finished<\/span>/);
    assert.match(page, /Open the report/);
    const report = await (await fetch(`${address}files/now/report.html`)).text();
    assert.equal(report, readFileSync(join(place.path, "reports", "now", "report.html"), "utf8"));
  } finally {
    serve.child.kill("SIGINT");
    assert.equal(await serve.ended, 130, serve.err);
  }
});

test("a sweep that is killed leaves its progress behind, and is shown as interrupted", async () => {
  const settings = SETTINGS.flatMap((text) => ["--set", text]);
  const sweep = new Bench(place, ["sweep", SMOKE, "--out", "reports/killed", ...settings]);
  const left = join(place.path, "reports", "killed", "live.json");
  await sweep.until("its progress", () => existsSync(left));
  sweep.child.kill("SIGKILL");
  await sweep.ended;
  const { serve, address } = await startServe(place, []);
  try {
    assert.ok(existsSync(left));
    assert.match(await (await fetch(`${address}campaign/killed`)).text(), /<span class="state interrupted">/);
    const stream = await EventStream.open(`${address}events/killed`);
    await serve.until("the end of the stream", () => stream.isEnded, 10_000);
    assert.match(stream.text, /event: end\n/);
    await sweep.untilGone(30_000);
  } finally {
    serve.child.kill("SIGINT");
    assert.equal(await serve.ended, 130, serve.err);
  }
});
