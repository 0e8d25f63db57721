import { FaultlineError } from "../../base/errors.ts";
import { brokerError } from "../errors.ts";
import type { Reader } from "../wire/reader.ts";
import { API } from "./api.ts";

/** Reads an ApiVersions answer (version 2; its request has no body) and throws `kafka-unsupported` unless the broker speaks all versions of `API`. */
export function checkApiVersions(reader: Reader): void {
  const errorCode = reader.int16();
  if (errorCode !== 0) throw brokerError(errorCode, "asking for the broker's request versions");
  const ranges = new Map<number, { min: number; max: number }>();
  for (let left = reader.arrayLength(); left > 0; left--) {
    ranges.set(reader.int16(), { min: reader.int16(), max: reader.int16() });
  }
  for (const api of Object.values(API)) {
    const range = ranges.get(api.key);
    if (range !== undefined && range.min <= api.version && api.version <= range.max) continue;
    const offered = range === undefined ? "none" : `${range.min} to ${range.max}`;
    throw new FaultlineError("kafka-unsupported", `the broker does not speak ${api.name} version ${api.version}`, {
      hint: "Use Apache Kafka 2.7 to 4.x, or leave kafka.brokers away to let Faultline start its own.",
      context: { api: api.name, wanted: api.version, offered },
    });
  }
}
