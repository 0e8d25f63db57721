import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** Larger files are streamed from the disk. */
export const MOST_KEPT_BYTES = 4 * 2 ** 20;
const MOST_BYTES = 64 * 2 ** 20;
const zip = promisify(gzip);

/** A file in memory as it was at one moment. */
export interface KeptFile {
  /** Of this content; strong. */
  readonly etag: string;
  readonly plain: Buffer;
  /** Compressed once, when first asked for. */
  zipped(): Promise<Buffer>;
}

/** What tells one content of a file from the next. */
export interface FileVersion {
  readonly mtimeMs: number;
  readonly size: number;
  readonly ino: number;
}

/** Files that are asked for again and again, such as reports, as long as they do not change; those used longest ago are forgotten. */
export class FileCache {
  readonly #files = new Map<string, KeptFile>();
  #bytes = 0;

  /** The file in this version, from memory or read now. `absolute`: no link, at most `MOST_KEPT_BYTES`. */
  async read(absolute: string, { mtimeMs, size, ino }: FileVersion): Promise<KeptFile> {
    const etag = `"${mtimeMs.toString(36)}-${size.toString(36)}-${ino.toString(36)}"`;
    const known = this.#files.get(absolute);
    if (known?.etag === etag) {
      this.#files.delete(absolute);
      this.#files.set(absolute, known);
      return known;
    }
    const file = kept(etag, await readFile(absolute));
    this.#forget(absolute);
    this.#files.set(absolute, file);
    this.#bytes += weight(file);
    for (const oldest of this.#files.keys()) {
      if (this.#bytes <= MOST_BYTES) break;
      this.#forget(oldest);
    }
    return file;
  }

  #forget(absolute: string): void {
    const file = this.#files.get(absolute);
    if (file === undefined) return;
    this.#bytes -= weight(file);
    this.#files.delete(absolute);
  }
}

function kept(etag: string, plain: Buffer): KeptFile {
  let zipped: Promise<Buffer> | null = null;
  return {
    etag,
    plain,
    zipped: () => {
      zipped ??= zip(plain);
      return zipped;
    },
  };
}

/** As if it were compressed, too: at worst that takes as much again. */
function weight({ plain }: KeptFile): number {
  return 2 * plain.length;
}
