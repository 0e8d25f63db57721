import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { FrameBuffer } from "../../kafka/frame-buffer.ts";
import { API } from "../../kafka/requests/api.ts";
import type { AbortedTransaction } from "../../kafka/requests/fetch.ts";
import { Reader } from "../../kafka/wire/reader.ts";
import { Writer } from "../../kafka/wire/writer.ts";

/** What the script says to a request: a body to answer, raw bytes to send instead of a frame, or to close the connection, or nothing. */
export type Reaction = Writer | { readonly raw: Buffer; readonly thenClose: boolean } | "close" | "silence";

export interface FakeBroker {
  readonly address: string;
  readonly port: number;
  /** API keys of the requests in order of arrival. */
  readonly requests: number[];
  /** Connections that are open now. */
  readonly connections: number;
  close(): Promise<void>;
}

export type Script = (apiKey: number, body: Reader, correlationId: number) => Reaction | undefined;

/**
 * A broker over TCP that does what `script` says; where that says nothing, it answers ApiVersions, Metadata (topic `t`, two
 * partitions led by itself), InitProducerId and what transactions need like a real one.
 */
export async function startFakeBroker(script: Script): Promise<FakeBroker> {
  const sockets = new Set<Socket>();
  const requests: number[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    const frames = new FrameBuffer(1 << 24);
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      for (let at = 0; at < chunk.length; ) {
        const space = frames.space();
        const length = Math.min(space.length, chunk.length - at);
        space.set(chunk.subarray(at, at + length));
        at += length;
        frames.received(length, (buffer, start, end) => {
          const request = new Reader(Buffer.from(buffer.subarray(start, end)), 0, end - start);
          const apiKey = request.int16();
          request.int16();
          const correlationId = request.int32();
          request.nullableString();
          requests.push(apiKey);
          react(socket, correlationId, script(apiKey, request, correlationId) ?? standardAnswer(apiKey, portOf()));
        });
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const portOf = () => (server.address() as AddressInfo).port;
  return {
    address: `127.0.0.1:${portOf()}`,
    port: portOf(),
    requests,
    get connections() {
      return sockets.size;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function react(socket: Socket, correlationId: number, reaction: Reaction): void {
  if (reaction === "silence") return;
  if (reaction === "close") socket.destroy();
  else if (reaction instanceof Writer) socket.write(frameOf(correlationId, reaction));
  else {
    socket.write(reaction.raw);
    if (reaction.thenClose) socket.end();
  }
}

/** A whole answer frame. */
export function frameOf(correlationId: number, body: Writer): Buffer {
  const head = new Writer().int32(4 + body.length).int32(correlationId);
  return Buffer.concat([head.bytes(), body.bytes()]);
}

function standardAnswer(apiKey: number, port: number): Reaction {
  switch (apiKey) {
    case API.apiVersions.key:
      return versionsAnswer(Object.values(API).map(({ key, version }) => [key, 0, version + 2]));
    case API.metadata.key:
      return metadataAnswer(port, 2);
    case API.initProducerId.key:
      return new Writer().int32(0).int16(0).int64(77).int16(0);
    case API.findCoordinator.key:
      return new Writer().int32(0).int16(0).string(null).int32(1).string("127.0.0.1").int32(port);
    case API.addPartitionsToTxn.key:
      return new Writer().int32(0).int32(0);
    case API.endTxn.key:
      return new Writer().int32(0).int16(0);
    default:
      return "silence";
  }
}

export function versionsAnswer(ranges: readonly (readonly [number, number, number])[]): Writer {
  return new Writer()
    .int16(0)
    .array(ranges, (target, [key, min, max]) => target.int16(key).int16(min).int16(max))
    .int32(0);
}

/** Metadata of topic `t`: `partitions` partitions led by node 1. */
function metadataAnswer(port: number, partitions: number): Writer {
  return clusterAnswer(
    [port],
    Array.from({ length: partitions }, () => 1),
  );
}

/** Metadata of topic `t` in a cluster: nodes 1, 2 … at these ports, and the leader of each partition. */
export function clusterAnswer(ports: readonly number[], leaders: readonly number[]): Writer {
  const writer = new Writer().int32(0).array([...ports.entries()], (target, [i, port]) => {
    target
      .int32(i + 1)
      .string("127.0.0.1")
      .int32(port)
      .string(null);
  });
  writer.string("cluster").int32(1).int32(1).int16(0).string("t").boolean(false);
  writer.array([...leaders.entries()], (target, [partition, leader]) => {
    target.int16(0).int32(partition).int32(leader).int32(0).int32(0).int32(0).int32(0);
  });
  return writer.int32(0).int32(0);
}

export interface ProducedBatch {
  readonly partition: number;
  readonly baseSequence: number;
  readonly count: number;
  readonly bytes: Buffer;
}

/** The batches in the body of a Produce request. */
export function readProduce(body: Reader): ProducedBatch[] {
  body.nullableString();
  body.int16();
  body.int32();
  const topics = body.array((topic) => {
    topic.string();
    return topic.array((item) => {
      const partition = item.int32();
      const length = item.int32();
      const start = item.skip(length);
      const bytes = item.buffer.subarray(start, start + length);
      return { partition, baseSequence: bytes.readInt32BE(53), count: bytes.readInt32BE(57), bytes };
    });
  });
  return topics.flat();
}

export function produceAnswer(
  results: readonly (readonly [partition: number, error: number, offset: number])[],
): Writer {
  const writer = new Writer().int32(1).string("t");
  writer.array(results, (target, [partition, error, offset]) => {
    target.int32(partition).int16(error).int64(offset).int64(-1).int64(0);
  });
  return writer.int32(0);
}

/** A Fetch answer for one partition with these record bytes. */
export function fetchAnswer(
  partition: number,
  error: number,
  records: Uint8Array,
  aborted: readonly AbortedTransaction[] = [],
  lastStableOffset = 100,
): Writer {
  const writer = new Writer().int32(0).int16(0).int32(0).int32(1).string("t").int32(1);
  writer.int32(partition).int16(error).int64(100).int64(lastStableOffset).int64(0);
  writer.array(aborted, (target, { producerId, firstOffset }) => target.int64(producerId).int64(firstOffset));
  writer.int32(-1).int32(records.length);
  for (const byte of records) writer.int8((byte << 24) >> 24);
  return writer;
}
