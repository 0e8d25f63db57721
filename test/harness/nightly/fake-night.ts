import { Random } from "../../../base/random.ts";
import type { Campaign } from "../../../harness/analyze/compare/campaign.ts";
import { normalQuantile } from "../../../harness/analyze/statistics/normal.ts";
import type { HistoryRow } from "../../../harness/nightly/history-row.ts";
import { conductNight, type Night, type NightOptions } from "../../../harness/nightly/night.ts";
import { type CommitRunner, HERE } from "../../../harness/nightly/runner.ts";
import type { RunResult } from "../../../harness/sweep/model.ts";
import { campaignWith, recordedRuns, resultOf } from "../analyze/compare/recorded.ts";

/** What is true of a pretended world: how slow each commit's code is, and the machine tonight. */
export interface World {
  readonly seed?: number;
  /** Relative noise of a run; default 4 %. */
  readonly noise?: number;
  /** Of a night as a whole, for all its cells but the canary: luck that the turns do not have. */
  readonly luck?: number;
  readonly codeOf: (commit: string) => number;
  readonly commit: string;
  readonly machine?: number;
  readonly dirty?: boolean;
  /** State of the runs of the cell under test; default valid. */
  readonly state?: RunResult["state"];
  readonly runs?: number;
}

const CANARY = { id: "canary", axes: {}, canary: true } as const;
const GATES = ["p50", "cpu"];

/** What `bench sweep` would have left on that night: a cell and a canary, so many runs each. */
export function laneOf(night: number, world: World): Campaign {
  const { machine = 1, luck = 1, state = "valid", runs = 8 } = world;
  const random = new Random((world.seed ?? 1) * 1_000 + night);
  const results: RunResult[] = [];
  for (let block = 0; block < runs; block++) {
    const slow = world.codeOf(world.commit) * machine * luck * noiseOf(random, world);
    results.push({ ...runOf(block, slow), state });
    const canary = runOf(block, machine * noiseOf(random, world));
    results.push({ ...canary, run: { ...canary.run, id: `canary-r${block + 1}`, cell: CANARY } });
  }
  return campaign(results, timeOf(night), world);
}

export function timeOf(night: number): string {
  return new Date(Date.UTC(2026, 0, 1 + night, 2)).toISOString();
}

function noiseOf(random: Random, { noise = 0.04 }: World): number {
  return Math.exp(noise * normalQuantile(Math.min(0.999, Math.max(0.001, random.unit()))));
}

function runOf(block: number, slow: number): RunResult {
  return resultOf({ ...recordedRuns()[0]!, p50: 2_000, cpu: 50 }, block, slow - 1);
}

function campaign(results: readonly RunResult[], createdAt: string, { commit, dirty = false }: World): Campaign {
  const plain = campaignWith(results);
  const provenance = { ...plain.manifest.provenance, commit, dirty };
  return { ...plain, manifest: { ...plain.manifest, name: "lane", configHash: "c0ffee", createdAt, provenance } };
}

export interface FakeRunner extends CommitRunner {
  /** `old` commits that were checked out. */
  readonly checkedOut: string[];
  readonly turns: string[];
}

/** Runs one turn as the world has it, without luck: the machine is the same for both. */
export function fakeRunner(night: number, world: World, failing: readonly string[] = []): FakeRunner {
  const random = new Random((world.seed ?? 1) * 77 + night);
  const [checkedOut, turns]: [string[], string[]] = [[], []];
  return {
    checkedOut,
    turns,
    checkout: (commit) => {
      checkedOut.push(commit);
      return Promise.resolve({ commit, root: `/tmp/${commit}` });
    },
    run: ({ commit }, { cell, folder }) => {
      if (failing.includes(commit)) return Promise.reject(new Error(`no turn for ${commit}`));
      turns.push(`${commit} ${cell} ${folder}`);
      const name = commit === HERE ? world.commit : commit;
      const slow = world.codeOf(name) * (world.machine ?? 1) * noiseOf(random, world);
      return Promise.resolve(campaign([runOf(0, slow)], timeOf(night), { ...world, commit: name }));
    },
    commitsBetween: (from, to) =>
      Promise.resolve([`${to.slice(0, 8)} make it @all faster`, `${from.slice(0, 8)}x other`]),
    close: () => Promise.resolve(),
  };
}

export function optionsWith(change: Partial<NightOptions> = {}): NightOptions {
  return {
    ...{ config: "configs/nightly.yaml", blocks: 12, seed: 1, gates: GATES },
    folderOf: (cell) => `turns/${cell}`,
    isOver: () => false,
    notice: () => {},
    markdown: () => "| the table |\n",
    ...change,
  };
}

/** One night, judged and looked into; the caller keeps the history. */
export function nightOf(
  night: number,
  history: readonly HistoryRow[],
  world: World,
  change: Partial<NightOptions> = {},
  runner = fakeRunner(night, world),
): Promise<Night> {
  return conductNight(laneOf(night, world), history, runner, optionsWith(change));
}

/** The history after so many nights. */
export async function historyOf(nights: number, world: World, from = 0, before: readonly HistoryRow[] = []) {
  let history = [...before];
  const all: Night[] = [];
  for (let night = from; night < from + nights; night++) {
    const one = await nightOf(night, history, { ...world, commit: `${world.commit}${night}` });
    all.push(one);
    history = [...history, ...one.rows];
  }
  return { history, nights: all };
}
