import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import fastifyStatic from "@fastify/static";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { asFaultlineError, FaultlineError, systemCode } from "../../base/errors.ts";
import { html } from "../report/html/markup.ts";
import { Access, tokenFor } from "./access.ts";
import { COMMON_HEADERS } from "./headers.ts";
import { resultsRoot } from "./inside.ts";
import { messagePage } from "./pages/layout.ts";
import { queryOf, Routes, type RoutesOptions, sendPage } from "./routes.ts";

const MOST_CONNECTIONS = 512;
const MOST_URL = 4_096;
/** A request must have come within so long, and a connection that asks nothing is closed after so long. */
const REQUEST_MS = 10_000;
const IDLE_MS = 5_000;

export interface ServeOptions extends Omit<RoutesOptions, "root"> {
  readonly directory: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** undefined: none on loopback, else one is made. */
  readonly token: string | undefined;
}

export interface ResultsServer {
  readonly app: FastifyInstance;
  /** null: everybody may read who reaches it. */
  readonly token: string | null;
  /** Resolves to the address that it listens at. Throws `port-unavailable`. */
  listen(): Promise<string>;
  /** Ends at once, open connections and streams included. */
  close(): Promise<void>;
}

/** A web server of the results below a folder: lists, live values, files, comparisons. It reads only. Throws `results-unreadable`, `usage`. */
export async function resultsServer(options: ServeOptions): Promise<ResultsServer> {
  const { host, port, notice } = options;
  const root = await resultsRoot(options.directory);
  const token = tokenFor(host, options.token);
  const access = new Access({
    host,
    token,
    machine: hostname(),
    cookieName: `faultline-${port === 0 ? randomUUID() : port}`,
  });
  const app = fastify({
    logger: false,
    forceCloseConnections: true,
    keepAliveTimeout: IDLE_MS,
    requestTimeout: REQUEST_MS,
    routerOptions: { maxParamLength: MOST_URL, ignoreTrailingSlash: false },
  });
  app.server.maxConnections = MOST_CONNECTIONS;
  const routes = new Routes({ ...options, root });
  await app.register(fastifyStatic, {
    root,
    serve: false,
    cacheControl: false,
    contentType: false,
    dotfiles: "deny",
    index: false,
  });
  app.addHook("onRequest", async (request, reply) => enter(request, reply, access));
  routes.register(app);
  app.setNotFoundHandler((_request, reply) => routes.notFound(reply));
  app.setErrorHandler((error, _request, reply) => {
    const status = statusOf(error);
    if (status >= 500) notice(`a request failed: ${asFaultlineError(error).message}`);
    return reply
      .code(status)
      .type("text/plain; charset=utf-8")
      .send(status >= 500 ? "internal error\n" : "bad request\n");
  });
  return {
    app,
    token,
    listen: () => listen(app, host, port),
    close: async () => {
      routes.close();
      await app.close();
    },
  };
}

/** The checks before anything else; a reply here ends the request. */
async function enter(request: FastifyRequest, reply: FastifyReply, access: Access): Promise<FastifyReply | undefined> {
  reply.headers(COMMON_HEADERS);
  const say = (code: number, text: string) => reply.code(code).type("text/plain; charset=utf-8").send(`${text}\n`);
  if (!access.knowsHost(request.headers.host)) {
    return say(421, "This name is not served here: use the address that bench serve printed.");
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return reply.header("allow", "GET, HEAD").code(405).type("text/plain").send("GET and HEAD only\n");
  }
  if (request.url.length > MOST_URL) return say(414, "The address is too long.");
  const query = queryOf(request);
  const entrance = access.entrance({
    query: query.get("token"),
    cookies: request.headers.cookie ?? "",
    bearer: request.headers.authorization ?? "",
  });
  if (entrance === "first")
    return reply.header("set-cookie", access.setCookie).redirect(withoutToken(request.url, query), 303);
  if (entrance === "denied") return sendPage(reply.code(401), tokenPage());
  return undefined;
}

/** The same page; never another host, which `//name/` would be. */
function withoutToken(url: string, query: URLSearchParams): string {
  query.delete("token");
  const path = url.split("?")[0]!.replace(/^[/\\]+/, "/");
  return `${path}${query.size === 0 ? "" : `?${query.toString()}`}`;
}

function tokenPage(): string {
  const text = "This server shows its results to those who have its token: bench serve printed it when it began.";
  const form = html`<form class="row" method="get" action="/"><label>Token <input type="password" name="token" required autocomplete="off"></label><button type="submit">Open</button></form>`;
  return messagePage({ title: "A token is needed", folder: "" }, text, form);
}

function statusOf(error: unknown): number {
  const status = typeof error === "object" && error !== null && "statusCode" in error ? error.statusCode : undefined;
  return typeof status === "number" && status >= 400 && status < 600 ? status : 500;
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    throw listenError(cause, host, port);
  }
  const address = app.server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return `http://${host.includes(":") ? `[${host}]` : host}:${bound}/`;
}

function listenError(cause: unknown, host: string, port: number): FaultlineError {
  const code = systemCode(cause);
  const details = { cause, context: { host, port } };
  switch (code) {
    case "EADDRINUSE":
      return new FaultlineError("port-unavailable", `port ${port} of ${host} is in use`, {
        ...details,
        hint: "Choose another one with --port; --port 0 takes any that is free.",
      });
    case "EACCES":
      return new FaultlineError("port-unavailable", `port ${port} may not be used by this user`, {
        ...details,
        hint: "Ports below 1024 are the administrator's; choose another one with --port.",
      });
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new FaultlineError("port-unavailable", `this machine has no address ${host}`, {
        ...details,
        hint: "Leave --host out for this machine alone; 0.0.0.0 is all of its addresses.",
      });
    default:
      return new FaultlineError(
        "port-unavailable",
        `cannot listen at ${host}:${port}: ${asFaultlineError(cause).message}`,
        details,
      );
  }
}
