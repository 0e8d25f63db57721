import { Worker } from "../cluster/worker.ts";
import { startLiveness } from "./liveness.ts";
import { loadJobModule } from "./load-job.ts";
import { machineWorld } from "./machine-world.ts";
import { ProcessShell, runProcess } from "./process-shell.ts";
import { TcpNetwork } from "./tcp-network.ts";

/** Argument of a worker process. */
export interface WorkerSpec {
  readonly worker: string;
  readonly host?: string;
  readonly coordinator: string;
  readonly storeDirectory: string;
  readonly livenessIntervalUs: number;
  readonly connectTimeoutUs: number;
  readonly seed: number;
}

const end = (code: number) => process.exit(code);

runProcess<WorkerSpec>(process.argv[2], end, async (spec) => {
  const shell = new ProcessShell(spec.worker, end);
  const network = await TcpNetwork.listen(spec.host);
  const world = machineWorld({ name: spec.worker, ...spec, network, shell });
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
  shell.ready({ address: network.address });
});
