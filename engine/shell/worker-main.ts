import { Worker } from "../cluster/worker.ts";
import { withStoreFaults } from "./faulty-store.ts";
import { startLiveness } from "./liveness.ts";
import { loadJobModule } from "./load-job.ts";
import { machineWorld } from "./machine-world.ts";
import { ProcessShell, runProcess } from "./process-shell.ts";
import { TcpNetwork } from "./tcp-network.ts";

/** Argument of a worker process. */
export interface WorkerSpec {
  readonly worker: string;
  readonly host?: string;
  /** Address that others are told; default: where it listens. */
  readonly advertise?: string;
  readonly coordinator: string;
  readonly storeDirectory: string;
  /** For this worker's copies of what it has saved; absent: it keeps none. */
  readonly localDirectory?: string;
  /** Control file of store faults (`faulty-store.ts`); absent: the store is not tampered with. */
  readonly storeFaults?: string;
  readonly livenessIntervalUs: number;
  readonly connectTimeoutUs: number;
  readonly seed: number;
}

const end = (code: number) => process.exit(code);

runProcess<WorkerSpec>(process.argv[2], end, async (spec) => {
  const shell = new ProcessShell(spec.worker, end);
  const network = await TcpNetwork.listen(spec.host, undefined, spec.advertise);
  const machine = machineWorld({ name: spec.worker, ...spec, network, shell });
  const world = withStoreFaults(machine, spec.worker, spec.storeFaults);
  const worker = new Worker(world, {
    worker: spec.worker,
    pid: process.pid,
    coordinatorAddress: spec.coordinator,
    loadJob: loadJobModule,
    livenessIntervalUs: null,
    connectTimeoutUs: spec.connectTimeoutUs,
  });
  worker.start();
  const liveness = startLiveness(
    {
      worker: spec.worker,
      coordinator: spec.coordinator,
      intervalUs: spec.livenessIntervalUs,
      progress: () => worker.progress,
    },
    (error) => shell.abort(error),
  );
  shell.beforeExit(() => liveness.stop());
  shell.onStopRequest(() => worker.stop());
  shell.ready({ address: network.listeningAt });
});
