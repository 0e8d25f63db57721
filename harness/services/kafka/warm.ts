import { monotonicUs } from "../../../base/clock.ts";
import { FaultlineError } from "../../../base/errors.ts";
import { KafkaAdmin } from "./admin.ts";
import { compilerTimeMs } from "./compiler-time.ts";
import type { KafkaService } from "./service.ts";
import { isWarm, median, type WarmRound } from "./warm-rule.ts";
import { WARM_PARTITIONS, WarmTraffic } from "./warm-traffic.ts";

const DEFAULT_MAX_MS = 12_000;
const FLOOD_MS = 3_500;
const ROUND_MS = 500;

export interface WarmOptions {
  /** Bound on the traffic. Default 12,000. */
  readonly maxMs?: number;
  /** Aborted: the traffic ends within a millisecond and `warmBroker` throws `interrupted`. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (message: string) => void;
}

export interface WarmResult {
  readonly durationMs: number;
  /** The paced rounds, in order. */
  readonly rounds: readonly WarmRound[];
  /** The broker had become warm before the bound. */
  readonly isWarm: boolean;
}

/**
 * Warms a fresh broker, whose compiler takes most of a core for the first seconds of traffic, with the traffic of a run
 * (`WarmTraffic`): first as many small requests as it takes, then paced rounds until its compiler is quiet, or the bound.
 * On topics of its own. Throws `service-start-failed` when the broker ends, `interrupted`, and what its clients meet.
 */
export async function warmBroker(
  service: Pick<KafkaService, "brokers" | "pid" | "failed">,
  options: WarmOptions = {},
): Promise<WarmResult> {
  const ended = service.failed.then(({ code, signal }): never => {
    const how = signal === null ? `exit code ${code}` : signal;
    throw new FaultlineError("service-start-failed", `the Kafka broker ended while it was warmed (${how})`, {
      hint: "Its log says why.",
    });
  });
  return Promise.race([warm(service, options), ended]);
}

async function warm(
  { brokers, pid }: Pick<KafkaService, "brokers" | "pid">,
  { maxMs = DEFAULT_MAX_MS, onProgress, signal }: WarmOptions,
): Promise<WarmResult> {
  const admin = await KafkaAdmin.connect(brokers);
  try {
    const startUs = monotonicUs();
    const endUs = startUs + maxMs * 1000;
    const name = `faultline-warm-up-${startUs.toString(36)}`;
    const [input, output] = [`${name}.in`, `${name}.out`];
    await admin.createTopics([
      { topic: input, partitions: WARM_PARTITIONS },
      { topic: output, partitions: WARM_PARTITIONS, config: { "message.timestamp.type": "LogAppendTime" } },
    ]);
    onProgress?.("warming Kafka");
    const traffic = await WarmTraffic.start({ brokers, input, output, signal });
    const rounds: WarmRound[] = [];
    try {
      await traffic.flood(FLOOD_MS, endUs);
      while (monotonicUs() < endUs && !isWarm(rounds)) rounds.push(await pacedRound(traffic, pid, endUs));
    } finally {
      await traffic.close();
    }
    await admin.deleteTopics(admin.created);
    return { durationMs: Math.round((monotonicUs() - startUs) / 1000), rounds, isWarm: isWarm(rounds) };
  } finally {
    await admin.close();
  }
}

async function pacedRound(traffic: WarmTraffic, pid: number | null, endUs: number): Promise<WarmRound> {
  const startUs = monotonicUs();
  const before = pid === null ? null : compilerTimeMs(pid);
  const medianUs = median(await traffic.round(ROUND_MS, endUs));
  const after = pid === null ? null : compilerTimeMs(pid);
  const isKnown = before !== null && after !== null;
  // A compiler thread that has ended takes its time with it.
  const usedMs = isKnown ? Math.max(0, after - before) : 0;
  return { medianUs, compilerShare: isKnown ? (usedMs * 1000) / (monotonicUs() - startUs) : null };
}
