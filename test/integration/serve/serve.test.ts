import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import autocannon from "autocannon";
import { monotonicUs } from "../../../base/clock.ts";
import { writeCampaign, writeLive } from "../../harness/serve/folders.ts";
import { Bench, Workplace } from "../sweep/bench.ts";
import { EventStream, startServe } from "./places.ts";

const place = new Workplace();
after(() => place.remove());
const folder = (...name: string[]) => join(place.path, "reports", ...name);

/** As large as the report of a small sweep. */
const REPORT = `<!doctype html><title>r</title>${"<p>0123456789</p>\n".repeat(4_500)}`;
for (let i = 0; i < 50; i++) writeCampaign(folder(`campaign-${i}`), { report: REPORT });

/** Far below what was measured (docs/serve.md): a busy machine must not fail the test, a page that is made anew each time must. */
const LEAST_PER_SECOND = 250;
const SECONDS = 3;

test("the list of 50 campaigns and a report, under load: no error", async (t) => {
  const { serve, address } = await startServe(place, []);
  try {
    for (const path of ["", "files/campaign-7/report.html", "campaign/campaign-7"]) {
      const result = await autocannon({ url: `${address}${path}`, connections: 10, duration: SECONDS });
      const { requests, latency, errors, non2xx } = result;
      const rate = Math.round(requests.total / result.duration);
      t.diagnostic(`/${path}: ${rate} requests/s, p99 ${latency.p99} ms, ${errors} errors`);
      assert.deepEqual([errors, non2xx, result.timeouts], [0, 0, 0], path);
      assert.ok(rate > LEAST_PER_SECOND, `/${path}: ${rate} requests/s`);
    }
  } finally {
    serve.child.kill("SIGINT");
    assert.equal(await serve.ended, 130, serve.err);
  }
});

test("a port in use is exit 3 with a way out; a folder that is not there is exit 2", async () => {
  const { serve, address } = await startServe(place, []);
  const port = new URL(address).port;
  const second = new Bench(place, ["serve", "--port", port]);
  assert.equal(await second.ended, 3);
  assert.match(
    second.err,
    new RegExp(`error\\[port-unavailable\\]: port ${port} of 127\\.0\\.0\\.1 is in use\nhint: .*--port 0`),
  );
  const missing = new Bench(place, ["serve", "nowhere", "--port", "0"]);
  assert.equal(await missing.ended, 2);
  assert.match(missing.err, /there is no folder .*nowhere\nhint: /);
  serve.child.kill("SIGTERM");
  assert.equal(await serve.ended, 143, serve.err);
});

test("Ctrl-C ends it at once, open streams and idle connections included", async () => {
  writeCampaign(folder("running"), { ended: 3 });
  writeLive(folder("running"));
  const { serve, address } = await startServe(place, []);
  const stream = await EventStream.open(`${address}events/running`);
  await serve.until("live values", () => stream.messages.length > 0, 10_000);
  assert.match(stream.messages[0]!, /Run 5 of 12: q0-r13/);
  const finished = await EventStream.open(`${address}events/campaign-1`);
  await serve.until("the end of what is over", () => finished.isEnded, 10_000);
  assert.match(finished.text, /event: end\n/, "whoever slept while the sweep ended is told to load the page again");
  assert.deepEqual(finished.messages, []);
  const list = await EventStream.open(`${address}list-events`);
  await serve.until("the list", () => list.messages.length > 0, 10_000);
  assert.match(list.messages[0]!, /running<\/span>.*now q0-r13, feed/s);
  writeCampaign(folder("a-new"), { ended: 12, report: "" });
  await serve.until("what is new", () => list.messages.at(-1)!.includes("/campaign/a-new"), 10_000);
  rmSync(join(folder("running"), "live.json"));
  await serve.until("its end", () => !list.messages.at(-1)!.includes("running</span>"), 10_000);
  const fromUs = monotonicUs();
  serve.child.kill("SIGINT");
  assert.equal(await serve.ended, 130, serve.err);
  assert.ok(monotonicUs() - fromUs < 15e6, "at once: the stream would not have ended by itself");
  assert.deepEqual([...serve.processes()], []);
  stream.close();
});

test("for others than this machine it prints an address with a token, which alone opens", async () => {
  const { serve, address } = await startServe(place, ["--host", "0.0.0.0"]);
  try {
    const { port, search } = new URL(address);
    const local = `http://127.0.0.1:${port}/`;
    assert.equal((await fetch(local)).status, 401);
    const first = await fetch(`${local}${search}`, { redirect: "manual" });
    assert.deepEqual([first.status, first.headers.get("location")], [303, "/"]);
    const cookie = first.headers.get("set-cookie")!.split(";")[0]!;
    assert.equal((await fetch(local, { headers: { cookie } })).status, 200);
    assert.equal(serve.err.match(/token=/g)?.length, 1);
  } finally {
    serve.child.kill("SIGINT");
    assert.equal(await serve.ended, 130);
  }
});
