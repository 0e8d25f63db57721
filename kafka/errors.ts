import { type ErrorCode, FaultlineError } from "../base/errors.ts";

interface BrokerError {
  readonly name: string;
  /** The same request may succeed later, perhaps at another broker. */
  readonly retriable: boolean;
  readonly code: ErrorCode;
}

const retriable = (name: string): BrokerError => ({ name, retriable: true, code: "kafka-timeout" });
const fatal = (name: string, code: ErrorCode = "kafka-protocol"): BrokerError => ({ name, retriable: false, code });

/** Error codes of the protocol that the requests of this client can meet. */
export const BROKER_ERROR = {
  none: 0,
  offsetOutOfRange: 1,
  unknownTopicOrPartition: 3,
  notLeaderOrFollower: 6,
  messageTooLarge: 10,
  outOfOrderSequence: 45,
  duplicateSequence: 46,
  invalidProducerEpoch: 47,
  invalidTransactionState: 48,
  invalidProducerIdMapping: 49,
  invalidTransactionTimeout: 50,
  concurrentTransactions: 51,
  operationNotAttempted: 55,
  producerFenced: 90,
} as const;

const TABLE: ReadonlyMap<number, BrokerError> = new Map([
  [1, fatal("OFFSET_OUT_OF_RANGE", "kafka-offset-out-of-range")],
  [2, retriable("CORRUPT_MESSAGE")],
  [3, { name: "UNKNOWN_TOPIC_OR_PARTITION", retriable: true, code: "kafka-unknown-topic" }],
  [5, retriable("LEADER_NOT_AVAILABLE")],
  [6, retriable("NOT_LEADER_OR_FOLLOWER")],
  [7, retriable("REQUEST_TIMED_OUT")],
  [8, retriable("BROKER_NOT_AVAILABLE")],
  [9, retriable("REPLICA_NOT_AVAILABLE")],
  [10, fatal("MESSAGE_TOO_LARGE", "kafka-record-too-large")],
  [13, retriable("NETWORK_EXCEPTION")],
  [14, retriable("COORDINATOR_LOAD_IN_PROGRESS")],
  [15, retriable("COORDINATOR_NOT_AVAILABLE")],
  [16, retriable("NOT_COORDINATOR")],
  [17, fatal("INVALID_TOPIC_EXCEPTION", "kafka-unknown-topic")],
  [18, fatal("RECORD_LIST_TOO_LARGE", "kafka-record-too-large")],
  [19, retriable("NOT_ENOUGH_REPLICAS")],
  [20, retriable("NOT_ENOUGH_REPLICAS_AFTER_APPEND")],
  [29, fatal("TOPIC_AUTHORIZATION_FAILED")],
  [31, fatal("CLUSTER_AUTHORIZATION_FAILED")],
  [32, fatal("INVALID_TIMESTAMP")],
  [35, fatal("UNSUPPORTED_VERSION", "kafka-unsupported")],
  [45, fatal("OUT_OF_ORDER_SEQUENCE_NUMBER")],
  [46, fatal("DUPLICATE_SEQUENCE_NUMBER")],
  [47, fatal("INVALID_PRODUCER_EPOCH", "kafka-fenced")],
  [48, fatal("INVALID_TXN_STATE", "kafka-fenced")],
  [49, fatal("INVALID_PRODUCER_ID_MAPPING")],
  [50, fatal("INVALID_TRANSACTION_TIMEOUT", "kafka-unsupported")],
  [51, retriable("CONCURRENT_TRANSACTIONS")],
  [53, fatal("TRANSACTIONAL_ID_AUTHORIZATION_FAILED")],
  [55, fatal("OPERATION_NOT_ATTEMPTED")],
  [56, retriable("KAFKA_STORAGE_ERROR")],
  [59, fatal("UNKNOWN_PRODUCER_ID")],
  [74, retriable("FENCED_LEADER_EPOCH")],
  [75, retriable("UNKNOWN_LEADER_EPOCH")],
  [76, fatal("UNSUPPORTED_COMPRESSION_TYPE", "kafka-compressed")],
  [78, retriable("OFFSET_NOT_AVAILABLE")],
  [87, fatal("INVALID_RECORD")],
  [89, retriable("THROTTLING_QUOTA_EXCEEDED")],
  [100, retriable("UNKNOWN_TOPIC_ID")],
  [90, fatal("PRODUCER_FENCED", "kafka-fenced")],
  [-1, fatal("UNKNOWN_SERVER_ERROR")],
]);

/** The protocol's name of an error code, `ERROR_n` when it is not one that this client knows. */
function brokerErrorName(errorCode: number): string {
  return TABLE.get(errorCode)?.name ?? `ERROR_${errorCode}`;
}

/** Whether the request that met the error may be sent again. */
export function isRetriable(errorCode: number): boolean {
  return TABLE.get(errorCode)?.retriable ?? false;
}

const HINTS: Partial<Record<ErrorCode, string>> = {
  "kafka-unknown-topic": "Create the topic first, or check its name and number of partitions.",
  "kafka-record-too-large": "Raise max.message.bytes of the topic, or send smaller records.",
  "kafka-fenced":
    "Somebody else has claimed the transactional id or ended its transaction, or that was open for longer than its timeout.",
  "kafka-offset-out-of-range": "The records were deleted, or the topic was made anew: start from the earliest offset.",
};

/** The error of a broker's answer; `what` says what was tried, like `producing to orders/3`. */
export function brokerError(errorCode: number, what: string): FaultlineError {
  const code = TABLE.get(errorCode)?.code ?? "kafka-protocol";
  const hint = HINTS[code];
  const name = brokerErrorName(errorCode);
  const details = { context: { errorCode, errorName: name } };
  return new FaultlineError(
    code,
    `${what}: the broker answers ${name}`,
    hint === undefined ? details : { ...details, hint },
  );
}

/** The broker's error code that the error was made of; null when it is not of that kind. */
export function errorCodeOf(error: FaultlineError): number | null {
  const { errorCode } = error.context;
  return typeof errorCode === "number" ? errorCode : null;
}

/** The error of a record that is refused before it is sent; `length` includes its framing. */
export function recordTooLarge(topic: string, partition: number, length: number): FaultlineError {
  return new FaultlineError("kafka-record-too-large", `a record of about ${length} bytes is too large to send`, {
    hint: "Send smaller records, or raise maxRequestBytes together with max.message.bytes of the topic.",
    context: { topic, partition, length },
  });
}

/** The error of a producer whose oldest record was not acknowledged in time. */
export function deliveryTimeout(topic: string, partition: number, timeoutMs: number): FaultlineError {
  const message = `no acknowledgement from ${topic}/${partition} within ${timeoutMs / 1000} s`;
  return new FaultlineError("kafka-timeout", message, {
    hint: "Check that the broker runs and keeps up, and that the partition has a leader.",
    context: { topic, partition },
  });
}
