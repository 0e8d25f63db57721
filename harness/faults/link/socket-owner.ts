import { readdirSync, readlinkSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { systemCode } from "../../../base/errors.ts";

/** The kernel's table of TCP sockets over IPv4. */
const TABLE = "/proc/net/tcp";

/**
 * Finds which of the known processes holds the other end of a TCP connection on this machine (Linux, IPv4): the kernel's table of
 * sockets gives the inode, the processes' open files who has it. Reading the table takes the kernel some ms, however few sockets there
 * are, because it walks all its buckets: it is read beside the event loop, once for all who ask meanwhile.
 */
export class SocketOwners {
  readonly #read: () => Promise<string>;
  #reading: Promise<string> | null = null;
  #next: Promise<string> | null = null;

  constructor(read: () => Promise<string> = () => readFile(TABLE, "latin1")) {
    this.#read = read;
  }

  /** The process of `pids` whose socket has this local and remote port; null when none of them has. */
  async ownerOf(localPort: number, remotePort: number, pids: () => Iterable<number>): Promise<number | null> {
    const inode = inodeOf(await this.#table(), localPort, remotePort);
    if (inode === null) return null;
    for (const pid of pids()) if (holdsSocket(pid, inode)) return pid;
    return null;
  }

  /** The table as it is from now on: a reading that has begun already may miss the newest sockets. */
  #table(): Promise<string> {
    if (this.#reading === null) return this.#begin();
    this.#next ??= this.#reading
      .catch(() => {}) // whoever waits for that one hears of it
      .then(() => {
        this.#next = null;
        return this.#begin();
      });
    return this.#next;
  }

  #begin(): Promise<string> {
    const reading = this.#read().finally(() => {
      if (this.#reading === reading) this.#reading = null;
    });
    this.#reading = reading;
    return reading;
  }
}

/** Of `/proc/net/tcp`: the inode of the socket between two ports; null when there is none. */
export function inodeOf(table: string, localPort: number, remotePort: number): string | null {
  const end = (port: number) => `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const [local, remote] = [end(localPort), end(remotePort)];
  for (const line of table.split("\n")) {
    const fields = line.trim().split(/\s+/);
    if (fields[1]?.endsWith(local) && fields[2]?.endsWith(remote)) return fields[9] ?? null;
  }
  return null;
}

/** Newest files first: what has just connected has just been opened. */
function holdsSocket(pid: number, inode: string): boolean {
  const wanted = `socket:[${inode}]`;
  const folder = `/proc/${pid}/fd`;
  for (const name of (gone(() => readdirSync(folder)) ?? []).reverse()) {
    if (gone(() => readlinkSync(`${folder}/${name}`)) === wanted) return true;
  }
  return false;
}

/** null when the process, or the open file, went while it was looked at. */
function gone<T>(look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES") return null;
    throw error;
  }
}
