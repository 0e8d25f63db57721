/**
 * First message of a connection that says what it is for, where that is not plain from the message itself. A connection to the
 * coordinator that begins with `register` is a worker's, with `alive` a liveness thread's, with any client message a client's.
 */
export type Hello =
  /** To the coordinator: wants to watch the cluster without asking for anything yet. */
  | { readonly type: "hello"; readonly role: "client" }
  /** From worker to worker: frames of this attempt's channels follow; acknowledgements come back on the same connection. */
  | { readonly type: "hello"; readonly role: "data"; readonly worker: string; readonly attempt: number }
  /** From worker to worker, alone on its connection: the one for this attempt's frames is gone, and no other will come. */
  | { readonly type: "hello"; readonly role: "lost"; readonly worker: string; readonly attempt: number };
