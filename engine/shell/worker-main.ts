import { Worker } from "../cluster/worker.ts";
import { withStoreFaults } from "./faulty-store.ts";
import { startLiveness } from "./liveness.ts";
import { loadJobModule } from "./load-job.ts";
import { machineWorld } from "./machine-world.ts";
import { ProcessShell, runProcess } from "./process-shell.ts";
import { TcpNetwork } from "./tcp-network.ts";
import { ZooKeeperElection } from "./zookeeper-election.ts";

/** How leaders of replica groups are elected among the workers. */
export interface ElectionSpec {
  readonly kind: "zookeeper";
  /** `host:port` of each server. */
  readonly servers: readonly string[];
  /** A worker that the servers do not hear from for so long leads nothing any more, ms. */
  readonly sessionMs: number;
  /** Node below which all groups of the cluster have theirs, like `/faultline/cluster-1`. */
  readonly path: string;
}

/** Argument of a worker process. */
export interface WorkerSpec {
  readonly worker: string;
  readonly host?: string;
  /** Address that others are told; default: where it listens. */
  readonly advertise?: string;
  readonly coordinator: string;
  /** What fails together with this worker; absent: nothing else does. */
  readonly zone?: string;
  readonly storeDirectory: string;
  /** For this worker's copies of what it has saved; absent: it keeps none. */
  readonly localDirectory?: string;
  /** For what does not fit into memory; absent: everything has to. Several workers may have the same. */
  readonly scratchDirectory?: string;
  /** Control file of store faults (`faulty-store.ts`); absent: the store is not tampered with. */
  readonly storeFaults?: string;
  readonly livenessIntervalUs: number;
  readonly connectTimeoutUs: number;
  readonly seed: number;
  /** Absent: jobs whose replica groups have leaders (KaZoo) are refused here. */
  readonly election?: ElectionSpec;
}

const end = (code: number) => process.exit(code);

runProcess<WorkerSpec>(process.argv[2], end, async (spec) => {
  const shell = new ProcessShell(spec.worker, end);
  const network = await TcpNetwork.listen(spec.host, undefined, spec.advertise);
  const election = spec.election === undefined ? null : electionOf(spec.election);
  const elects = election === null ? {} : { election };
  const { seed, storeDirectory, localDirectory, scratchDirectory } = spec;
  const own = {
    ...(localDirectory === undefined ? {} : { localDirectory }),
    ...(scratchDirectory === undefined ? {} : { scratchDirectory }),
  };
  const machine = machineWorld({ name: spec.worker, seed, storeDirectory, ...own, network, shell, ...elects });
  const world = withStoreFaults(machine, spec.worker, spec.storeFaults);
  const worker = new Worker(world, {
    worker: spec.worker,
    pid: process.pid,
    coordinatorAddress: spec.coordinator,
    loadJob: loadJobModule,
    livenessIntervalUs: null,
    connectTimeoutUs: spec.connectTimeoutUs,
    zone: spec.zone,
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
  shell.beforeExit(() => election?.close());
  shell.onStopRequest(() => worker.stop());
  shell.ready({ address: network.listeningAt });
});

function electionOf({ servers, sessionMs, path }: ElectionSpec): ZooKeeperElection {
  return new ZooKeeperElection({ servers, sessionTimeoutMs: sessionMs, root: path });
}
