import { unreachable } from "../../../base/assert.ts";
import type { FaultProcess } from "../../systems/system.ts";
import type { DriverParts, FaultDriver, FaultSighting } from "../driver.ts";
import type { LinkFault } from "./link-faults.ts";
import { BROKER_ROLE, LINK_DRIVER, type LinkProxy, type Strike } from "./link-proxy.ts";
import { endsOfTarget, flowsOf, meansEverybody } from "./link-target.ts";
import type { FlowPattern } from "./rules.ts";

export interface LinkDriverParts extends DriverParts {
  readonly fault: LinkFault;
  /** null: the run has none. */
  readonly links: Pick<LinkProxy, "brokers" | "treat" | "reset" | "heal"> | null;
  /** The processes at an end as written (`worker/1`, `zone:a`, `coordinator`). */
  processesAt(end: string): readonly Pick<FaultProcess, "name">[];
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
  #end: () => void = () => {};
  /** What the proxy has not seen by then it will not see. */
  readonly #ended = new Promise<null>((resolve) => {
    this.#end = () => resolve(null);
  });

  constructor(parts: LinkDriverParts) {
    this.#parts = parts;
  }

  precondition(): string | null {
    const { fault, links, processesAt } = this.#parts;
    if (links === null) return "the run has no link proxy";
    const ends = endsOfTarget(fault.target);
    const absent = ends.find((end) => end !== BROKER_ROLE && processesAt(end).length === 0);
    if (absent !== undefined) return `there is no ${absent}`;
    const twice = this.#onBothSides();
    if (twice !== undefined) return `${twice} is on both sides of ${fault.target}`;
    // A worker that still reaches its broker is not cut off from everybody.
    const needsBroker = ends.includes(BROKER_ROLE) || meansEverybody(fault.target);
    if (needsBroker && links.brokers === null) {
      return "the broker is not Faultline's own: connections to it do not go through the link proxy";
    }
    return null;
  }

  async inject(): Promise<void> {
    const strike = this.#order();
    this.#strike = strike;
    const { resets } = await strike.done;
    if (resets === 0) this.#end();
  }

  /** Waits as long as the fault lasts: a link may be idle at first. */
  async observe(): Promise<FaultSighting | null> {
    const strike = this.#strike;
    if (strike === null) return null;
    const sight = await Promise.race([strike.seen, this.#ended]);
    // The proxy saw it itself, to the µs.
    return sight === null ? null : { atUs: sight.atUs, resolutionUs: 1, what: `${LINK_DRIVER}: ${sight.what}` };
  }

  async heal(): Promise<void> {
    const { links, fault } = this.#parts;
    if (this.#strike === null || this.#isHealed || links === null) return;
    this.#isHealed = true;
    try {
      if (fault.kind !== "reset") await links.heal(this.#strike);
    } finally {
      this.#end();
    }
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
    const { fault, processesAt } = this.#parts;
    return flowsOf(fault.target, (end) => {
      return end === BROKER_ROLE ? [end] : processesAt(end).map(({ name }) => name);
    });
  }

  /** A worker that is named, and the zone that it is in. */
  #onBothSides(): string | undefined {
    const { from, to } = this.#flows()[0]!;
    return from === "*" || to === "*" ? undefined : from.find((name) => to.includes(name));
  }
}
