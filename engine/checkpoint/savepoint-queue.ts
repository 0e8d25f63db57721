import type { CheckpointReport } from "../cluster/checkpoint-facts.ts";
import type { Failure } from "../cluster/messages.ts";
import type { World } from "../ports.ts";
import { jobFolder } from "./paths.ts";

export type SavepointDone = (failure: Failure | null, report: CheckpointReport | null) => void;

export interface SavepointRequest {
  readonly folder: string;
  readonly last: boolean;
  /** Called once. */
  readonly done: SavepointDone;
}

const MAX_REQUESTS = 16;
/** Folders that were used are remembered, so many. */
const MAX_USED = 1024;

/**
 * Savepoints that were asked for and have not begun. A folder is used once, and only when it is empty: also into that of one which was
 * given up a slow task may still write, and then it is removed again, with all that is in it.
 */
export class SavepointQueue {
  readonly #store: World["store"];
  readonly #jobId: string;
  readonly #onReady: () => void;
  readonly #ready: SavepointRequest[] = [];
  readonly #checking = new Set<SavepointRequest>();
  readonly #used = new Set<string>();

  /** `onReady`: a request can be taken. */
  constructor(store: World["store"], jobId: string, onReady: () => void) {
    this.#store = store;
    this.#jobId = jobId;
    this.#onReady = onReady;
  }

  get length(): number {
    return this.#ready.length;
  }

  take(): SavepointRequest | undefined {
    const request = this.#ready.shift();
    if (request !== undefined) this.#used.add(request.folder);
    const [oldest] = this.#used;
    if (oldest !== undefined && this.#used.size > MAX_USED) this.#used.delete(oldest);
    return request;
  }

  request(request: SavepointRequest): void {
    const problem = this.#problemWith(request.folder);
    if (problem !== null) {
      refuse(request, problem);
      return;
    }
    this.#checking.add(request);
    this.#store.list(request.folder, (error, names) => {
      if (!this.#checking.delete(request)) return;
      if (names === null) refuse(request, `its folder cannot be listed: ${error?.message ?? "no answer"}`);
      else if (names.length > 0) refuse(request, `there is something in "${request.folder}" already`);
      else this.#take(request);
    });
  }

  /** Nothing that was asked for will come. */
  refuseAll(why: string): void {
    const requests = [...this.#ready, ...this.#checking];
    this.#ready.length = 0;
    this.#checking.clear();
    for (const request of requests) refuse(request, why);
  }

  #take(request: SavepointRequest): void {
    this.#ready.push(request);
    this.#onReady();
  }

  #problemWith(folder: string): string | null {
    const parts = folder.split("/");
    const isPath = parts.every((part) => !["", ".", ".."].includes(part)) && !/[\\\0]/.test(folder);
    if (!isPath) return `"${folder}" is not a folder of the store: a relative path, parts divided by "/"`;
    if (parts[0] === jobFolder(this.#jobId)) return `"${folder}" lies among the job's own checkpoints`;
    const waiting = [...this.#ready, ...this.#checking];
    const others = [...this.#used, ...waiting.map((request) => request.folder)];
    if (others.some((other) => `${other}/`.startsWith(`${folder}/`) || folder.startsWith(`${other}/`))) {
      return `"${folder}", or a folder in or around it, was given to another savepoint`;
    }
    return waiting.length < MAX_REQUESTS ? null : `${MAX_REQUESTS} savepoints are waiting`;
  }
}

function refuse(request: SavepointRequest, why: string): void {
  request.done({ code: "checkpoint-failed", message: `no savepoint: ${why}` }, null);
}
