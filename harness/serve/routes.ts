import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { asFaultlineError } from "../../base/errors.ts";
import { Campaigns } from "./campaigns.ts";
import { compareAnswer, compareQuestion, compareVersion } from "./comparison.ts";
import { FileCache } from "./file-cache.ts";
import { entriesOf, lookAt, sendFile } from "./files.ts";
import { COMMON_HEADERS, PAGE_POLICY } from "./headers.ts";
import { insideOf } from "./inside.ts";
import { cpuByRole } from "./live.ts";
import { type LiveLook, LiveStreams } from "./live-streams.ts";
import { PageCache } from "./page-cache.ts";
import { campaignPage } from "./pages/campaign.ts";
import { comparePage } from "./pages/compare.ts";
import { folderPage } from "./pages/folder.ts";
import { messagePage } from "./pages/layout.ts";
import { listAnnouncement, listMarkup, listPage } from "./pages/list.ts";
import { announcement, liveMarkup } from "./pages/live.ts";
import { LIVE_SCRIPT } from "./pages/live-script.ts";
import { PAGES_STYLE } from "./pages/style.ts";

const MOST_PAGES = 256;
const MOST_CHARACTERS = 32 * 2 ** 20;
const LOOK_MS = 1_000;
/** A look at the list is one at every campaign. */
const LIST_LOOK_MS = 2_000;
/** Campaigns that the form for a comparison offers. */
const MOST_CHOICES = 200;

export interface RoutesOptions {
  /** As from `resultsRoot`. */
  readonly root: string;
  readonly monotonicUs: () => number;
  readonly every: (ms: number, work: () => void) => () => void;
  readonly notice: (text: string) => void;
}

/** What is served; each answer is read from the disk when it has changed there. */
export class Routes {
  readonly #root: string;
  readonly #folder: string;
  readonly #campaigns: Campaigns;
  readonly #pages = new PageCache(MOST_PAGES, MOST_CHARACTERS);
  readonly #files = new FileCache();
  readonly #streams: LiveStreams;
  readonly #lists: LiveStreams;
  readonly #notice: (text: string) => void;

  constructor({ root, monotonicUs, every, notice }: RoutesOptions) {
    this.#root = root;
    this.#notice = notice;
    this.#folder = basename(root);
    this.#campaigns = new Campaigns(root, monotonicUs);
    const onError = (error: unknown) => notice(`live values: ${asFaultlineError(error).message}`);
    this.#streams = new LiveStreams({
      lookMs: LOOK_MS,
      look: (path, mark) => this.#look(path, mark),
      every,
      onError,
    });
    this.#lists = new LiveStreams({
      lookMs: LIST_LOOK_MS,
      look: (number, mark) => this.#lookAtList(Number(number), mark),
      every,
      onError,
    });
  }

  register(app: FastifyInstance): void {
    app.get("/", (request, reply) => this.#list(request, reply));
    app.get<{ Params: { "*": string } }>("/campaign/*", (request, reply) => this.#campaign(request.params["*"], reply));
    app.get<{ Params: { "*": string } }>("/files/*", (request, reply) =>
      this.#file(request.params["*"], request, reply),
    );
    app.get("/compare", (request, reply) => this.#compare(request, reply));
    const stream = { exposeHeadRoute: false };
    app.get<{ Params: { "*": string } }>("/events/*", stream, (request, reply) => {
      return this.#events(request.params["*"], reply);
    });
    app.get("/list-events", stream, (request, reply) => {
      reply.hijack();
      return this.#stream(this.#lists, `${pageAsked(request)}`, reply);
    });
    app.get("/assets/style.css", (request, reply) => asset(request, reply, "text/css; charset=utf-8", PAGES_STYLE));
    app.get("/assets/live.js", (request, reply) =>
      asset(request, reply, "text/javascript; charset=utf-8", LIVE_SCRIPT),
    );
    app.get("/favicon.ico", (_request, reply) => reply.code(204).send());
  }

  /** Ends the open streams. */
  close(): void {
    this.#streams.close();
    this.#lists.close();
  }

  notFound(reply: FastifyReply): FastifyReply {
    const frame = { title: "There is nothing here", folder: this.#folder };
    return sendPage(reply.code(404), messagePage(frame, "This page or file does not exist below the served folder."));
  }

  async #list(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const number = pageAsked(request);
    const list = await this.#campaigns.list();
    const shown = Math.min(number, list.campaigns.length + 1);
    const make = () => listPage(list, number, this.#folder);
    return sendPage(reply, await this.#pages.get(`list ${shown}`, `${list.version}`, make));
  }

  async #campaign(path: string, reply: FastifyReply): Promise<FastifyReply> {
    const found = await this.#campaigns.find(path);
    const inside = found === null ? null : await insideOf(this.#root, path);
    if (found === null || inside === null) return this.notFound(reply);
    const { summary, folder } = found;
    const { version, state, live, problem } = summary;
    const { mtimeMs } = await stat(inside.absolute); // of its list of files
    const mark = `${version} ${state} ${live?.snapshot.writtenMs ?? ""} ${mtimeMs}`;
    const text = await this.#pages.get(`campaign ${summary.path}`, mark, async () => {
      const files = await entriesOf(inside);
      try {
        const detail = problem === null ? await folder.detail() : null;
        const run = state === "running" ? live?.snapshot.run : null;
        const cpu = run == null ? [] : await cpuByRole(inside.absolute, run.id);
        return campaignPage({ summary, detail, cpu, files, folder: this.#folder });
      } catch (error) {
        // A campaign of another version, or one that was edited: its files are there all the same.
        const { message } = asFaultlineError(error);
        this.#notice(`${summary.path || this.#folder} cannot be shown: ${message}`);
        const broken = {
          ...summary,
          state: "unreadable",
          problem: "Its results are not as this version writes them.",
        } as const;
        return campaignPage({ summary: broken, detail: null, cpu: [], files, folder: this.#folder });
      }
    });
    return sendPage(reply, text);
  }

  async #file(path: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const inside = await insideOf(this.#root, path);
    const found = inside === null ? null : await lookAt(inside);
    if (inside === null || found === null || found.kind === "other") return this.notFound(reply);
    if (found.kind === "folder") {
      if (inside.path === "") return reply.redirect("/", 302);
      return sendPage(reply, folderPage(inside.path, await entriesOf(inside), this.#folder));
    }
    return sendFile(request, reply, { root: this.#root, inside, version: found.version, cache: this.#files });
  }

  async #compare(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const question = compareQuestion(queryOf(request));
    const { campaigns, version } = await this.#campaigns.list();
    const choices = campaigns.filter(({ path }) => path !== "").slice(0, MOST_CHOICES);
    const mark = `${version} ${await compareVersion(question, this.#campaigns)}`;
    const text = await this.#pages.get(`compare ${JSON.stringify(question)}`, mark, async () => {
      return comparePage(question, await compareAnswer(question, this.#root, this.#notice), choices, this.#folder);
    });
    return sendPage(reply, text);
  }

  async #events(path: string, reply: FastifyReply): Promise<FastifyReply> {
    const found = await this.#campaigns.find(path);
    if (found === null) return this.notFound(reply);
    reply.hijack();
    return this.#stream(this.#streams, found.summary.path, reply);
  }

  #stream(streams: LiveStreams, path: string, reply: FastifyReply): FastifyReply {
    if (streams.add(path, reply.raw, COMMON_HEADERS)) return reply;
    reply.raw.writeHead(503, { ...COMMON_HEADERS, "retry-after": "30" }).end("too many watch already\n");
    return reply;
  }

  async #lookAtList(number: number, mark: string | null): Promise<LiveLook> {
    const list = await this.#campaigns.list();
    const data = JSON.stringify({ html: listMarkup(list, number).text, words: listAnnouncement(list) });
    return data === mark ? { kind: "same" } : { kind: "news", data, mark: data };
  }

  async #look(path: string, mark: string | null): Promise<LiveLook> {
    const inside = await insideOf(this.#root, path);
    const found = await this.#campaigns.find(path);
    const live = found?.summary.live;
    if (inside === null || live == null || found?.summary.state !== "running") return { kind: "end" };
    const { snapshot } = live;
    if (mark === String(snapshot.writtenMs)) return { kind: "same" };
    const cpu = snapshot.run === null ? [] : await cpuByRole(inside.absolute, snapshot.run.id);
    const data = JSON.stringify({ html: liveMarkup(snapshot, cpu).text, words: announcement(snapshot) });
    return { kind: "news", data, mark: String(snapshot.writtenMs) };
  }
}

/** Which page of the list, from 1. */
function pageAsked(request: FastifyRequest): number {
  const asked = Number(queryOf(request).get("page") ?? 1);
  return Number.isSafeInteger(asked) && asked > 0 ? asked : 1;
}

/** The query of a URL, as browsers write it. */
export function queryOf(request: FastifyRequest): URLSearchParams {
  const at = request.url.indexOf("?");
  return new URLSearchParams(at < 0 ? "" : request.url.slice(at + 1));
}

export function sendPage(reply: FastifyReply, text: string): FastifyReply {
  return reply.header("content-security-policy", PAGE_POLICY).type("text/html; charset=utf-8").send(text);
}

function asset(request: FastifyRequest, reply: FastifyReply, type: string, text: string): FastifyReply {
  const etag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
  reply.header("etag", etag).type(type);
  return request.headers["if-none-match"] === etag ? reply.code(304).send() : reply.send(text);
}
