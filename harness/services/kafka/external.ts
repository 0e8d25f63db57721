import { FaultlineError } from "../../../base/errors.ts";
import { EXIT } from "../../../base/exit-codes.ts";
import { KafkaClient } from "../../../kafka/client.ts";
import type { KafkaService } from "./service.ts";

/** A cluster that is not ours, in the shape of a private one. Throws `kafka-unreachable` or `kafka-unsupported` when it cannot be used. */
export async function connectExternal(brokers: readonly string[], timeoutMs = 5_000): Promise<KafkaService> {
  await greet(brokers, timeoutMs);
  const refuse = async (): Promise<void> => {
    throw new FaultlineError("config-invalid", "an external Kafka cluster is not Faultline's to stop or break", {
      hint: "Leave kafka.brokers away to get a private broker.",
    });
  };
  return {
    brokers,
    linkListener: null,
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

/** One handshake. What answers in another language than Kafka's is something else on that port, not a broken run. */
async function greet(brokers: readonly string[], timeoutMs: number): Promise<void> {
  try {
    const client = await KafkaClient.connect({ brokers, clientId: "faultline", timeoutMs });
    await client.close();
  } catch (cause) {
    if (!(cause instanceof FaultlineError) || cause.exitCode === EXIT.environment) throw cause;
    const message = `${brokers.join(", ")} (kafka.brokers) is no Kafka that can be used: ${cause.message}`;
    throw new FaultlineError("kafka-unreachable", message, {
      hint: cause.hint ?? "Check the addresses in kafka.brokers.",
      cause,
    });
  }
}
