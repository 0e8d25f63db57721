/** `node --import runtime-preload.ts …` probes the program that it is loaded before, as `FAULTLINE_RUNTIME` says (runtime-flags.ts). */
import { isMainThread } from "node:worker_threads";
import { startRuntimeProbe } from "./runtime-probe.ts";

const told = process.env.FAULTLINE_RUNTIME;
if (isMainThread && told !== undefined) {
  const { role, file } = JSON.parse(told) as { readonly role: string; readonly file: string };
  startRuntimeProbe(file, role);
}
