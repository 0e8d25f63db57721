import { bytes, integer } from "../../report/format.ts";
import { html, type Markup, table } from "../../report/html/markup.ts";
import { dateText, link, page } from "./layout.ts";

/** More names of one folder are not shown. */
export const MOST_ENTRIES = 1_000;

/** A file or folder of a results folder. */
export interface FolderEntry {
  readonly name: string;
  readonly isFolder: boolean;
  /** 0 for a folder. */
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** The content of a folder below the served one; `path` is not "". */
export function folderPage(path: string, entries: readonly FolderEntry[], folder: string): string {
  const names = path.split("/");
  const crumbs = names.map(
    (name, i) => html` / <a href="${link("files", names.slice(0, i + 1).join("/"))}">${name}</a>`,
  );
  const body = html`<nav class="crumbs" aria-label="Folders"><a href="/">Campaigns</a>${crumbs}</nav>
<h1>${names.at(-1)!}</h1>
${fileTable(entries, path)}`;
  return page({ title: path, folder, here: null }, body);
}

export function fileTable(entries: readonly FolderEntry[], path: string): Markup {
  if (entries.length === 0) return html`<p class="soft">There is no file here.</p>`;
  const sorted = [...entries].sort((a, b) => {
    return a.isFolder === b.isFolder ? (a.name < b.name ? -1 : 1) : a.isFolder ? -1 : 1;
  });
  const cut = sorted.length > MOST_ENTRIES ? `the first ${integer(MOST_ENTRIES)} of them` : "Folders first";
  const within = (name: string) => (path === "" ? name : `${path}/${name}`);
  return html`<div class="files">${table(
    [
      {
        title: "name",
        cell: ({ name, isFolder }) => html`<a href="${link("files", within(name))}">${name}${isFolder ? "/" : ""}</a>`,
      },
      { title: "size", numeric: true, cell: (entry) => (entry.isFolder ? "" : sizeText(entry.bytes)) },
      { title: "changed, UTC", numeric: true, cell: ({ modifiedMs }) => dateText(new Date(modifiedMs).toISOString()) },
    ],
    sorted.slice(0, MOST_ENTRIES),
    `${integer(sorted.length)} files and folders. ${cut}.`,
  )}</div>`;
}

function sizeText(count: number): string {
  return count < 1024 ? `${count} B` : bytes(count);
}
