import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser, Page } from "puppeteer-core";
import { LIVE_RUN, writeCampaign, writeLive } from "../../harness/serve/folders.ts";
import { openBrowser, skipWithoutBrowser } from "../report/browser.ts";
import { Workplace } from "../sweep/bench.ts";
import { startServe } from "./places.ts";

const options = { skip: skipWithoutBrowser };
const place = new Workplace();
const folder = (name: string) => join(place.path, "reports", name);
/** What a stranger's report might try, besides what ours does. */
const REPORT = `<!doctype html><title>report</title><style>p { color: red }</style><p id="out">no script</p><script>
const out = document.getElementById("out");
let cookie = "unreadable";
try { cookie = document.cookie; } catch {}
fetch("/").then(() => "read the list", () => "talks to nobody").then((got) => { out.textContent = "ran, " + got + ", cookie " + cookie; });
</script>`;

let browser: Browser | undefined;
let served: Awaited<ReturnType<typeof startServe>> | undefined;

before(async () => {
  if (skipWithoutBrowser !== false) return;
  writeCampaign(folder("a"), { report: REPORT });
  writeCampaign(folder("b"), { slower: 0.6, manifest: { name: "a-long-name-without-any-blank-".repeat(4) } });
  writeCampaign(folder("now"), { ended: 4, report: "" });
  writeLive(folder("now"));
  [browser, served] = await Promise.all([openBrowser(), startServe(place, ["--token", "a-token-that-nobody-guesses"])]);
});

after(async () => {
  await browser?.close();
  served?.serve.child.kill("SIGINT");
  await served?.serve.ended;
  place.remove();
});

/** A page of the server, with everything that the browser complains of. */
async function open(
  path: string,
  { width = 1280, scripts = true } = {},
): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser!.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.setJavaScriptEnabled(scripts);
  await page.setViewport({ width, height: 900 });
  await page.goto(
    new URL(`${path}${path.includes("?") ? "&" : "?"}token=a-token-that-nobody-guesses`, served!.address).href,
  );
  return { page, complaints };
}

const textOf = (page: Page, selector: string) =>
  page.evaluate(`document.querySelector(${JSON.stringify(selector)})?.textContent ?? ""`) as Promise<string>;

test("every page fits phone and desktop, and the browser finds nothing to complain of", options, async () => {
  for (const width of [390, 1280]) {
    for (const path of ["/", "/campaign/now", "/campaign/b", "/compare?a=a&b=b", "/files/a"]) {
      const { page, complaints } = await open(path, { width });
      assert.deepEqual(complaints, [], path);
      assert.ok(!page.url().includes("token"), "the token stays in no address");
      const overflow = (await page.evaluate("document.documentElement.scrollWidth - innerWidth")) as number;
      assert.equal(overflow, 0, `${path} at ${width}`);
      await page.close();
    }
  }
});

test("live values change in the open page; when the sweep is over, the page says so", options, async () => {
  const { page, complaints } = await open("/campaign/now");
  assert.match(await textOf(page, "#live"), /5\.20 ms/);
  writeLive(folder("now"), { writtenMs: 1_011_000, run: { ...LIVE_RUN, p99Us: 77_700, phase: "drain" } });
  await page.waitForFunction(`document.getElementById("live").textContent.includes("77.7 ms")`, { timeout: 60_000 });
  assert.match(await textOf(page, "#live"), /phase drain/);
  rmSync(join(folder("now"), "live.json"));
  await page.waitForFunction(`document.getElementById("live") === null`, { timeout: 60_000 });
  assert.match(await textOf(page, ".lead"), /interrupted/);
  assert.deepEqual(complaints, []);
  writeLive(folder("now"));
});

test("the open list shows a sweep that begins and ends, and the keyboard stays where it is", options, async () => {
  const { page, complaints } = await open("/");
  const state = (path: string) =>
    `document.querySelector('[data-part="campaign ${path}"] .state')?.textContent ?? "not there"`;
  await page.evaluate(`document.querySelector('a[href="/campaign/a"]').focus(); window.untouched = true;`);
  assert.equal(await page.evaluate(state("later")), "not there");
  writeCampaign(folder("later"), { ended: 3, report: "" });
  writeLive(folder("later"));
  await page.waitForFunction(`(${state("later")}) === "running"`, { timeout: 60_000 });
  writeLive(folder("later"), { run: { ...LIVE_RUN, phase: "drain" } });
  await page.waitForFunction(`document.body.textContent.includes("q0-r13, drain")`, { timeout: 60_000 });
  rmSync(join(folder("later"), "live.json"));
  writeCampaign(folder("later"));
  await page.waitForFunction(`(${state("later")}) === "finished"`, { timeout: 60_000 });
  assert.equal(await page.evaluate("document.activeElement.getAttribute('href')"), "/campaign/a");
  assert.equal(await page.evaluate("window.untouched"), true, "the page was not loaded again");
  assert.deepEqual(complaints, []);
  rmSync(folder("later"), { recursive: true });
});

test("without scripts everything is readable, live values as they were", options, async () => {
  const { page } = await open("/campaign/now", { scripts: false });
  const content = await page.content();
  assert.match(content, /Run 5 of 12/);
  assert.match(content, /Reload the page for newer values/);
});

test("by keyboard: the skip link first, then the menu, then the content", options, async () => {
  const { page } = await open("/");
  const names: string[] = [];
  for (let i = 0; i < 4; i++) {
    await page.keyboard.press("Tab");
    names.push((await page.evaluate("document.activeElement.textContent")) as string);
  }
  assert.deepEqual(names.slice(0, 3), ["Skip to the content", "Campaigns", "Compare"]);
});

test("a report runs its own script, but reads no cookie and talks to nobody", options, async () => {
  const { page } = await open("/files/a/report.html");
  await page.waitForFunction(`document.getElementById("out").textContent.startsWith("ran")`, { timeout: 60_000 });
  assert.equal(await textOf(page, "#out"), "ran, talks to nobody, cookie unreadable");
});
