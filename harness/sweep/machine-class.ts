import type { Provenance } from "./provenance.ts";

const GIB = 2 ** 30;

/**
 * What numbers of one history must have in common: `2 x AMD EPYC 7763, 8 GiB`. Kernels come and go on the same machine; another processor
 * is another machine.
 */
export function machineClass({ cpuModel, cores, memoryBytes }: Provenance): string {
  return `${cores} x ${cpuModel}, ${Math.round(memoryBytes / GIB)} GiB`;
}
