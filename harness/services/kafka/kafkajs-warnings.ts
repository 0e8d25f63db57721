let isSilenced = false;

/**
 * kafkajs 2.2 asks for timers in the past, which Node 24 answers with a warning on stderr that users can do nothing about.
 * Leaves out that one warning when kafkajs is its cause; all others pass.
 */
export function silenceNegativeTimeouts(): void {
  if (isSilenced) return;
  isSilenced = true;
  const emit = process.emitWarning;
  const filtered = (...args: unknown[]): void => {
    const isNegativeTimeout = args.includes("TimeoutNegativeWarning");
    if (isNegativeTimeout && new Error().stack?.includes("kafkajs")) return;
    Reflect.apply(emit, process, args);
  };
  process.emitWarning = filtered as typeof process.emitWarning;
}
