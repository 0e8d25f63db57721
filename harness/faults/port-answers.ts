import { connect } from "node:net";

/** Whoever has not accepted a connection on this machine by then does not answer. */
const LIMIT_MS = 50;

/** Whether anything accepts connections on `host:port`. */
export function portAnswers(address: string): Promise<boolean> {
  const [host = "", port = "0"] = address.split(":");
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), timeout: LIMIT_MS });
    const end = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false)); // refused: that is the answer
  });
}
