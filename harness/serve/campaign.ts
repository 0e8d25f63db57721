import { stat } from "node:fs/promises";
import { join } from "node:path";
import { asFaultlineError, FaultlineError, systemCode } from "../../base/errors.ts";
import { storedCapacity } from "../analyze/capacity/capacity.ts";
import { readCampaign } from "../analyze/compare/campaign.ts";
import { answerText } from "../report/capacity-text.ts";
import { isMissing } from "../sweep/files.ts";
import type { RunResult, RunState } from "../sweep/model.ts";
import type { Manifest } from "../sweep/store.ts";
import { headlines } from "./headline.ts";
import { type Live, readLive } from "./live.ts";

/** Larger manifests and results are of no campaign that a page could show. */
const MOST_BYTES = 256 * 2 ** 20;

export type CampaignState = "running" | "finished" | "interrupted" | "unreadable";

/** A results folder as the list shows it. */
export interface CampaignSummary {
  /** Below the served folder, `/` between names; "" when it is the served folder itself. */
  readonly path: string;
  readonly name: string;
  /** ISO 8601; "" when unreadable. */
  readonly createdAt: string;
  readonly state: CampaignState;
  /** Why it is unreadable. */
  readonly problem: string | null;
  readonly counts: Readonly<Record<RunState, number>>;
  /** null: a search, of which nobody knows how many runs it will take. */
  readonly planned: number | null;
  readonly headlines: readonly string[];
  readonly hasReport: boolean;
  readonly live: Live | null;
  /** Changes with everything above but `live`. */
  readonly version: string;
}

/** A campaign with its runs. */
export interface CampaignDetail {
  readonly manifest: Manifest;
  readonly results: readonly RunResult[];
}

/** What only changes with the files: everything but whether a sweep runs. */
type Stored = Omit<CampaignSummary, "state" | "live"> & { readonly isComplete: boolean };

/** Reads one results folder over and over; its files only when they have changed. */
export class CampaignFolder {
  readonly path: string;
  readonly #absolute: string;
  #stored: Stored | null = null;

  constructor(path: string, absolute: string) {
    this.path = path;
    this.#absolute = absolute;
  }

  /** Null when it is no results folder (any more): it has no manifest. */
  async summary(): Promise<CampaignSummary | null> {
    const version = await this.#version();
    if (version === null) return null;
    if (this.#stored?.version !== version) this.#stored = await this.#read(version);
    const { isComplete, ...stored } = this.#stored;
    const live = stored.problem === null ? await readLive(this.#absolute) : null;
    const state = stored.problem !== null ? "unreadable" : stateOf(live, isComplete);
    return { ...stored, state, live };
  }

  /** Throws `results-unreadable`. */
  detail(): Promise<CampaignDetail> {
    return readCampaign(this.#absolute);
  }

  async #version(): Promise<string | null> {
    const names = ["manifest.json", "runs.jsonl", "report.html"];
    const marks = await Promise.all(names.map((name) => fileMark(join(this.#absolute, name))));
    return marks[0] === null ? null : marks.join(" ");
  }

  async #read(version: string): Promise<Stored> {
    try {
      await refuseHuge(join(this.#absolute, "manifest.json"));
      await refuseHuge(join(this.#absolute, "runs.jsonl"));
      return { path: this.path, problem: null, version, ...summaryOf(await this.detail()), ...hasReport(version) };
    } catch (error) {
      // Of many campaigns one may be broken; the others are shown all the same.
      const { message } = asFaultlineError(error, "results-unreadable");
      // Where the folder lies on this machine is nobody's business.
      const problem = message.replaceAll(`${this.#absolute}/`, "");
      return {
        ...UNREADABLE,
        path: this.path,
        name: this.path || "this folder",
        problem,
        version,
        ...hasReport(version),
      };
    }
  }
}

const UNREADABLE = {
  createdAt: "",
  counts: { valid: 0, invalid: 0, failed: 0 },
  planned: null,
  headlines: [],
  isComplete: false,
} as const;

function stateOf(live: Live | null, isComplete: boolean): CampaignState {
  if (live?.isRunning === true) return "running";
  return isComplete ? "finished" : "interrupted";
}

function summaryOf({ manifest, results }: CampaignDetail) {
  if (manifest.version !== 1 || typeof manifest.name !== "string" || !Array.isArray(manifest.order)) {
    throw new FaultlineError("results-unreadable", "manifest.json is of no version that is known here");
  }
  const ended = results.filter(({ reasons }) => !reasons.some(({ code }) => code === "interrupted"));
  const count = (state: RunState) => ended.filter((result) => result.state === state).length;
  const capacity = storedCapacity(manifest, ended);
  return {
    name: manifest.name,
    createdAt: manifest.createdAt,
    counts: { valid: count("valid"), invalid: count("invalid"), failed: count("failed") },
    planned: capacity === null ? manifest.order.length : null,
    headlines: capacity === null ? headlines(ended) : [answerText(capacity)],
    isComplete: capacity === null ? ended.length >= manifest.order.length : capacity.next.kind === "done",
  };
}

function hasReport(version: string): Pick<CampaignSummary, "hasReport"> {
  return { hasReport: !version.endsWith(" ") };
}

/** Changes whenever the file does; null when there is none, or none that may be looked at: of many folders one may be locked. */
async function fileMark(path: string): Promise<string | null> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs}:${size}:${ino}`;
  } catch (error) {
    if (isMissing(error) || systemCode(error) === "EACCES") return null;
    throw error;
  }
}

async function refuseHuge(path: string): Promise<void> {
  try {
    const { size } = await stat(path);
    if (size > MOST_BYTES)
      throw new FaultlineError("results-unreadable", `${path} has ${size} bytes, too many to show`);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
