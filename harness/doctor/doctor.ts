import { resolve } from "node:path";
import type { ResolvedSweep } from "../config/resolve.ts";
import { cacheDirectory } from "../services/artifact-cache.ts";
import { needsElection } from "../sweep/deploy-config.ts";
import type { CheckResult } from "./check.ts";
import { checkClock, checkCores, checkMemory, checkOpenFiles, checkPorts, checkPriority } from "./checks/capacity.ts";
import { checkFaultDrivers } from "./checks/faults.ts";
import {
  checkJava,
  checkKafka,
  checkMaven,
  checkNode,
  checkOptionalPrograms,
  checkPlatform,
  checkRegistry,
  checkZooKeeper,
} from "./checks/programs.ts";
import { checkPlace } from "./checks/storage.ts";
import type { Machine } from "./machine.ts";
import { type CampaignNeeds, campaignNeeds } from "./needs.ts";
import { placesOf } from "./places.ts";

export interface DoctorOptions {
  readonly machine: Machine;
  /** Results go below it. */
  readonly cwd: string;
  /** The campaign to run; null: any small one. */
  readonly sweep: ResolvedSweep | null;
  /** May registries be asked? */
  readonly isOnline: boolean;
}

export interface Diagnosis {
  readonly results: readonly CheckResult[];
  readonly needs: CampaignNeeds | null;
}

/** Heaps of a broker and two workers, and the instrument beside them. */
const SMALL_CAMPAIGN_BYTES = 3 * 2 ** 30;
const INSTRUMENT_BYTES = 512 * 2 ** 20;

/** Everything that this machine can or cannot do, in the order in which a run needs it. */
export async function diagnose({ machine, cwd, sweep, isOnline }: DoctorOptions): Promise<Diagnosis> {
  const isPrivate = (sweep?.config.kafka.brokers.length ?? 0) === 0;
  const needs = sweep === null ? null : campaignNeeds(sweep);
  const kafka = checkKafka(machine);
  const elects = sweep?.cells.some(({ config }) => needsElection(config)) ?? false;
  const zookeeper = checkZooKeeper(machine);
  const mustFetch = (isPrivate && kafka.state !== "ok") || (elects && zookeeper.state !== "ok");
  const places = placesOf({
    results: resolve(cwd, "reports"),
    cache: mustFetch ? cacheDirectory(machine.env) : null,
    temporary: machine.temporaryDirectory,
    needs,
  });
  const results = [
    checkNode(machine),
    checkPlatform(machine),
    await checkJava(machine, isPrivate || elects),
    isPrivate ? kafka : { ...kafka, required: false },
    ...(elects || sweep === null ? [zookeeper] : []),
    await checkMaven(machine, mustFetch),
    ...(isOnline ? [await checkRegistry(machine, mustFetch)] : []),
    ...places.map((place) => checkPlace(machine, place)),
    checkCores(machine),
    checkMemory(machine, sweep === null ? SMALL_CAMPAIGN_BYTES : memoryOf(sweep)),
    checkOpenFiles(machine),
    await checkPorts(machine),
    await checkPriority(machine),
    checkClock(machine),
    ...checkFaultDrivers(machine),
    ...(await checkOptionalPrograms(machine)),
  ];
  return { results, needs };
}

function memoryOf({ cells, config }: ResolvedSweep): number {
  const broker = config.kafka.brokers.length > 0 ? 0 : config.kafka.heap;
  const workers = cells.map(({ config: { engine } }) => engine.workers * engine.workerMemory);
  return broker + workers.reduce((most, bytes) => Math.max(most, bytes), 0) + INSTRUMENT_BYTES;
}
