/**
 * The TCP link proxy as a process of its own: `node proxy-main.ts SPEC.json` (control.ts). Takes orders on stdin and prints JSON
 * lines: `ready`, what rules do, `error`. Ends when its stdin closes (the harness is gone) and on SIGTERM.
 */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { monotonicUs } from "../../../base/clock.ts";
import { asFaultlineError } from "../../../base/errors.ts";
import { EXIT } from "../../../base/exit-codes.ts";
import { type LinkProxySpec, readOrder } from "./control.ts";
import { LinkRelay } from "./relay.ts";
import { SocketOwners } from "./socket-owner.ts";

function print(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function fail(thrown: unknown): never {
  const error = asFaultlineError(thrown, "service-start-failed");
  print({ error: { code: error.code, message: error.message, hint: error.hint ?? null } });
  process.exit(error.exitCode);
}

process.on("SIGTERM", () => process.exit(EXIT.ok));
// The terminal sends SIGINT to the whole group; the harness decides what happens then.
process.on("SIGINT", () => {});
process.stdout.on("error", () => process.exit(EXIT.terminated));
process.on("uncaughtException", fail);

async function run(specFile: string): Promise<void> {
  const spec = JSON.parse(readFileSync(specFile, "utf8")) as LinkProxySpec;
  const relay = await LinkRelay.start(spec, {
    nowUs: monotonicUs,
    owners: new SocketOwners(),
    tell: (told) => print({ ...told }),
  });
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => {
    const obey = async () => relay.obey(readOrder(line));
    obey().catch(fail);
  });
  lines.on("close", () => process.exit(EXIT.terminated));
  for (const spare of relay.spares) print({ spare });
  print({ ready: true });
}

run(process.argv[2] ?? "").catch(fail);
