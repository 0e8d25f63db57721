import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import { FaultlineError } from "../../base/errors.ts";

/** Fewer characters can be guessed. */
const LEAST_TOKEN = 16;
const TOKEN_BYTES = 24;

export type Entrance = "open" | "granted" | "first" | "denied";

export interface AccessOptions {
  /** As given: a name or an address. */
  readonly host: string;
  /** Null: everybody who reaches the port may read. */
  readonly token: string | null;
  /** Name of this machine. */
  readonly machine: string;
  /** Tells cookies of several servers on one host apart. */
  readonly cookieName: string;
}

/** Is this address reached from this machine only? */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/**
 * The token that readers need: on loopback none unless one is given; elsewhere one is made when none is given. Throws `usage` for one that can
 * be guessed.
 */
export function tokenFor(host: string, given: string | undefined): string | null {
  if (given === undefined) return isLoopback(host) ? null : randomBytes(TOKEN_BYTES).toString("base64url");
  if (given.length >= LEAST_TOKEN && /^[\x21-\x7e]+$/.test(given)) return given;
  throw new FaultlineError("usage", `--token must have at least ${LEAST_TOKEN} printable characters without blanks`, {
    hint: "Leave it out and one is made for you, unless the host is this machine's own 127.0.0.1.",
  });
}

/** Who may read: the check of a request's Host header, and of its token, given once in the URL, then in a cookie, or as a bearer token. */
export class Access {
  readonly #options: AccessOptions;
  readonly #names: ReadonlySet<string>;
  /** The cookie is no token: it is worth nothing after this process has ended. */
  readonly #cookie: string;

  constructor(options: AccessOptions) {
    this.#options = options;
    this.#names = new Set(["localhost", options.host.toLowerCase(), options.machine.toLowerCase()]);
    this.#cookie = createHmac("sha256", randomBytes(32))
      .update(options.token ?? "")
      .digest("base64url");
  }

  /**
   * A page of a stranger whose name was made to point here (DNS rebinding) carries its own name in Host. An address cannot be rebound, and
   * our own names are known: everything else is refused.
   */
  knowsHost(header: string | undefined): boolean {
    const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::\d{1,5})?$/i.exec(header ?? "");
    if (match === null) return false;
    if (match[1] !== undefined) return isIP(match[1]) === 6;
    const name = match[2]!.toLowerCase();
    return isIP(name) === 4 || this.#names.has(name);
  }

  /** `first`: the token came in the URL; a cookie is to be set and the URL to be left. */
  entrance(request: { readonly query: string | null; readonly cookies: string; readonly bearer: string }): Entrance {
    const { token, cookieName } = this.#options;
    if (token === null) return "open";
    if (request.query !== null) return isSame(request.query, token) ? "first" : "denied";
    const cookies = request.cookies.split(/; */).filter((one) => one.startsWith(`${cookieName}=`));
    if (cookies.some((one) => isSame(one.slice(cookieName.length + 1), this.#cookie))) return "granted";
    const bearer = /^Bearer (.+)$/.exec(request.bearer);
    return bearer !== null && isSame(bearer[1]!, token) ? "granted" : "denied";
  }

  /** For scripts it is out of reach; Lax: links from the (sandboxed) report lead back in. */
  get setCookie(): string {
    return `${this.#options.cookieName}=${this.#cookie}; Path=/; HttpOnly; SameSite=Lax`;
  }
}

/** In constant time: how long it takes tells nothing of how much is right. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
