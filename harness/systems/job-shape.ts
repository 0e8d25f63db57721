/** What must be known of a job with replicas before it is deployed. */
export interface JobShape {
  readonly replicated: boolean;
  /** Replica groups whose order is agreed on in a log: partitions of its topic. */
  readonly orderPartitions: number;
  /** Vertex → instances, and replicas of each. {}: nothing is replicated. */
  readonly vertices: Readonly<Record<string, { readonly instances: number; readonly replicas: number }>>;
}

export const UNREPLICATED: JobShape = { replicated: false, orderPartitions: 0, vertices: {} };

/** `counts/1`; with replicas `counts/1.0`: operator, instance, replica. The engine numbers subtask = instance · replicas + replica. */
export function taskName(shape: JobShape["vertices"], vertex: string, subtask: number): string {
  const replicas = shape[vertex]?.replicas ?? 1;
  if (replicas === 1) return `${vertex}/${subtask}`;
  return `${vertex}/${Math.floor(subtask / replicas)}.${subtask % replicas}`;
}
