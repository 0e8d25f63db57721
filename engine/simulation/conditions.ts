import type { Random } from "../../base/random.ts";

/** An integer is drawn from it uniformly, both ends included. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/**
 * Latencies of one kind of thing. Each instance (direction of a connection, reader, writer) draws its typical latency once; each of
 * its latencies is half to one and a half times that, and one in `stallOneIn` (0: none) is `stallFactor` times as long.
 */
export interface LatencyModel {
  readonly typicalUs: Range;
  readonly stallOneIn: number;
  readonly stallFactor: number;
}

/** What work costs of a process's one core. */
export interface CpuModel {
  /** Each process draws its slowness once, in percent: it multiplies all costs. */
  readonly slownessPercent: Range;
  /** For every callback of the world. */
  readonly turnUs: Range;
  /** For every row that an operator, decoder or encoder is given, ns; each of them draws its own once. */
  readonly rowNs: Range;
}

/** How a store of checkpoints behaves. One in so many, 0: none. */
export interface StoreConditions {
  readonly latencyUs: Range;
  /** One request in `oneIn` takes `latencyUs` of these instead. */
  readonly slow: { readonly oneIn: number; readonly latencyUs: Range };
  /** A write fails, and nothing is written. */
  readonly failedWriteOneIn: number;
  /** A write succeeds, but the file is cut or one of its bytes is another. */
  readonly tornWriteOneIn: number;
}

/** How scratch files behave: each operation takes so long, and one in `failedOneIn` (0: none) fails, but `mostFailures` at most. */
export interface ScratchConditions {
  readonly latencyUs: Range;
  readonly failedOneIn: number;
  readonly mostFailures: number;
}

/** How the simulated world behaves: what a seed draws, before it draws what happens. */
export interface Conditions {
  readonly messages: LatencyModel;
  readonly fetches: LatencyModel;
  readonly appends: LatencyModel;
  /** Undelivered bytes of one direction of a connection above which `send` answers false. */
  readonly networkBufferBytes: number;
  /** Bytes of a log writer that are not durable, above which `append` answers false. */
  readonly logBufferBytes: number;
  /** null: work takes no time. */
  readonly cpu: CpuModel | null;
  /** One timer in `oneIn` fires late; 0: none. */
  readonly lateTimers: { readonly oneIn: number; readonly lateUs: Range };
  /** Every process stands still now and then; null: never. */
  readonly pauses: { readonly everyUs: Range; readonly lengthUs: Range } | null;
  /** The log answers nothing now and then, and what it has done last stays unanswered; null: never. */
  readonly failovers: { readonly everyUs: Range; readonly lengthUs: Range } | null;
  readonly store: StoreConditions;
  readonly scratch: ScratchConditions;
}

/** A store that does what it is told, as quickly as disks do. */
export const SOUND_STORE: StoreConditions = {
  latencyUs: { min: 200, max: 2000 },
  slow: { oneIn: 0, latencyUs: { min: 0, max: 0 } },
  failedWriteOneIn: 0,
  tornWriteOneIn: 0,
};

const MEBIBYTE = 1024 * 1024;

/** Small latencies, big buffers, work takes no time: for whoever wants results, not trouble. */
export const CALM: Conditions = {
  messages: { typicalUs: { min: 40, max: 130 }, stallOneIn: 0, stallFactor: 1 },
  fetches: { typicalUs: { min: 40, max: 130 }, stallOneIn: 0, stallFactor: 1 },
  appends: { typicalUs: { min: 200, max: 400 }, stallOneIn: 0, stallFactor: 1 },
  networkBufferBytes: MEBIBYTE,
  logBufferBytes: MEBIBYTE,
  cpu: null,
  lateTimers: { oneIn: 0, lateUs: { min: 0, max: 0 } },
  pauses: null,
  store: SOUND_STORE,
  scratch: { latencyUs: { min: 20, max: 200 }, failedOneIn: 0, mostFailures: 0 },
  failovers: null,
};

/**
 * Conditions of a rough world, each part of which is mild or severe by chance. Pauses and late timers together stay well below the
 * second of silence after which a worker counts as lost.
 */
export function drawConditions(random: Random): Conditions {
  const pick = <T>(...choices: readonly T[]): T => choices[random.below(choices.length)]!;
  const latency = (...typicalMaxUs: readonly number[]): LatencyModel => ({
    typicalUs: { min: 20, max: pick(...typicalMaxUs) },
    stallOneIn: pick(0, 30, 200),
    stallFactor: pick(5, 20),
  });
  return {
    messages: latency(100, 1_000, 5_000),
    fetches: latency(200, 2_000, 10_000),
    appends: latency(500, 3_000, 15_000),
    networkBufferBytes: pick(256, 2_048, 65_536, MEBIBYTE),
    logBufferBytes: pick(512, 4_096, MEBIBYTE),
    cpu: {
      slownessPercent: { min: 50, max: pick(100, 400) },
      turnUs: { min: 1, max: pick(3, 20) },
      rowNs: { min: 200, max: pick(2_000, 10_000, 30_000) },
    },
    lateTimers: { oneIn: pick(0, 10, 50), lateUs: { min: 100, max: pick(2_000, 50_000) } },
    pauses: pick(
      null,
      { everyUs: { min: 5_000, max: 50_000 }, lengthUs: { min: 500, max: 10_000 } },
      { everyUs: { min: 20_000, max: 400_000 }, lengthUs: { min: 10_000, max: 150_000 } },
    ),
    failovers: pick(null, null, { everyUs: { min: 10_000, max: 300_000 }, lengthUs: { min: 1_000, max: 50_000 } }),
    // Rare enough that most checkpoints, of some twenty files each, are complete and whole.
    store: {
      latencyUs: { min: 50, max: pick(500, 2_000, 10_000) },
      slow: { oneIn: pick(0, 0, 20), latencyUs: { min: 1_000, max: pick(10_000, 50_000) } },
      failedWriteOneIn: pick(0, 0, 100, 500),
      tornWriteOneIn: pick(0, 0, 0, 300),
    },
    scratch: { latencyUs: { min: 10, max: pick(100, 2_000, 10_000) }, failedOneIn: 0, mostFailures: 0 },
  };
}
