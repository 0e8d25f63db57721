import { exitNow } from "./exit.ts";
import type { Io, Sink } from "./io.ts";

/** The real process behind `Io`. A closed reader (`bench generate … | head`) shows as a rejected `drained`, never as a crash. */
export function processIo(): Io {
  return {
    stdout: sinkOf(process.stdout),
    stderr: sinkOf(process.stderr),
    cwd: process.cwd(),
    env: process.env,
    exitNow,
    onSignal: (handler) => {
      const interrupt = () => handler("SIGINT");
      const terminate = () => handler("SIGTERM");
      process.on("SIGINT", interrupt);
      process.on("SIGTERM", terminate);
      process.on("SIGHUP", terminate);
      return () => {
        process.off("SIGINT", interrupt);
        process.off("SIGTERM", terminate);
        process.off("SIGHUP", terminate);
      };
    },
  };
}

function sinkOf(stream: NodeJS.WriteStream): Sink {
  let broken: Error | null = null;
  const waiting = new Set<(error: Error | null) => void>();
  const settle = (error: Error | null) => {
    for (const wake of waiting) wake(error);
    waiting.clear();
  };
  stream.on("error", (error) => {
    broken = error;
    settle(error);
  });
  stream.on("drain", () => settle(null));
  return {
    write: (chunk) => broken === null && stream.write(chunk),
    drained: () =>
      new Promise((resolve, reject) => {
        const wake = (error: Error | null) => (error === null ? resolve() : reject(error));
        if (broken !== null) wake(broken);
        else if (!stream.writableNeedDrain) resolve();
        else waiting.add(wake);
      }),
    get isTTY() {
      return stream.isTTY === true;
    },
    get columns() {
      // A terminal that nobody has given a size says 0.
      return stream.columns || 100;
    },
  };
}
