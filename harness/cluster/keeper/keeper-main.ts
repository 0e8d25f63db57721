import { asFaultlineError } from "../../../base/errors.ts";
import { Keeper } from "./keeper.ts";
import type { KeeperLine, KeeperSpec } from "./protocol.ts";

/**
 * Entry point of the keeper: the process in the background that a cluster belongs to. Its argument is a `KeeperSpec`; what it says until
 * it is ready goes, as JSON lines, to the command that started it, which then goes away.
 */
const say = (line: KeeperLine) => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};
process.stdout.on("error", () => {}); // the command is gone; the cluster stays

const keeper = new Keeper(JSON.parse(process.argv[2] ?? "{}") as KeeperSpec);

async function end(): Promise<void> {
  try {
    await keeper.stop();
  } catch (error) {
    process.stderr.write(`keeper: ${asFaultlineError(error).message}\n`);
  }
  process.exit(0);
}

for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(name, () => void end());
keeper.onDown = () => void end();
try {
  await keeper.start((progress) => say({ progress }));
  say({ ready: true });
} catch (error) {
  const { code, message, hint, exitCode } = asFaultlineError(error);
  say({ error: { code, message, ...(hint === undefined ? {} : { hint }) } });
  process.exit(exitCode);
}
