import { Coordinator } from "../cluster/coordinator.ts";
import { withStoreFaults } from "./faulty-store.ts";
import { loadJobModule } from "./load-job.ts";
import { localElection } from "./local-election.ts";
import { machineWorld } from "./machine-world.ts";
import { ProcessShell, runProcess } from "./process-shell.ts";
import { TcpNetwork } from "./tcp-network.ts";

/** Argument of the coordinator process. */
export interface CoordinatorSpec {
  readonly name: string;
  readonly host?: string;
  /** Default: any free port. */
  readonly port?: number;
  readonly storeDirectory: string;
  /** Control file of store faults (`faulty-store.ts`); absent: the store is not tampered with. */
  readonly storeFaults?: string;
  readonly livenessIntervalUs: number;
  readonly livenessTimeoutUs: number;
  readonly shutdownTimeoutUs: number;
  readonly seed: number;
}

const end = (code: number) => process.exit(code);

runProcess<CoordinatorSpec>(process.argv[2], end, async (spec) => {
  const shell = new ProcessShell(spec.name, end);
  const network = await TcpNetwork.listen(spec.host, spec.port);
  const world = withStoreFaults(
    machineWorld({ ...spec, network, shell, election: localElection }),
    spec.name,
    spec.storeFaults,
  );
  const coordinator = new Coordinator(world, {
    name: spec.name,
    group: "coordinator",
    loadJob: loadJobModule,
    livenessIntervalUs: spec.livenessIntervalUs,
    livenessTimeoutUs: spec.livenessTimeoutUs,
    shutdownTimeoutUs: spec.shutdownTimeoutUs,
  });
  coordinator.start();
  shell.onStopRequest(() => shell.exit());
  shell.ready({ address: network.address });
});
