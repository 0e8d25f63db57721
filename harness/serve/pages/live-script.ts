/**
 * The only script of the served pages: puts what the server sends in place of what the page has, and loads the page again when the sweep is
 * over. The browser connects again by itself; a server that says no ends it.
 */
export const LIVE_SCRIPT = `"use strict";
const live = document.getElementById("live");
const words = document.getElementById("live-words");
const link = document.getElementById("live-link");
const say = (element, text) => { if (element.textContent !== text) element.textContent = text; };
const source = new EventSource(live.dataset.events);
source.addEventListener("open", () => say(link, ""));
source.addEventListener("error", () => say(link, source.readyState === EventSource.CLOSED
  ? "No live values: too many are watching, or the server has ended. Reload to try again." : "Connection lost; trying again."));
source.addEventListener("live", (event) => {
  const news = JSON.parse(event.data);
  live.innerHTML = news.html;
  say(words, news.words);
});
source.addEventListener("end", () => { source.close(); location.reload(); });
`;
