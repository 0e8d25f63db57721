/**
 * The requests of this client and the one version of each that it speaks: the newest before "flexible" encodings, which
 * brokers from 2.7 to 4.x understand.
 */
export const API = {
  produce: { key: 0, version: 7, name: "Produce" },
  fetch: { key: 1, version: 11, name: "Fetch" },
  listOffsets: { key: 2, version: 2, name: "ListOffsets" },
  metadata: { key: 3, version: 8, name: "Metadata" },
  findCoordinator: { key: 10, version: 2, name: "FindCoordinator" },
  deleteRecords: { key: 21, version: 1, name: "DeleteRecords" },
  apiVersions: { key: 18, version: 2, name: "ApiVersions" },
  initProducerId: { key: 22, version: 1, name: "InitProducerId" },
  addPartitionsToTxn: { key: 24, version: 2, name: "AddPartitionsToTxn" },
  endTxn: { key: 26, version: 2, name: "EndTxn" },
} as const;

export type Api = (typeof API)[keyof typeof API];
