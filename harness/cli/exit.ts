/** Ends the process at once, without flushing: the last resort of a second Ctrl-C. The guard process then ends the children. */
export function exitNow(code: number): never {
  process.exit(code);
}
