import { extname } from "node:path";

/** On every answer. */
export const COMMON_HEADERS: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "cache-control": "private, no-cache",
};

/** Our own pages: their style and script are files of ours; they talk to nobody else. */
export const PAGE_POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; " +
  "base-uri 'none'; frame-ancestors 'none'";

/**
 * Files of a results folder may come from anywhere. They run in a sandbox: a report may use its own script and style, but as a stranger it
 * reads no cookie, no other page, and talks to nobody.
 */
const FILE_POLICY =
  "sandbox allow-scripts allow-downloads allow-modals; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; " +
  "img-src data:; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Nothing of a picture runs. */
const PICTURE_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:";

const TEXT = "text/plain; charset=utf-8";
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".svg": "image/svg+xml; charset=utf-8",
  ".png": "image/png",
  ".pdf": "application/pdf",
  ".csv": TEXT,
  ".json": "application/json; charset=utf-8",
  ".jsonl": TEXT,
  ".hlog": TEXT,
  ".log": TEXT,
  ".out": TEXT,
  ".md": TEXT,
  ".txt": TEXT,
  ".yaml": TEXT,
};

/** What a browser is told of a file, by the end of its name alone: what is not known is downloaded. */
export function fileHeaders(path: string): Readonly<Record<string, string>> {
  const end = extname(path).toLowerCase();
  return {
    // Browsers refuse a sandbox together with any other value.
    "cross-origin-opener-policy": "unsafe-none",
    "content-type": TYPES[end] ?? "application/octet-stream",
    "content-security-policy": end === ".html" ? FILE_POLICY : PICTURE_POLICY,
  };
}
