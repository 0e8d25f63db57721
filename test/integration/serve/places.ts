import { get, type IncomingMessage } from "node:http";
import { Bench, type Workplace } from "../sweep/bench.ts";

/** A `bench serve` that listens, and where. */
export async function startServe(place: Workplace, args: readonly string[]) {
  const serve = new Bench(place, ["serve", ...args, "--port", "0"]);
  await serve.until("the address", () => addressIn(serve.err) !== null);
  return { serve, address: addressIn(serve.err)! };
}

function addressIn(text: string): string | null {
  return /serving at (http:\S+)/.exec(text)?.[1] ?? null;
}

/** An open stream of Server-Sent Events. */
export class EventStream {
  text = "";
  isEnded = false;
  readonly status: number;
  readonly #response: IncomingMessage;

  private constructor(response: IncomingMessage) {
    this.#response = response;
    this.status = response.statusCode ?? 0;
    response.on("data", (chunk: Buffer) => {
      this.text += chunk.toString();
    });
    const end = () => {
      this.isEnded = true;
    };
    response.on("close", end);
    response.on("error", end); // cut off by the server's end
  }

  static open(url: string): Promise<EventStream> {
    return new Promise((resolve, reject) => {
      get(url, (response) => resolve(new EventStream(response))).on("error", reject);
    });
  }

  /** The markup of every message so far. */
  get messages(): readonly string[] {
    return [...this.text.matchAll(/^event: live\ndata: (.*)$/gm)].map(([, data]) => {
      return (JSON.parse(data!) as { readonly html: string }).html;
    });
  }

  close(): void {
    this.#response.destroy();
  }
}
