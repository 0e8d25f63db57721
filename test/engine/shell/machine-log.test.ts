import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { LogReaderHandler, LogRecords } from "../../../engine/ports.ts";
import { machineLog } from "../../../engine/shell/machine-log.ts";

const root = mkdtempSync(join(tmpdir(), "faultline-lines-"));
after(() => rmSync(root, { recursive: true }));
const log = machineLog("worker-1");
const address = (kind: string, topic: string) => ({ kind, brokers: [], topic });

const textsOf = (records: LogRecords) => {
  const texts: string[] = [];
  for (const cursor = records.walk(); cursor.next(); ) {
    texts.push(Buffer.from(records.bytes.subarray(cursor.valueStart, cursor.valueEnd)).toString());
  }
  return texts;
};

/** Resolves when so many records have come, or with the error. */
function read(kind: string, topic: string, from: number, count: number): Promise<string[] | Error> {
  return new Promise((resolve) => {
    const texts: string[] = [];
    const handler: LogReaderHandler = {
      onRecords: (records) => {
        assert.equal(records.baseOffset, from + texts.length);
        texts.push(...textsOf(records));
        if (texts.length < count) return;
        reader.close();
        resolve(texts);
      },
      onSkipped: () => {},
      onError: resolve,
    };
    const reader = log.openReader(address(kind, topic), [{ partition: 0, offset: from }], handler);
  });
}

describe("logs of a real process", () => {
  it("lines go to a file of the process, and are acknowledged when they are there; a second writer goes on", async () => {
    const folder = join(root, "job-1");
    for (const text of ["a : 1", "b : 2"]) {
      await new Promise<void>((resolve, reject) => {
        const writer = log.openWriter(address("lines", folder), [3], {
          onAcknowledged: (partition, count) => {
            assert.deepEqual([partition, count], [3, 2]);
            assert.match(readFileSync(join(folder, "worker-1.txt"), "utf8"), new RegExp(`7\t${text}\n$`));
            writer.close();
            resolve();
          },
          onDrain: () => {},
          onError: reject,
        });
        const bytes = Buffer.from(`<${text}>`);
        for (let i = 0; i < 2; i++) writer.append(3, 7, bytes, 1, bytes.length - 1);
        writer.kick();
      });
    }
    assert.equal(readFileSync(join(folder, "worker-1.txt"), "utf8"), "7\ta : 1\n7\ta : 1\n7\tb : 2\n7\tb : 2\n");
  });

  it("files take no transactions", () => {
    const handler = { onAcknowledged: () => {}, onDrain: () => {}, onError: () => {} };
    const open = () => log.openTransactionalWriter(address("lines", root), [0], { id: "t", timeoutMs: 1 }, handler);
    assert.throws(open, { code: "job-invalid" });
  });

  it("a socket that nobody listens on is an error that names it; one that somebody does gives its lines", async () => {
    const refused = await read("socket", "127.0.0.1:1", 0, 1);
    assert.match(String(refused), /cannot read from 127\.0\.0\.1:1: ECONNREFUSED/);
    const server = createServer((socket) => socket.end("one\ntwo\n")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const bound = server.address();
    assert.ok(bound !== null && typeof bound === "object");
    assert.deepEqual(await read("socket", `127.0.0.1:${bound.port}`, 0, 2), ["one", "two"]);
    server.close();
  });

  it("a computed log is read from any offset; a module that is none is told", async () => {
    const module = new URL("../../../harness/cluster/jobs/generated-input.ts", import.meta.url).href;
    const parameters = { generator: "words", partitions: 1, lines: 700, options: { wordsPerLine: 1 } };
    const topic = JSON.stringify({ module, parameters });
    const all = await read("supplied", topic, 0, 700);
    assert.ok(Array.isArray(all) && all.length === 700);
    assert.deepEqual(await read("supplied", topic, 650, 50), all.slice(650));
    const none = await read("supplied", JSON.stringify({ module: `${module}.none`, parameters: {} }), 0, 1);
    assert.ok(none instanceof Error);
  });
});
