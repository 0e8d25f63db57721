import { unreachable } from "../../../base/assert.ts";
import type { FaultProcess } from "../../systems/system.ts";
import type { DriverParts, FaultDriver, FaultSighting } from "../driver.ts";
import type { LinkFault } from "./link-faults.ts";
import { BROKER_ROLE, type LinkProxy, type Strike } from "./link-proxy.ts";
import { endsOfTarget, flowsOf } from "./link-target.ts";
import type { FlowPattern } from "./rules.ts";

/** A link over which nothing goes for so long is idle: a fault on it does nothing. */
const TRAFFIC_LIMIT_MS = 5_000;

export interface LinkDriverParts extends DriverParts {
  readonly fault: LinkFault;
  /** null: the run has none. */
  readonly links: Pick<LinkProxy, "brokers" | "treat" | "reset" | "heal"> | null;
  /** The process at an end as written (`worker/1`, `coordinator`); null when there is none. */
  process(end: string): Pick<FaultProcess, "name"> | null;
  readonly seed: number;
}

/**
 * Delay, rate, blackhole, partition and reset of links through the TCP link proxy. The fault's own target says which links; the process
 * that the schedule hands over is only the one that it names first. Observed when the proxy has held, slowed or reset something.
 */
export class LinkDriver implements FaultDriver {
  readonly #parts: LinkDriverParts;
  #strike: Strike | null = null;
  #isHealed = false;

  constructor(parts: LinkDriverParts) {
    this.#parts = parts;
  }

  precondition(): string | null {
    const { fault, links, process } = this.#parts;
    if (links === null) return "the run has no link proxy";
    for (const end of endsOfTarget(fault.target)) {
      if (end === BROKER_ROLE) {
        if (links.brokers === null)
          return "the broker is not Faultline's own: connections to it do not go through the link proxy";
      } else if (process(end) === null) return `there is no ${end}`;
    }
    return null;
  }

  async inject(): Promise<void> {
    this.#strike = this.#order();
    await this.#strike.done;
  }

  async observe(): Promise<FaultSighting | null> {
    const strike = this.#strike;
    if (strike === null) return null;
    const late = this.#parts.sleep(TRAFFIC_LIMIT_MS).then(() => null);
    const sight = await Promise.race([strike.seen, late]);
    if (sight === null) return null;
    // The proxy saw it itself, to the µs.
    return { atUs: sight.atUs, resolutionUs: 1, what: sight.what };
  }

  async heal(): Promise<void> {
    const { links, fault } = this.#parts;
    if (this.#strike === null || this.#isHealed || links === null || fault.kind === "reset") return;
    this.#isHealed = true;
    await links.heal(this.#strike);
  }

  #order(): Strike {
    const { fault, seed } = this.#parts;
    const links = this.#parts.links!;
    const flows = this.#flows();
    switch (fault.kind) {
      case "delay":
        return links.treat(flows, { kind: "delay", ms: fault.delay, jitterMs: fault.jitter, seed });
      case "rate":
        return links.treat(flows, { kind: "rate", bytesPerSecond: fault.bytesPerSecond });
      case "blackhole":
        return links.treat(flows, { kind: "block", newToo: false });
      case "partition":
        return links.treat(flows, { kind: "block", newToo: true });
      case "reset":
        return links.reset(flows);
      default:
        return unreachable(fault, "link fault");
    }
  }

  #flows(): readonly FlowPattern[] {
    const { fault, process } = this.#parts;
    return flowsOf(fault.target, (end) => (end === BROKER_ROLE ? end : (process(end)?.name ?? end)));
  }
}
