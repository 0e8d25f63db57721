import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "../../base/errors.ts";
import { CampaignFolder, type CampaignSummary } from "./campaign.ts";
import { insideOf, isHidden } from "./inside.ts";

/** Results lie directly in the served folder, or in folders of it such as `reference/`. */
const MOST_DEPTH = 3;
const MOST_FOLDERS = 5_000;
const MOST_CAMPAIGNS = 2_000;
/** The folder is looked through at most so often, however many ask. */
const FRESH_US = 1_000_000;

/** What was found at one look. */
export interface CampaignList {
  /** Running ones first, then the newest. */
  readonly campaigns: readonly CampaignSummary[];
  /** There is more than is looked at. */
  readonly isCut: boolean;
  /** Grows when anything has changed. */
  readonly version: number;
}

/** The campaigns below a folder, found again when they are asked for; what has not changed is not read again. */
export class Campaigns {
  readonly #root: string;
  readonly #monotonicUs: () => number;
  #folders = new Map<string, CampaignFolder>();
  #list: CampaignList = { campaigns: [], isCut: false, version: 0 };
  #lookedUs = Number.NEGATIVE_INFINITY;
  #look: Promise<CampaignList> | null = null;

  constructor(root: string, monotonicUs: () => number) {
    this.#root = root;
    this.#monotonicUs = monotonicUs;
  }

  /** Not older than a second. Everybody who asks meanwhile gets the same look. */
  list(): Promise<CampaignList> {
    if (this.#look !== null) return this.#look;
    if (this.#monotonicUs() - this.#lookedUs < FRESH_US) return Promise.resolve(this.#list);
    this.#look = this.#lookAround().finally(() => {
      this.#look = null;
    });
    return this.#look;
  }

  /** The campaign in the folder of this (decoded) path, or null: there is none, or not below the served folder. */
  async find(path: string): Promise<{ readonly folder: CampaignFolder; readonly summary: CampaignSummary } | null> {
    const inside = await insideOf(this.#root, path);
    if (inside === null) return null;
    const folder = this.#folders.get(inside.path) ?? new CampaignFolder(inside.path, inside.absolute);
    const summary = await folder.summary();
    return summary === null ? null : { folder, summary };
  }

  async #lookAround(): Promise<CampaignList> {
    const { paths, isCut } = await this.#paths();
    const folders = new Map<string, CampaignFolder>();
    const campaigns: CampaignSummary[] = [];
    for (const path of paths) {
      const folder = this.#folders.get(path) ?? new CampaignFolder(path, join(this.#root, path));
      const summary = await folder.summary();
      if (summary === null) continue; // gone since
      folders.set(path, folder);
      campaigns.push(summary);
    }
    this.#folders = folders;
    campaigns.sort(byImportance);
    const { version, campaigns: before } = this.#list;
    const isSame = marks(campaigns) === marks(before) && isCut === this.#list.isCut;
    this.#list = { campaigns, isCut, version: isSame ? version : version + 1 };
    this.#lookedUs = this.#monotonicUs();
    return this.#list;
  }

  /** Folders with a manifest. Symbolic links are not followed, nor is a results folder searched for further ones. */
  async #paths(): Promise<{ readonly paths: readonly string[]; readonly isCut: boolean }> {
    const paths: string[] = [];
    let looked = 0;
    const queue = [{ path: "", depth: 0 }];
    for (const { path, depth } of queue) {
      if (paths.length >= MOST_CAMPAIGNS || looked++ >= MOST_FOLDERS) return { paths, isCut: true };
      const entries = await entriesOf(join(this.#root, path));
      if (entries.some((entry) => entry.name === "manifest.json" && entry.isFile())) {
        paths.push(path);
        continue;
      }
      if (depth === MOST_DEPTH) continue;
      const folders = entries.filter((entry) => entry.isDirectory() && !isHidden(entry.name));
      for (const { name } of folders.slice(0, MOST_FOLDERS)) {
        queue.push({ path: path === "" ? name : `${path}/${name}`, depth: depth + 1 });
      }
    }
    return { paths, isCut: false };
  }
}

function marks(campaigns: readonly CampaignSummary[]): string {
  return campaigns
    .map(({ path, version, state, live }) => `${path}\n${version} ${state} ${live?.snapshot.writtenMs ?? ""}`)
    .join("\n");
}

function byImportance(a: CampaignSummary, b: CampaignSummary): number {
  if ((a.state === "running") !== (b.state === "running")) return a.state === "running" ? -1 : 1;
  if (a.createdAt !== b.createdAt) return a.createdAt > b.createdAt ? -1 : 1;
  return a.path < b.path ? -1 : 1;
}

/** [] for a folder that has gone, or that nobody may look into. */
async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EACCES", "EPERM"].includes(systemCode(error) ?? "")) return [];
    throw error;
  }
}
