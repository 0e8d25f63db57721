/** Settings that shape results and therefore belong into every report: they differ from the defaults. */
export const NOTABLE_SETTINGS = {
  // A crashed broker serves again only after its registration has expired: 13 s with the default of 9 s.
  "broker.session.timeout.ms": "1000",
  "broker.heartbeat.interval.ms": "250",
  "num.network.threads": "2",
  "num.io.threads": "2",
} as const;

export interface BrokerPlace {
  readonly dataDir: string;
  readonly clientPort: number;
  readonly controllerPort: number;
  /** A second listener, for clients that come through the TCP link proxy: they are told the port where the proxy listens. */
  readonly link?: { readonly port: number; readonly proxyPort: number };
}

/** server.properties of the private broker: one node that is broker and controller, loopback only. */
export function serverProperties(place: BrokerPlace): string {
  const { dataDir, clientPort, controllerPort, link } = place;
  const at = (listener: string, port: number | undefined) =>
    port === undefined ? [] : [`${listener}://127.0.0.1:${port}`];
  const broker = at("BROKER", clientPort);
  const properties: Readonly<Record<string, string>> = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    listeners: [...broker, ...at("LINK", link?.port), ...at("CONTROLLER", controllerPort)].join(","),
    // A client is told the address that belongs to the listener it came by: who comes through the proxy stays there.
    "advertised.listeners": [...broker, ...at("LINK", link?.proxyPort)].join(","),
    "listener.security.protocol.map": "BROKER:PLAINTEXT,LINK:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "BROKER",
    "controller.listener.names": "CONTROLLER",
    "log.dirs": escapeValue(`${dataDir}/log`),
    "auto.create.topics.enable": "false",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "log.message.timestamp.type": "CreateTime", // a topic's own message.timestamp.type goes before it
    // Due times may lie far from the broker's clock, and closing records lie far in the future.
    "log.message.timestamp.before.max.ms": "9223372036854775807",
    "log.message.timestamp.after.max.ms": "9223372036854775807",
    // After a restart the broker forgets producers whose last record's CreateTime is older than this, and then takes a batch
    // that is sent again for a new one. The largest value there is: 24 days.
    "producer.id.expiration.ms": "2147483647",
    "log.retention.ms": "-1",
    "log.cleaner.dedupe.buffer.size": "16777216",
    ...NOTABLE_SETTINGS,
  };
  return `${Object.entries(properties)
    .map(([key, value]) => `${key}=${value}`)
    .join("\n")}\n`;
}

/** Java properties treat a backslash as the start of an escape. */
function escapeValue(value: string): string {
  return value.replaceAll("\\", "\\\\");
}
