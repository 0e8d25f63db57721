import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { type ResultsServer, resultsServer } from "../../../harness/serve/server.ts";
import { temporaryFolder } from "../synthetic-run.ts";
import { writeCampaign, writeLive } from "./folders.ts";

const HOSTILE = `<img src=x onerror=alert(1)>"'&`;
const TOKEN = "a-token-that-nobody-guesses";

async function serverOf(t: TestContext, directory: string, options: { host?: string; token?: string } = {}) {
  const notices: string[] = [];
  const server = await resultsServer({
    directory,
    host: options.host ?? "127.0.0.1",
    port: 0,
    token: options.token,
    monotonicUs: () => 0,
    every: () => () => {},
    notice: (text) => notices.push(text),
  });
  t.after(() => server.close());
  return { server, notices, get: (url: string, headers: Record<string, string> = {}) => get(server, url, headers) };
}

async function get({ app }: ResultsServer, url: string, headers: Record<string, string>) {
  const { statusCode, body, headers: answered } = await app.inject({ url, headers });
  return { status: statusCode, body, headers: answered };
}

test("list, campaign, files, folders and comparison are pages; everything else is not there", async (t) => {
  const root = temporaryFolder(t);
  writeCampaign(join(root, "a"));
  writeCampaign(join(root, "group", "b"), { slower: 0.6 });
  mkdirSync(join(root, "a", "figures"));
  writeFileSync(join(root, "a", "figures", "x 100%.svg"), "<svg/>");
  const { get } = await serverOf(t, root);
  const list = await get("/");
  assert.equal(list.status, 200);
  assert.match(list.body, /2 campaigns/);
  assert.match(list.body, /href="\/campaign\/group\/b"/);
  assert.match(list.body, /12 valid/);
  const campaign = await get("/campaign/group/b");
  assert.match(campaign.body, /<h1>recorded<\/h1>/);
  assert.match(campaign.body, /href="\/files\/group\/b\/report.html#run-q0-r1"/);
  assert.match(campaign.body, /All 12 runs are valid/);
  mkdirSync(join(root, "group", "b", "plots"));
  assert.match((await get("/campaign/group/b")).body, /href="\/files\/group\/b\/plots"/, "what is new is seen");
  assert.equal((await get("/files/a/report.html")).body, "<!doctype html><title>r</title>");
  assert.match((await get("/files/a/figures")).body, /href="\/files\/a\/figures\/x%20100%25.svg"/);
  assert.equal((await get("/files/a/figures/x%20100%25.svg")).body, "<svg/>");
  assert.equal((await get("/files/")).headers.location, "/");
  const comparison = await get("/compare?a=a&b=group/b");
  assert.match(comparison.body, /<strong>regression<\/strong>: .*p50/);
  assert.match(comparison.body, /class="judged tone-bad">worse/);
  for (const url of [
    "/nothing",
    "/campaign/nothing",
    "/campaign/group",
    "/files/nothing",
    "/files/a/nothing",
    "/index.html",
  ]) {
    assert.equal((await get(url)).status, 404, url);
  }
});

test("unlike campaigns are refused with all that differs, and compared when that is allowed", async (t) => {
  const root = temporaryFolder(t);
  writeCampaign(join(root, "a"));
  writeCampaign(join(root, "b"), { manifest: { cells: { q0: { query: "q0", load: { rate: 2_000 } } } } });
  const { get } = await serverOf(t, root);
  const refused = await get("/compare?a=a&b=b");
  assert.match(refused.body, /These campaigns are not alike/);
  assert.match(refused.body, /rate: load\.rate: 1000 in A, 2000 in B/);
  const allowed = await get("/compare?a=a&b=b&allow=rate&allow=nonsense");
  assert.match(allowed.body, /allowed difference, rate: load\.rate/);
  assert.match((await get("/compare?a=a&b=nothing")).body, /there is no folder nothing here/);
  assert.match((await get("/compare?a=a&b=../b")).body, /there is no folder \.\.\/b here/);
  mkdirSync(join(root, "broken"));
  writeFileSync(join(root, "broken", "manifest.json"), "{");
  const broken = (await get("/compare?a=a&b=broken")).body;
  assert.match(broken, /<strong>broken\/manifest\.json is not valid JSON/);
  assert.ok(!broken.includes(root), "where the folder lies is not told");
  assert.match((await get("/compare?a=a&b=a@query=q9")).body, /has no cell with query=q9/);
  assert.match((await get("/compare?a=a@query=q0&b=a@query=q0")).body, /pairs of blocks/);
});

test("nothing outside the folder is reachable, whichever way it is written", async (t) => {
  const place = temporaryFolder(t);
  const root = join(place, "results");
  writeCampaign(join(root, "a"));
  writeCampaign(join(place, "other"));
  writeFileSync(join(place, "secret"), "SECRET");
  writeFileSync(join(root, "a", ".lock"), "SECRET");
  symlinkSync(join(place, "secret"), join(root, "a", "link"));
  symlinkSync(place, join(root, "out"));
  const { get } = await serverOf(t, root);
  const ways = [
    "../secret",
    "a/../../secret",
    "%2e%2e/secret",
    "%2e%2e%2fsecret",
    "..%2fsecret",
    "..%5csecret",
    "%252e%252e%252fsecret",
    "a/%2e%2e/%2e%2e/secret",
    "..;/secret",
    "%c0%ae%c0%ae/secret",
    "a/link",
    "out/secret",
    "out/other/manifest.json",
    "a/.lock",
    "a/%2elock",
    "a/report.html%00",
    `/${join(place, "secret")}`,
    encodeURIComponent(join(place, "secret")),
    "/etc/passwd",
  ];
  for (const way of ways) {
    for (const kind of ["files", "campaign", "events"]) {
      const { status, body } = await get(`/${kind}/${way}`);
      assert.ok(status === 404 || status === 400, `${kind} ${way}: ${status}`);
      assert.ok(!body.includes("SECRET") && !body.includes("root:"), way);
    }
  }
});

test("what a campaign says of itself is text, never markup; pages and files may do no more than they must", async (t) => {
  const root = temporaryFolder(t);
  writeCampaign(join(root, "a"), { manifest: { name: HOSTILE, config: { description: HOSTILE } } });
  writeLive(join(root, "a"), { notice: HOSTILE, run: null });
  mkdirSync(join(root, "b<b>"));
  writeFileSync(join(root, "b<b>", "manifest.json"), "{");
  const { get } = await serverOf(t, root);
  const urls = [
    "/",
    "/campaign/a",
    "/campaign/b%3Cb%3E",
    `/compare?a=${encodeURIComponent(HOSTILE)}&b=a`,
    "/files/b%3Cb%3E",
  ];
  for (const url of urls) {
    const { status, body, headers } = await get(url);
    assert.equal(status, 200, url);
    assert.ok(!body.includes("<img") && !body.includes("<b>"), url);
    assert.match(
      String(headers["content-security-policy"]),
      /^default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'/,
    );
    assert.doesNotMatch(body, /<script>| style="| on\w+="/, "the policy forbids what stands in the page");
  }
  const report = await get("/files/a/report.html");
  assert.match(String(report.headers["content-security-policy"]), /^sandbox allow-scripts .*default-src 'none'/);
  assert.doesNotMatch(String(report.headers["content-security-policy"]), /allow-same-origin|connect-src/);
  const { headers } = await get("/files/a/runs.jsonl");
  assert.match(String(headers["content-type"]), /^text\/plain/);
  for (const [name, value] of [
    ["x-content-type-options", "nosniff"],
    ["x-frame-options", "DENY"],
    ["referrer-policy", "no-referrer"],
    ["cross-origin-resource-policy", "same-origin"],
  ]) {
    assert.equal(headers[name!], value);
  }
});

test("it only reads, and only under names of its own", async (t) => {
  const root = temporaryFolder(t);
  const { server, get } = await serverOf(t, root);
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] as const) {
    const { statusCode, headers } = await server.app.inject({ method, url: "/" });
    assert.deepEqual([statusCode, headers.allow], [405, "GET, HEAD"], method);
  }
  const head = await server.app.inject({ method: "HEAD", url: "/" });
  assert.deepEqual([head.statusCode, head.body], [200, ""]);
  assert.equal((await get("/", { host: "evil.example" })).status, 421);
  assert.equal((await get("/", { host: "127.0.0.1:7878" })).status, 200);
  assert.equal((await get(`/?x=${"y".repeat(5_000)}`)).status, 414);
  assert.match((await get("/")).body, /There is no campaign here yet/);
});

test("elsewhere than on loopback a token opens: once in the URL, then by cookie; the URL is left at once", async (t) => {
  const root = temporaryFolder(t);
  writeCampaign(join(root, "a"));
  const { server, get } = await serverOf(t, root, { host: "0.0.0.0" });
  const token = server.token!;
  for (const url of [
    "/",
    "/campaign/a",
    "/files/a/report.html",
    "/events/a",
    "/compare",
    "/assets/style.css",
    "/?token=wrong",
  ]) {
    const { status, body } = await get(url);
    assert.equal(status, 401, url);
    assert.ok(!body.includes("recorded") && !body.includes(token));
  }
  const first = await get(`/campaign/a?token=${token}&x=1`);
  assert.deepEqual([first.status, first.headers.location], [303, "/campaign/a?x=1"]);
  const cookie = String(first.headers["set-cookie"]).split(";")[0]!;
  assert.equal((await get("/campaign/a", { cookie })).status, 200);
  assert.equal((await get("/", { authorization: `Bearer ${token}` })).status, 200);
  assert.equal((await get(`//evil.example/?token=${token}`)).headers.location, "/evil.example/");
  const given = await serverOf(t, root, { token: TOKEN });
  assert.equal((await given.get("/")).status, 401, "a given token counts on loopback, too");
  assert.equal((await given.get(`/?token=${TOKEN}`)).headers.location, "/");
});

test("files come whole, compressed, in parts, or not again; what changes is read again", async (t) => {
  const root = temporaryFolder(t);
  writeCampaign(join(root, "a"), { report: `<!doctype html>${"x".repeat(10_000)}` });
  const { server, get } = await serverOf(t, root);
  const url = "/files/a/report.html";
  const plain = await get(url);
  assert.equal(plain.headers["content-encoding"], undefined);
  const { rawPayload, headers } = await server.app.inject({ url, headers: { "accept-encoding": "gzip, br" } });
  assert.equal(headers["content-encoding"], "gzip");
  assert.ok(rawPayload.length < 1_000);
  assert.equal(gunzipSync(rawPayload).toString(), plain.body);
  assert.equal((await get(url, { "if-none-match": String(plain.headers.etag) })).status, 304);
  const part = await get(url, { range: "bytes=2-8" });
  assert.deepEqual([part.status, part.body], [206, "doctype"]);
  writeFileSync(join(root, "a", "report.html"), "new");
  const changed = await get(url, { "if-none-match": String(plain.headers.etag) });
  assert.deepEqual([changed.status, changed.body], [200, "new"]);
  writeFileSync(join(root, "a", "large.log"), Buffer.alloc(5 * 2 ** 20, "y"));
  assert.equal((await get("/files/a/large.log")).body.length, 5 * 2 ** 20);
});

test("many campaigns come in pages", async (t) => {
  const root = temporaryFolder(t);
  for (let i = 0; i < 55; i++) writeCampaign(join(root, `c${i}`), { ended: 1 });
  const { get } = await serverOf(t, root);
  const items = (body: string) => body.match(/<li data-part=/g)?.length;
  const [first, second, beyond, nonsense] = await Promise.all(
    ["/", "/?page=2", "/?page=900", "/?page=-1"].map(async (url) => (await get(url)).body),
  );
  assert.deepEqual([items(first!), items(second!), items(beyond!), items(nonsense!)], [50, 5, 5, 50]);
  assert.match(first!, /rel="next" href="\/\?page=2"/);
  assert.match(second!, /rel="prev" href="\/\?page=1"/);
});
