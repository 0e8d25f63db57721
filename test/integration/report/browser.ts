import { spawnSync } from "node:child_process";
import puppeteer, { type Browser, type Page } from "puppeteer-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/** Continuous integration sets it to `required` once it has installed a browser: then a missing one fails the tests. */
const DEMAND = "FAULTLINE_BROWSER";

const found = [process.env.CHROMIUM ?? "", ...PLACES].find((path) => path !== "" && isBrowser(path));

/** Ubuntu has a `chromium-browser` that only says how to install one. */
function isBrowser(path: string): boolean {
  return spawnSync(path, ["--version"], { stdio: "ignore", timeout: 30_000 }).status === 0;
}

/** Why tests that need a browser cannot run here; false where they can, or where they have to. */
export const skipWithoutBrowser: string | false =
  found !== undefined || process.env[DEMAND] === "required"
    ? false
    : "no Chromium found (apt-get install chromium, or set CHROMIUM to its path)";

/** A headless Chromium. Throws where there is none. */
export async function openBrowser(): Promise<Browser> {
  if (found === undefined) throw new Error(`${DEMAND}=required, but there is no Chromium at ${PLACES.join(", ")}`);
  return puppeteer.launch({
    executablePath: found,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
}

/** A page of that width, with everything that it complains of. */
export async function openPage(
  browser: Browser,
  file: string,
  {
    width = 1280,
    scheme = "light",
    scripts = true,
  }: { width?: number; scheme?: "light" | "dark"; scripts?: boolean } = {},
): Promise<{ readonly page: Page; readonly complaints: string[] }> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`error: ${String(error)}`));
  page.on("requestfailed", (request) => complaints.push(`request: ${request.url()}`));
  await page.setJavaScriptEnabled(scripts);
  await page.setViewport({ width, height: 900 });
  await page.emulateMediaFeatures([
    { name: "prefers-color-scheme", value: scheme },
    // Smooth scrolling would move things while they are measured.
    { name: "prefers-reduced-motion", value: "reduce" },
  ]);
  await page.goto(`file://${file}`);
  return { page, complaints };
}
