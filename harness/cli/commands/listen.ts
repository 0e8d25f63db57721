import { createInterface } from "node:readline";
import { EXIT } from "../../../base/exit-codes.ts";
import { type Command, countOption } from "../command.ts";
import { stopSignal } from "../stop-signal.ts";

/** `bench listen`: what is typed goes to whoever connects; a netcat for the socket word count. */
export const listenCommand: Command = {
  usage: "listen",
  summary: "Send what is typed to the jobs that read from this port",
  examples: [["listen --port 9999", "then, in another terminal: submit wordcount --socket 127.0.0.1:9999"]],
  options: (parser) =>
    parser
      .option("port", { type: "number", default: 9999, describe: "Where to listen, on loopback; 0: any free one" })
      .epilogue("Ctrl-D hangs up: a job that reads from here finishes."),
  async run(args, io) {
    const { SocketFeeder } = await import("../../../generators/feed/socket-feeder.ts");
    const feeder = await SocketFeeder.listen(countOption(args, "port", 0) ?? 9999);
    const stop = stopSignal(io);
    io.stderr.write(`listening on 127.0.0.1:${feeder.port}\n`);
    feeder.onClients((clients) => io.stderr.write(`${clients} connected\n`));
    const lines = createInterface({ input: process.stdin });
    stop.signal.addEventListener("abort", () => lines.close(), { once: true });
    for await (const line of lines) {
      if (feeder.send(line) === 0) io.stderr.write("nobody is connected: the line is lost\n");
    }
    await feeder.close();
    stop.close();
    return stop.signal.aborted ? stop.exitCode : EXIT.ok;
  },
};
