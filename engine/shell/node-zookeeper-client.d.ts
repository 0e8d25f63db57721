/** What of the client is used here; the package has no types of its own. */
declare module "node-zookeeper-client" {
  export interface Stat {
    /** How often the node's data was set. */
    readonly version: number;
  }

  export interface ClientError extends Error {
    readonly code: number;
  }

  export type Callback<T> = (error: ClientError | null, result: T) => void;

  export interface State {
    readonly name: string;
  }

  export interface Event {
    readonly name: string;
  }

  export interface Client {
    /** Its inside, of which it binds the methods when a connection begins. */
    readonly connectionManager: {
      /** The connection at hand, or none yet. */
      readonly socket?: import("node:net").Socket;
      connect: () => void;
      onSocketConnected: () => void;
    };
    on(event: "state", listener: (state: State) => void): void;
    removeAllListeners(event: string): void;
    connect(): void;
    close(): void;
    create(path: string, data: Buffer, mode: number, callback: Callback<string>): void;
    mkdirp(path: string, callback: Callback<string>): void;
    remove(path: string, callback: Callback<undefined>): void;
    exists(path: string, callback: Callback<Stat | null>): void;
    exists(path: string, watcher: (event: Event) => void, callback: Callback<Stat | null>): void;
    getChildren(path: string, callback: Callback<readonly string[]>): void;
    setData(path: string, data: Buffer, callback: Callback<Stat>): void;
  }

  const zookeeper: {
    createClient(
      servers: string,
      options: { readonly sessionTimeout: number; readonly spinDelay: number; readonly retries: number },
    ): Client;
    readonly State: Readonly<Record<"DISCONNECTED" | "SYNC_CONNECTED" | "EXPIRED" | "AUTH_FAILED", State>>;
    readonly CreateMode: { readonly EPHEMERAL_SEQUENTIAL: number };
    readonly Exception: Readonly<Record<"NO_NODE", number>>;
  };
  export default zookeeper;
}
