import { BrokerDriver, type BrokerParts } from "./broker-driver.ts";
import { CpuDriver, type CpuParts } from "./cpu-driver.ts";
import type { FaultDriver } from "./driver.ts";
import { EndDriver, type SignalParts } from "./end-driver.ts";
import { LinkDriver, type LinkDriverParts } from "./link/link-driver.ts";
import type { LinkFault } from "./link/link-faults.ts";
import { PauseDriver } from "./pause-driver.ts";
import type { FaultKind, FaultOf, FaultSpec } from "./schema.ts";
import { StoreDriver, type StoreDriverParts } from "./store/store-driver.ts";
import type { StoreFault } from "./store/store-faults.ts";

/** A killed process that is still there after this was not killed. */
const KILLED_LIMIT_MS = 5_000;
/** One that was asked to end may take this long. */
const TERMINATED_LIMIT_MS = 10_000;

/** What the drivers of all kinds need of the outside world. */
export interface KindParts
  extends SignalParts,
    CpuParts,
    BrokerParts,
    Omit<LinkDriverParts, "fault" | "seed">,
    Omit<StoreDriverParts, "fault"> {}

/** One kind of fault. To add one: its settings in `schema.ts`, its driver, and a line in `KINDS`. */
interface Kind<K extends FaultKind> {
  /** A new driver for one strike. */
  make(fault: FaultOf<K>, parts: KindParts, seed: number): FaultDriver;
  /** Whose process ends: that is expected then, and the system must notice the end of one of its own. */
  readonly ends: "system" | "broker" | null;
  /** What to say when it was not observed. */
  readonly unseen: string;
}

const idleLink = "nothing was sent over the link that it could have acted on";
const unusedStore = "the checkpoint store was not used while it lasted";

export const KINDS: { readonly [K in FaultKind]: Kind<K> } = {
  kill: {
    make: (_fault, parts) => new EndDriver(parts, "SIGKILL", KILLED_LIMIT_MS),
    ends: "system",
    unseen: "the process did not go",
  },
  terminate: {
    make: (_fault, parts) => new EndDriver(parts, "SIGTERM", TERMINATED_LIMIT_MS),
    ends: "system",
    unseen: `the process did not end by itself within ${TERMINATED_LIMIT_MS / 1000} s of SIGTERM`,
  },
  pause: {
    make: (_fault, parts) => new PauseDriver(parts),
    ends: null,
    unseen: "the process did not stop",
  },
  cpu: {
    make: ({ cores }, parts) => new CpuDriver(parts, cores),
    ends: null,
    unseen: "the quota never held the process back: it needed less CPU than that",
  },
  brokerKill: {
    make: (_fault, parts) => new BrokerDriver(parts, "kill"),
    ends: "broker",
    unseen: "the broker did not go",
  },
  brokerRestart: {
    make: (_fault, parts) => new BrokerDriver(parts, "halt"),
    ends: "broker",
    unseen: "the broker did not go",
  },
  brokerPause: {
    make: (_fault, parts) => new PauseDriver(parts),
    ends: null,
    unseen: "the broker did not stop",
  },
  delay: { make: linkDriver, ends: null, unseen: idleLink },
  rate: { make: linkDriver, ends: null, unseen: idleLink },
  blackhole: { make: linkDriver, ends: null, unseen: idleLink },
  partition: { make: linkDriver, ends: null, unseen: idleLink },
  reset: { make: linkDriver, ends: null, unseen: "there was no open connection to reset" },
  storeSlow: { make: storeDriver, ends: null, unseen: unusedStore },
  storeFail: { make: storeDriver, ends: null, unseen: unusedStore },
};

function linkDriver(fault: LinkFault, parts: KindParts, seed: number): FaultDriver {
  return new LinkDriver({ ...parts, fault, seed });
}

function storeDriver(fault: StoreFault, parts: KindParts): FaultDriver {
  return new StoreDriver({ ...parts, fault });
}

/** The driver of one strike. */
export function driverOf(fault: FaultSpec, parts: KindParts, seed: number): FaultDriver {
  // The table's row has the type of the fault's kind; the compiler cannot follow that through the union.
  const make = KINDS[fault.kind].make as (fault: FaultSpec, parts: KindParts, seed: number) => FaultDriver;
  return make(fault, parts, seed);
}
