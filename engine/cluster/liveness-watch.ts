import type { World } from "../ports.ts";
import type { WorkerRegistry } from "./worker-registry.ts";

interface LivenessWatchSettings {
  readonly world: Pick<World, "clock" | "timers" | "journal">;
  readonly workers: WorkerRegistry;
  /** How often workers send, µs. */
  readonly intervalUs: number;
  /** A worker that has been silent for longer is lost; one whose main loop stands still for longer is reported. µs. */
  readonly timeoutUs: number;
  readonly onLost: (worker: string, why: string) => void;
}

/** Looks between two messages: a silence is noticed so much sooner after it has lasted too long. */
const LOOKS_PER_INTERVAL = 4;

/**
 * Looks at the workers' liveness messages at regular times. A silent worker is lost. One that sends messages while its main loop does not
 * turn is busy with a long step: that is no death, but it is written to the journal. A look that comes late itself, because this
 * process stood still, condemns nobody for messages that wait unread.
 */
export class LivenessWatch {
  readonly #settings: LivenessWatchSettings;
  #dueUs = 0;
  #stopped = false;

  constructor(settings: LivenessWatchSettings) {
    this.#settings = settings;
  }

  /** Begins to look. Once. */
  start(): void {
    const { world, intervalUs } = this.#settings;
    const waitUs = Math.ceil(intervalUs / LOOKS_PER_INTERVAL);
    this.#dueUs = world.clock.nowUs() + waitUs;
    world.timers.after(waitUs, () => {
      if (this.#stopped) return;
      this.#look();
      if (!this.#stopped) this.start();
    });
  }

  stop(): void {
    this.#stopped = true;
  }

  /** A liveness message has come. */
  onAlive(worker: string, progress: number): void {
    const { world, workers } = this.#settings;
    const stoodUs = workers.onAlive(worker, progress, world.clock.nowUs());
    if (stoodUs !== null) world.journal.write("workerGoesOn", { worker, stoodMs: Math.round(stoodUs / 1000) });
  }

  #look(): void {
    const { world, workers, intervalUs, timeoutUs, onLost } = this.#settings;
    const nowUs = world.clock.nowUs();
    const lateUs = nowUs - this.#dueUs;
    if (lateUs > intervalUs) {
      world.journal.write("coordinatorStalled", { lateMs: Math.round(lateUs / 1000) });
      workers.excuse(lateUs);
    }
    for (const { worker, lastAliveUs } of workers.silent(nowUs, timeoutUs)) {
      onLost(worker, `no sign of life for ${Math.round((nowUs - (lastAliveUs ?? nowUs)) / 1000)} ms`);
    }
    for (const { worker, progressSinceUs } of workers.newlyStalled(nowUs, timeoutUs)) {
      const forMs = Math.round((nowUs - progressSinceUs) / 1000);
      world.journal.write("workerStalled", { worker, forMs });
    }
  }
}
