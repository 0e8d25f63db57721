import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Browser, ElementHandle, Page } from "puppeteer-core";
import { contrast } from "../../../harness/report/html/colour.ts";
import { openBrowser, openPage, skipWithoutBrowser } from "./browser.ts";
import { writeCampaign } from "./campaign.ts";

const WIDTHS = [390, 768, 1280];

describe("report.html in a browser", { skip: skipWithoutBrowser, timeout: 300_000 }, () => {
  let browser: Browser;
  let file = "";
  let remove = () => {};
  before(async () => {
    const campaign = await writeCampaign();
    remove = campaign.remove;
    file = join(campaign.folder, "report.html");
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    remove();
  });

  const unfold = (page: Page) =>
    page.$$eval("details", (all) => all.forEach((one) => void one.setAttribute("open", "")));

  for (const width of WIDTHS) {
    for (const scheme of ["light", "dark"] as const) {
      it(`has no complaint, no figure out of sight and nothing beside the page at ${width} px, ${scheme}`, async () => {
        const { page, complaints } = await openPage(browser, file, { width, scheme });
        await unfold(page);
        assert.equal(await page.title(), "synthetic · Faultline", "no name from outside runs as script");
        const seen = (await page.evaluate(`({
          wide: document.documentElement.scrollWidth,
          figures: [...document.querySelectorAll("figure")].map((figure) => {
            const box = figure.querySelector("svg").getBoundingClientRect();
            return { title: figure.querySelector("h3").textContent, width: box.width, height: box.height };
          }),
        })`)) as { wide: number; figures: { title: string; width: number; height: number }[] };
        assert.equal(seen.wide, width);
        assert.ok(seen.figures.length >= 8, `${seen.figures.length} figures`);
        for (const one of seen.figures) assert.ok(one.width >= 350 && one.height >= 60, JSON.stringify(one));
        assert.deepEqual(complaints, []);
        await page.close();
      });
    }
  }

  it("breaks the names of rows on a phone between words, never letter by letter", async () => {
    const { page } = await openPage(browser, file, { width: 390 });
    await unfold(page);
    const tallest = (await page.evaluate(`Math.max(
      ...[...document.querySelectorAll(".scroll tr > :first-child:not([colspan])")].map((cell) => {
        const words = document.createRange();
        words.selectNodeContents(cell);
        return words.getBoundingClientRect().height;
      }),
    )`)) as number;
    assert.ok(tallest > 0 && tallest < 120, `a name of a row is ${tallest} px high`);
    await page.close();
  });

  /** The figure of latency over time of the first run, in sight. */
  const overTime = async (page: Page) => {
    await unfold(page);
    const figure = await page.evaluateHandle(
      `[...document.querySelectorAll("figure")].find((one) => one.querySelector("h3").textContent.startsWith("Latency over time"))`,
    );
    const element = figure.asElement() as ElementHandle | null;
    assert.ok(element !== null, "there is latency over time");
    // Clear of the contents, which stay at the top.
    await element.evaluate((one) => one.scrollIntoView({ block: "center" }));
    return element;
  };

  it("tells the value under the pointer, and stops telling when it leaves", async () => {
    const { page } = await openPage(browser, file);
    const figure = await overTime(page);
    const plot = (await figure.$(".plot"))!;
    const box = (await plot.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    const tip = (await figure.$(".tip"))!;
    assert.match(await tip.evaluate((one) => one.textContent ?? ""), /second\d+.*latency, ms[\d.]+/);
    assert.ok(await tip.isVisible());
    await page.mouse.move(box.x + box.width / 2, box.y - 60);
    assert.ok(!(await tip.isVisible()));
    await page.close();
  });

  it("is read point by point with the arrow keys, aloud", async () => {
    const { page } = await openPage(browser, file);
    const figure = await overTime(page);
    await (await figure.$(".plot"))!.focus();
    const spoken = () => page.$eval("#spoken", (one) => one.textContent ?? "");
    const said: string[] = [];
    for (const key of ["ArrowRight", "ArrowRight", "ArrowUp", "End", "Home"] as const) {
      await page.keyboard.press(key);
      said.push(await spoken());
    }
    assert.match(said[0]!, /^second: 0; .*latency, ms: [\d.]+/);
    assert.match(said[1]!, /^second: 1; /);
    assert.match(said[2]!, /^second: 1; /);
    assert.notEqual(said[2], said[1], "up goes to another value of the same second");
    assert.match(said[3]!, /^second: 1[12]; /);
    assert.match(said[4]!, /^second: 0; /);
    await page.close();
  });

  it("shows a part of the time when asked to by key, button or drag, and all of it again", async () => {
    const { page, complaints } = await openPage(browser, file);
    const figure = await overTime(page);
    const plot = (await figure.$(".plot"))!;
    const path = () => figure.$eval(".m path", (one) => one.getAttribute("d") ?? "");
    const ticks = () => figure.$$eval(".ticks text", (all) => all.map((one) => Number(one.textContent)));
    const whole = await path();
    await plot.focus();
    await page.keyboard.press("+");
    assert.notEqual(await path(), whole);
    const shown = await ticks();
    assert.ok(shown.length >= 3 && Math.min(...shown) >= 2.5 && Math.max(...shown) <= 9.5, `${shown}`);
    assert.match(await page.$eval("#spoken", (one) => one.textContent ?? ""), /^shown: [\d.]+ to [\d.]+$/);
    await page.keyboard.press("0");
    assert.equal(await path(), whole);
    assert.deepEqual(await ticks(), []);
    await (await figure.$('button[title="Zoom in"]'))!.click();
    assert.notEqual(await path(), whole);
    await (await figure.$('button[title="Show all"]'))!.click();
    const box = (await plot.boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.4, box.y + 100);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 100, { steps: 3 });
    await page.mouse.up();
    const dragged = await ticks();
    assert.ok(dragged.length >= 3 && Math.max(...dragged) - Math.min(...dragged) < 4, `${dragged}`);
    assert.deepEqual(complaints, []);
    await page.close();
  });

  it("scrolls a figure that is wider than a phone along with what is read", async () => {
    const { page } = await openPage(browser, file, { width: 390 });
    const figure = await overTime(page);
    const plot = (await figure.$(".plot"))!;
    await plot.focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("End");
    const [box, cursor] = [(await plot.boundingBox())!, (await (await figure.$(".cursor"))!.boundingBox())!];
    assert.ok(cursor.x >= box.x && cursor.x <= box.x + box.width, `${cursor.x} in ${box.x} to ${box.x + box.width}`);
    await page.close();
  });

  it("gives the values of a figure as a table", async () => {
    const { page } = await openPage(browser, file);
    const figure = await overTime(page);
    await (await figure.$('button[title="Values as a table"]'))!.click();
    const rows = await figure.$$eval(".values-table tbody tr", (all) => all.length);
    assert.ok(rows >= 24, `${rows} rows`);
    assert.equal(await figure.$eval(".values-table th", (one) => one.getAttribute("scope")), "col");
    await page.close();
  });

  it("can be read on without scripts: tables, figures and the way to their data, but no dead button", async () => {
    const { page } = await openPage(browser, file, { scripts: false, width: 390 });
    const html = await page.content();
    assert.equal((await page.$$(".tools")).length, 0);
    assert.ok((await page.$$("table")).length > 3);
    const [figures, links] = [html.match(/<figure/g)!.length, html.match(/href="figures\/[^"]*\.csv"/g)!.length];
    assert.equal(links, figures);
    await page.close();
  });

  it("is reached by keyboard from its beginning: the way to the results, then its parts", async () => {
    const { page } = await openPage(browser, file);
    const focused = () => page.evaluate("document.activeElement.textContent") as Promise<string>;
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Skip to the results");
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Verdict");
    const targets = await page.$$eval('.contents a, a[href^="#"]', (all) =>
      all.map((one) => one.getAttribute("href")!),
    );
    for (const target of new Set(targets)) assert.ok((await page.$(`[id="${target.slice(1)}"]`)) !== null, target);
    await page.close();
  });

  for (const scheme of ["light", "dark"] as const) {
    it(`writes nothing that is hard to read, ${scheme}`, async () => {
      const { page } = await openPage(browser, file, { scheme });
      await unfold(page);
      const pairs = (await page.evaluate(COLOURS)) as { text: string; colour: string; on: string }[];
      assert.ok(pairs.length > 5, `${pairs.length} pairs of colours`);
      for (const { text, colour, on } of pairs) {
        const found = contrast(hex(colour), hex(on));
        assert.ok(found >= 4.5, `${text}: ${colour} on ${on} has ${found.toFixed(2)}`);
      }
      await page.close();
    });
  }
});

/** Every pair of a text's colour and the colour that it stands on, with an example. */
const COLOURS = `(() => {
  const pairs = new Map();
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== "");
    if (!own || element.closest("script, .skip") !== null) continue;
    const isSvg = element.closest("svg") !== null;
    let ground = element;
    while (ground !== null && /rgba\\(.*, 0\\)|transparent/.test(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
    const style = getComputedStyle(element);
    const colour = isSvg ? style.fill : style.color;
    const on = getComputedStyle(ground ?? document.body).backgroundColor;
    pairs.set(colour + on, { text: element.textContent.trim().slice(0, 40), colour, on });
  }
  return [...pairs.values()];
})()`;

function hex(colour: string): string {
  const [r, g, b] = colour.match(/\d+/g)!.map(Number);
  return `#${[r, g, b].map((value) => value!.toString(16).padStart(2, "0")).join("")}`;
}
