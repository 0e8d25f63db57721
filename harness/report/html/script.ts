import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** Modules of the page's own script, each after those that it imports. */
const MODULES = ["values", "zoom", "cursor", "table", "main"] as const;

/**
 * The page's only script, `client/*.js` as one text: what can be read off figures, by pointer and by keys, and their zoom. The page is
 * complete without it. Plain JavaScript, because it runs in the reader's browser as it is.
 */
export function pageScript(): string {
  const modules = MODULES.map((name) => readFileSync(new URL(`client/${name}.js`, import.meta.url), "utf8"));
  const text = modules.map((module) => module.replace(/^import .*\n/gm, "").replace(/^export /gm, "")).join("\n");
  return `(() => {\n"use strict";\n${text}})();\n`;
}

/** What the page may do: show itself and run this one script; nothing is fetched, sent or framed. */
export function contentPolicy(script: string): string {
  const hash = createHash("sha256").update(script).digest("base64");
  return `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
}
