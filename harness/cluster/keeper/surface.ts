import type {
  CheckpointPhaseMessage,
  JobStateMessage,
  ReplicaLossMessage,
} from "../../../engine/shell/cluster-client.ts";
import { lookAt } from "../../faults/process-look.ts";
import type { Cluster } from "../../systems/bundled/cluster.ts";
import type { CheckpointEvent, FaultPlace, FaultSurface, SystemState } from "../../systems/system.ts";

/** The processes of a cluster that is played with by hand, as places that can be struck. Nobody is replaced: the player does that. */
export class HandSurface implements FaultSurface {
  readonly #cluster: Cluster;
  readonly #stateListeners = new Set<(state: SystemState) => void>();
  readonly #checkpointListeners = new Set<(event: CheckpointEvent) => void>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Processes that live; `worker-2` is `worker/2`. */
  places(): readonly FaultPlace[] {
    return this.#cluster.processes
      .filter(({ pid }) => lookAt(pid) !== null)
      .map(({ role, pid }) => {
        const zone = this.#cluster.zones.get(role);
        const process = { role, pid, name: role, ...(zone === undefined ? {} : { zone }) };
        return { name: role.replace("worker-", "worker/"), process };
      });
  }

  /** What ends is recorded, whoever ended it; nothing counts as a failure here. */
  expectEnd(): void {}

  onState(listener: (state: SystemState) => void): void {
    this.#stateListeners.add(listener);
  }

  onCheckpoint(listener: (event: CheckpointEvent) => void): void {
    this.#checkpointListeners.add(listener);
  }

  onProcess(): void {}

  /** Forgets the listeners of a fault that is over. */
  forget(): void {
    this.#stateListeners.clear();
    this.#checkpointListeners.clear();
  }

  tell({ state, attempt, atUs, failure, restored }: JobStateMessage): void {
    const troubled = state === "restarting" || state === "failing" || state === "failed";
    const told = { state: `job ${state}`, attempt, atUs, troubled, running: state === "running" };
    const cause = failure?.message ?? null;
    for (const listener of this.#stateListeners) {
      listener({ ...told, cause, ...(restored === undefined ? {} : { restored }) });
    }
  }

  /** The job goes on with the siblings: it is struck and runs at once. */
  tellReplicaLoss({ attempt, atUs, failure }: ReplicaLossMessage, name: string): void {
    const told = { state: `replica ${name} lost, its siblings go on`, attempt, atUs, troubled: true, running: true };
    for (const listener of this.#stateListeners) listener({ ...told, cause: failure.message });
  }

  tellCheckpoint({ checkpointId, phase, atUs }: CheckpointPhaseMessage): void {
    for (const listener of this.#checkpointListeners) listener({ checkpointId, phase, atUs });
  }
}
