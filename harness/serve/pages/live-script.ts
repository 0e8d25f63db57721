/**
 * The only script of the served pages: puts what the server sends in place of what the page has, and loads the page again when the sweep is
 * over. Where the parts of both are the same, only those that have changed are replaced, and the keyboard stays where it is. The browser
 * connects again by itself; a server that says no ends it. A page that nobody sees listens to nothing: browsers have six connections.
 */
export const LIVE_SCRIPT = `"use strict";
const live = document.getElementById("live");
const words = document.getElementById("live-words");
const link = document.getElementById("live-link");
const say = (element, text) => { if (element.textContent !== text) element.textContent = text; };
const partsOf = (root) => [...root.querySelectorAll("[data-part]")];
const show = (text) => {
  const news = document.createElement("template");
  news.innerHTML = text;
  const [before, after] = [partsOf(live), partsOf(news.content)];
  const focused = live.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  const isSame = before.length > 0 && before.length === after.length
    && before.every((part, i) => part.dataset.part === after[i].dataset.part);
  if (!isSame) live.replaceChildren(news.content);
  else before.forEach((part, i) => { if (part.outerHTML !== after[i].outerHTML) part.replaceWith(after[i]); });
  if (focused === null || live.contains(document.activeElement)) return;
  const again = [...live.querySelectorAll("a")].find((one) => one.getAttribute("href") === focused);
  if (again) again.focus({ preventScroll: true });
};
let source = null;
const listen = () => {
  source = new EventSource(live.dataset.events);
  source.addEventListener("open", () => say(link, ""));
  source.addEventListener("error", () => say(link, source.readyState === EventSource.CLOSED
    ? "No live values: too many are watching, or the server has ended. Reload to try again." : "Connection lost; trying again."));
  source.addEventListener("live", (event) => {
    const news = JSON.parse(event.data);
    show(news.html);
    say(words, news.words);
  });
  source.addEventListener("end", () => { source.close(); location.reload(); });
};
document.addEventListener("visibilitychange", () => {
  if (document.hidden) source?.close();
  else if (source === null || source.readyState === EventSource.CLOSED) listen();
});
if (!document.hidden) listen();
`;
