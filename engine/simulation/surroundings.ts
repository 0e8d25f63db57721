import type { CallOut, Timer, World } from "../ports.ts";

/** What lies around a simulated cluster: files, and a service that jobs call. */
export interface Surroundings {
  /** Path → content. */
  readonly files?: ReadonlyMap<string, Uint8Array>;
  readonly service?: SimulatedService;
}

export interface SimulatedService {
  /** Time until the answer, µs, drawn uniformly with the run's seed, both ends included. */
  readonly latencyUs: readonly [min: number, max: number];
  /** The response; an error; null: no answer ever. */
  answer(endpoint: string, request: Uint8Array): Uint8Array | Error | null;
}

/** A process's world with these surroundings. */
export function surrounded(world: World, { files, service }: Surroundings): World {
  return {
    ...world,
    ...(files === undefined ? {} : { files: { read: (path, maxBytes) => readFile(files, path, maxBytes) } }),
    ...(service === undefined ? {} : { callOut: simulatedCallOut(world, service) }),
  };
}

function readFile(files: ReadonlyMap<string, Uint8Array>, path: string, maxBytes: number): Uint8Array {
  const bytes = files.get(path);
  if (bytes === undefined) throw new Error(`no file ${path}`);
  if (bytes.length > maxBytes) throw new Error(`${path} has ${bytes.length} bytes, more than ${maxBytes}`);
  return bytes;
}

const NEVER: Timer = { cancel: () => {} };

function simulatedCallOut({ timers, random }: World, service: SimulatedService): CallOut {
  const [min, max] = service.latencyUs;
  return {
    call(endpoint, request, done) {
      const latencyUs = min + random.below(max - min + 1);
      const answer = service.answer(endpoint, request);
      if (answer === null) return NEVER;
      return timers.after(latencyUs, () => {
        if (answer instanceof Error) done(answer, null);
        else done(null, answer);
      });
    },
  };
}
