import { monotonicUs } from "../../../base/clock.ts";
import type { BrokerHandle } from "../../faults/broker-driver.ts";
import { machineGroupFiles } from "../../faults/cpu-group.ts";
import type { KindParts } from "../../faults/kinds.ts";
import { portAnswers } from "../../faults/port-answers.ts";
import { processesAt } from "../../faults/targets.ts";
import type { Guard } from "../../services/guard.ts";
import type { KafkaService } from "../../services/kafka/service.ts";
import { sleep } from "../../sweep/bindings/clock.ts";
import type { FaultSurface } from "../../systems/system.ts";

/** What the drivers of faults reach in a cluster that is played with: its processes, its broker, its store; no links. */
export function handKindParts(options: {
  readonly guard: Guard;
  readonly kafka: KafkaService | null;
  readonly surface: FaultSurface;
  readonly storeFaults: string;
}): KindParts {
  const { guard, kafka, surface, storeFaults } = options;
  return {
    monotonicUs,
    sleep,
    kill: (pid, signal) => process.kill(pid, signal),
    files: machineGroupFiles,
    prefix: `faultline-${process.pid}`,
    guard,
    broker: kafka === null ? null : breakable(kafka),
    answers: portAnswers,
    started: () => {},
    links: null,
    processesAt: (end) => processesAt(end, surface.places()),
    controlFile: storeFaults,
  };
}

function breakable(kafka: KafkaService): BrokerHandle {
  return {
    get pid() {
      return kafka.pid;
    },
    brokers: kafka.brokers,
    kill: () => kafka.kill(),
    halt: () => kafka.stop(),
    restart: () => kafka.restart(),
  };
}
