import type { DeployContext } from "../system.ts";

/** What a command of the user can be told: placeholder → meaning. The same values are in its environment. */
export const PLACEHOLDERS = {
  brokers: "Kafka's bootstrap servers, host:port, separated by commas",
  inputTopic: "the topic to read, from its beginning",
  inputPartitions: "its number of partitions",
  inputs: "all inputs of a query that has several: source=topic:partitions, separated by commas",
  outputTopic: "the topic to write the rows of the query to, one row a record",
  outputPartitions: "its number of partitions",
  runId: "a name that no other run has",
  query: "id of the query: q0, q5, ...",
  dataFormat: "the setting `data.format`, of both topics: json or binary",
  dataMode: "mode of the data set: classic or head",
  parallelism: "the setting `parallelism`",
  watermarkDelayMs: "the setting `data.watermarkDelay`, in milliseconds",
  seed: "the setting `seed`",
  logDir: "directory for logs and working files, kept with the results",
} as const;

export type Placeholder = keyof typeof PLACEHOLDERS;
export type PlaceholderValues = Readonly<Record<Placeholder, string>>;

/** `{name}`; doubled braces stand for themselves, and braces around anything else are left alone. */
const TOKEN = /\{\{|\}\}|\{([A-Za-z][A-Za-z0-9_]*)\}/g;

function isPlaceholder(name: string): name is Placeholder {
  return Object.hasOwn(PLACEHOLDERS, name);
}

/** Names in braces that mean nothing, in order. */
export function unknownPlaceholders(text: string): string[] {
  return [...text.matchAll(TOKEN)].flatMap(([, name]) => (name === undefined || isPlaceholder(name) ? [] : [name]));
}

/** The text with values in place of placeholders. Unknown ones were refused with the config. */
export function expand(text: string, values: PlaceholderValues): string {
  return text.replace(TOKEN, (token, name: string | undefined) => {
    if (name === undefined) return token.slice(1);
    return isPlaceholder(name) ? values[name] : token;
  });
}

export function placeholderValues(context: DeployContext): PlaceholderValues {
  const { config } = context;
  return {
    brokers: context.brokers.join(","),
    inputTopic: context.inputTopic,
    inputPartitions: String(context.inputPartitions),
    inputs: context.inputs.map(({ source, topic, partitions }) => `${source}=${topic}:${partitions}`).join(","),
    outputTopic: context.outputTopic,
    outputPartitions: String(context.outputPartitions),
    runId: context.runId,
    query: config.query.id,
    dataFormat: config.format ?? "json",
    dataMode: config.dataMode,
    parallelism: String(config.parallelism),
    watermarkDelayMs: String(config.watermarkDelayMs),
    seed: String(config.seed),
    logDir: context.logDir,
  };
}

/** `inputTopic` → `FAULTLINE_INPUT_TOPIC`. */
export function variableName(placeholder: string): string {
  return `FAULTLINE_${placeholder.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** The same values as environment variables. */
export function environment(values: PlaceholderValues): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [variableName(name), value]));
}
