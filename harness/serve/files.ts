import { readdir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { FastifyReply, FastifyRequest } from "fastify";
import { isMissing } from "../sweep/files.ts";
import { type FileCache, type FileVersion, MOST_KEPT_BYTES } from "./file-cache.ts";
import { fileHeaders } from "./headers.ts";
import { type Inside, isHidden } from "./inside.ts";
import { type FolderEntry, MOST_ENTRIES } from "./pages/folder.ts";

/** What a path names. Only regular files are served: a pipe or a device would keep its reader waiting for ever. */
export type Found =
  | { readonly kind: "file"; readonly version: FileVersion }
  | { readonly kind: "folder" }
  | { readonly kind: "other" };

export async function lookAt({ absolute }: Inside): Promise<Found> {
  const found = await stat(absolute);
  if (found.isFile()) return { kind: "file", version: found };
  return { kind: found.isDirectory() ? "folder" : "other" };
}

/** What is in a folder, hidden files and links left out; one more than is shown, when there are more. */
export async function entriesOf({ absolute }: Inside): Promise<readonly FolderEntry[]> {
  const entries = await readdir(absolute, { withFileTypes: true });
  const shown = entries
    .filter((entry) => !isHidden(entry.name) && (entry.isFile() || entry.isDirectory()))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, MOST_ENTRIES + 1);
  const found = await Promise.all(
    shown.map(async (entry): Promise<FolderEntry[]> => {
      try {
        const { size, mtimeMs } = await stat(join(absolute, entry.name));
        const isFolder = entry.isDirectory();
        return [{ name: entry.name, isFolder, bytes: isFolder ? 0 : size, modifiedMs: mtimeMs }];
      } catch (error) {
        if (isMissing(error)) return []; // gone since
        throw error;
      }
    }),
  );
  return found.flat();
}

/** Answers with a file: small ones from memory, compressed where the reader can take that; large ones and parts of files from the disk. */
export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  file: { readonly root: string; readonly inside: Inside; readonly version: FileVersion; readonly cache: FileCache },
): Promise<FastifyReply> {
  const { root, inside, version, cache } = file;
  const headers = fileHeaders(inside.path);
  reply.headers(headers);
  if (version.size > MOST_KEPT_BYTES || request.headers.range !== undefined) {
    return reply.sendFile(relative(root, inside.absolute).split(sep).join("/"), root);
  }
  const kept = await cache.read(inside.absolute, version);
  reply.headers({ etag: kept.etag, vary: "accept-encoding", "last-modified": new Date(version.mtimeMs).toUTCString() });
  if (request.headers["if-none-match"] === kept.etag) return reply.code(304).send();
  const isText = /^text\/|json|svg/.test(headers["content-type"] ?? "");
  const isZipped = isText && /\bgzip\b(?!;q=0)/.test(String(request.headers["accept-encoding"] ?? ""));
  return isZipped ? reply.header("content-encoding", "gzip").send(await kept.zipped()) : reply.send(kept.plain);
}
