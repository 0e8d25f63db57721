import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { httpCallOut } from "../../../engine/shell/http-call-out.ts";
import { machineFiles } from "../../../engine/shell/machine-files.ts";

describe("requests by HTTP", () => {
  let server: Server;
  let url = "";

  before(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        if (request.url === "/silent") return;
        response.statusCode = request.url === "/wrong" ? 503 : 200;
        response.end(`${request.method} ${Buffer.concat(chunks)}`);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const call = (path: string) =>
    new Promise<string>((resolve, reject) => {
      httpCallOut.call(`${url}${path}`, new TextEncoder().encode("question"), (error, response) => {
        if (error !== null) reject(error);
        else resolve(new TextDecoder().decode(response!));
      });
    });

  it("posts the request and gives the response", async () => {
    assert.equal(await call("/"), "POST question");
  });

  it("an answer other than 2xx, and no connection, are errors", async () => {
    await assert.rejects(call("/wrong"), /answered 503/);
    await assert.rejects(
      new Promise((_, reject) => httpCallOut.call("http://127.0.0.1:1/", new Uint8Array(1), (error) => reject(error))),
    );
  });

  it("nothing is heard of a request that was cancelled", async () => {
    let heard = false;
    httpCallOut
      .call(`${url}/silent`, new Uint8Array(1), () => {
        heard = true;
      })
      .cancel();
    assert.equal(await call("/"), "POST question");
    assert.equal(heard, false);
  });
});

describe("files of the machine", () => {
  it("are read whole, up to a size; what is missing or too large is refused by its path", () => {
    const directory = mkdtempSync(join(tmpdir(), "files-"));
    const path = join(directory, "table.csv");
    try {
      writeFileSync(path, "a,b\n");
      assert.equal(new TextDecoder().decode(machineFiles.read(path, 4)), "a,b\n");
      assert.throws(() => machineFiles.read(path, 3), {
        code: "job-invalid",
        message: /table.csv has 4 bytes, more than 3/,
      });
      assert.throws(() => machineFiles.read(join(directory, "none"), 3), {
        code: "job-invalid",
        message: /cannot be read/,
      });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
