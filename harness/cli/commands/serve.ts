import { resolve } from "node:path";
import { monotonicUs } from "../../../base/clock.ts";
import { FaultlineError } from "../../../base/errors.ts";
import type { ExitCode } from "../../../base/exit-codes.ts";
import { type Arguments, type Command, countOption, textOption } from "../command.ts";
import type { Io } from "../io.ts";
import { stopSignal } from "../stop-signal.ts";

const DEFAULT_PORT = 7878;
const MOST_PORT = 65_535;
/** The token is not seen in the list of processes there. */
const TOKEN_VARIABLE = "FAULTLINE_SERVE_TOKEN";

/** `bench serve`: campaigns in a browser, a running one live. */
export const serveCommand: Command = {
  usage: "serve [dir]",
  summary: "Show campaigns in a browser: list, reports, a running sweep live, comparisons",
  examples: [
    ["serve", "what is in reports/, for this machine only, at http://127.0.0.1:7878/"],
    ["serve /data/results --port 0", "another folder, any free port"],
    ["serve --host 0.0.0.0", "for colleagues: prints an address with a token to pass on"],
  ],
  options: (parser) =>
    parser
      .positional("dir", { type: "string", describe: "Folder that holds results folders (default reports)" })
      .option("port", { type: "number", requiresArg: true, default: DEFAULT_PORT, describe: "0 takes any free one" })
      .option("host", {
        type: "string",
        requiresArg: true,
        default: "127.0.0.1",
        describe: "Address to listen at; any but this machine's own asks readers for a token",
      })
      .option("token", {
        type: "string",
        requiresArg: true,
        describe: `What readers must know (or ${TOKEN_VARIABLE}); made and printed when another host needs one`,
      })
      .epilogue(
        "Nothing outside the folder is reachable, nothing is changed. A sweep that runs is shown while it runs, and is not disturbed: " +
          "it leaves its progress in its folder once a second. Ctrl-C ends the server. More: docs/serve.md",
      ),
  run: serve,
};

async function serve(args: Arguments, io: Io): Promise<ExitCode> {
  const { resultsServer } = await import("../../serve/server.ts");
  const host = textOption(args, "host")!;
  const server = await resultsServer({
    directory: resolve(io.cwd, textOption(args, "dir") ?? "reports"),
    host,
    port: portOption(args),
    token: textOption(args, "token") ?? io.env[TOKEN_VARIABLE],
    monotonicUs,
    every: (ms, work) => {
      const timer = setInterval(work, ms);
      return () => clearInterval(timer);
    },
    notice: (text) => io.stderr.write(`${text}\n`),
  });
  const stop = stopSignal(io);
  try {
    const address = await server.listen();
    io.stderr.write(greeting(address, server.token));
    await aborted(stop.signal);
    return stop.exitCode;
  } finally {
    await server.close();
    stop.close();
  }
}

function portOption(args: Arguments): number {
  const port = countOption(args, "port", 0)!;
  if (port <= MOST_PORT) return port;
  throw new FaultlineError("usage", `--port must be at most ${MOST_PORT}`);
}

function greeting(address: string, token: string | null): string {
  if (token === null) return `serving at ${address} (Ctrl-C ends it)\n`;
  return (
    `serving at ${address}?token=${encodeURIComponent(token)}\n` +
    "Whoever has this address may read all results here; it is not shown again. The connection is not encrypted. Ctrl-C ends it.\n"
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener("abort", () => done(), { once: true });
  });
}
