import { FaultlineError } from "../../../base/errors.ts";
import { KafkaClient } from "../../../kafka/client.ts";
import type { KafkaService } from "./service.ts";

/** A cluster that is not ours, in the shape of a private one. Throws `kafka-unreachable` or `kafka-unsupported` when it cannot be used. */
export async function connectExternal(brokers: readonly string[], timeoutMs = 5_000): Promise<KafkaService> {
  const client = await KafkaClient.connect({ brokers, clientId: "faultline", timeoutMs });
  await client.close();
  const refuse = async (): Promise<void> => {
    throw new FaultlineError("config-invalid", "an external Kafka cluster is not Faultline's to stop or break", {
      hint: "Leave kafka.brokers away to get a private broker.",
    });
  };
  return {
    brokers,
    pid: null,
    version: null,
    stop: async () => {},
    kill: refuse,
    restart: refuse,
    describe: () => ({
      kind: "external",
      brokers,
      version: null,
      java: null,
      heap: null,
      hasClassArchive: false,
      settings: {},
    }),
    failed: new Promise(() => {}),
  };
}
