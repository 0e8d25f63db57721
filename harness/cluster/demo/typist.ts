import { wallClockMs } from "../../../base/clock.ts";
import { FaultlineError } from "../../../base/errors.ts";
import { SocketFeeder } from "../../../generators/feed/socket-feeder.ts";
import { KafkaClient } from "../../../kafka/client.ts";
import type { Producer } from "../../../kafka/types.ts";
import { KafkaAdmin } from "../../services/kafka/admin.ts";

/** Types lines where a job reads them. */
export interface Typist {
  /** What the job is to be told: `host:port`, or the topic. */
  readonly place: string;
  /** Resolves when the lines have gone out; with how many there were to get them. */
  type(lines: readonly string[]): Promise<number>;
  hangUp(): void;
  close(): Promise<void>;
}

/** At a socket: who is not connected gets nothing. */
export async function socketTypist(): Promise<Typist> {
  const feeder = await SocketFeeder.listen();
  return {
    place: `127.0.0.1:${feeder.port}`,
    type: async (lines) => Math.min(...lines.map((line) => feeder.send(line))),
    hangUp: () => feeder.hangUp(),
    close: () => feeder.close(),
  };
}

/** Into a topic of one partition, where lines wait to be read; their time is the present. */
export async function topicTypist(brokers: readonly string[], topic: string): Promise<Typist> {
  const admin = await KafkaAdmin.connect(brokers);
  await admin.createTopics([{ topic, partitions: 1 }]).finally(() => admin.close());
  const client = await KafkaClient.connect({ brokers, clientId: "faultline-typist" });
  let failed: FaultlineError | null = null;
  const onError = (error: FaultlineError) => {
    failed = error;
  };
  const producer: Producer = await client.producer({ topic, partitions: [0], acks: -1, onAck: () => {}, onError });
  return {
    place: topic,
    type: async (lines) => {
      if (failed !== null) throw failed;
      for (const line of lines) {
        const bytes = new TextEncoder().encode(line);
        producer.append(0, wallClockMs(), bytes, 0, bytes.length);
      }
      await producer.flush();
      return 1;
    },
    hangUp: () => {
      throw new FaultlineError("usage", "a topic cannot be hung up: drain the job");
    },
    close: async () => {
      await producer.close();
      await client.close();
    },
  };
}
