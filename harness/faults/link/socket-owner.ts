import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { systemCode } from "../../../base/errors.ts";

/**
 * Which of the known processes holds the other end of a TCP connection on this machine: the kernel's table of sockets gives the inode,
 * the processes' open files who has it. Linux; IPv4 on loopback. A few hundred µs each time, so once a connection.
 */
export interface SocketOwners {
  /** The process of `pids` whose socket has this local and remote port; null when none of them has. */
  ownerOf(localPort: number, remotePort: number, pids: Iterable<number>): number | null;
}

export const socketOwners: SocketOwners = {
  ownerOf(localPort, remotePort, pids) {
    const inode = inodeOf(readFileSync("/proc/net/tcp", "latin1"), localPort, remotePort);
    if (inode === null) return null;
    for (const pid of pids) if (holdsSocket(pid, inode)) return pid;
    return null;
  },
};

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
