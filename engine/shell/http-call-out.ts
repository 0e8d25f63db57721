import { FaultlineError } from "../../base/errors.ts";
import type { CallOut } from "../ports.ts";

/** Requests by HTTP: POST to the endpoint, a URL; an answer other than 2xx is an error. */
export const httpCallOut: CallOut = {
  call(endpoint, request, done) {
    const abort = new AbortController();
    let open = true;
    const finish = (error: Error | null, response: Uint8Array | null) => {
      if (open) done(error, response);
      open = false;
    };
    post(endpoint, request, abort.signal).then(
      (response) => finish(null, response),
      (error: unknown) => finish(error instanceof Error ? error : new Error(String(error)), null),
    );
    return {
      cancel: () => {
        open = false;
        abort.abort();
      },
    };
  },
};

async function post(endpoint: string, request: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
  const response = await fetch(endpoint, { method: "POST", body: new Uint8Array(request), signal });
  const body = new Uint8Array(await response.arrayBuffer());
  if (response.ok) return body;
  throw new FaultlineError("job-failed", `${endpoint} answered ${response.status} ${response.statusText}`);
}
