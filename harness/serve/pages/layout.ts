import { html, type Markup } from "../../report/html/markup.ts";

export interface PageFrame {
  readonly title: string;
  /** Name of the served folder. */
  readonly folder: string;
  readonly here: "list" | "compare" | null;
  /** Shown with values that change: the page asks for its live updates. */
  readonly isLive?: boolean;
}

/** One served page. It works without scripts; the script only keeps live values fresh. */
export function page({ title, folder, here, isLive = false }: PageFrame, body: Markup): string {
  const current = (name: PageFrame["here"]) => (here === name ? html` aria-current="page"` : null);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Faultline</title>
<link rel="stylesheet" href="/assets/style.css">
${isLive ? html`<script src="/assets/live.js" defer></script>` : null}
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="top"><nav aria-label="Main"><strong>Faultline</strong>
<a href="/"${current("list")}>Campaigns</a>
<a href="/compare"${current("compare")}>Compare</a>
<span class="where soft">${folder}</span></nav></header>
<main id="content">
${body}
</main>
</body>
</html>
`.text;
}

/** Below what is brought up to date: how the connection is, and `words` for a screen reader when they change. */
export function liveStatus(words: string): Markup {
  return html`<p class="soft" id="live-link" role="status"></p>
<p class="unseen" id="live-words" role="status">${words}</p>
<noscript><p class="soft">Reload the page for newer values.</p></noscript>`;
}

/** A page that says what is wrong and where to go on. */
export function messagePage(frame: Omit<PageFrame, "here">, text: string, more: Markup | null = null): string {
  return page({ ...frame, here: null }, html`<h1>${frame.title}</h1><p class="lead">${text}</p>${more}`);
}

/** The URL of something below the served folder: `/files/` and its encoded path. */
export function link(kind: "campaign" | "files" | "events", path: string): string {
  return `/${kind}/${path.split("/").map(encodeURIComponent).join("/")}`;
}

/** `2026-11-21 13:45`, UTC; "" for what is no date. */
export function dateText(iso: string): string {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(iso) ? `${iso.slice(0, 10)} ${iso.slice(11, 16)}` : "";
}
