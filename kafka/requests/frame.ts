import type { Socket } from "node:net";
import { Writer } from "../wire/writer.ts";
import type { Api } from "./api.ts";

/** A request under construction: its fields, and byte ranges that are sent in their midst without being copied. */
export class RequestFrame {
  readonly api: Api;
  readonly correlationId: number;
  readonly writer = new Writer();
  readonly #attachments: { readonly position: number; readonly bytes: Uint8Array }[] = [];
  #attachedBytes = 0;

  constructor(api: Api, correlationId: number, clientId: string) {
    this.api = api;
    this.correlationId = correlationId;
    this.writer.int32(0).int16(api.key).int16(api.version).int32(correlationId).string(clientId);
  }

  /** Puts `bytes` behind what is written so far. They must stay unchanged until the request is answered. */
  attach(bytes: Uint8Array): void {
    this.#attachments.push({ position: this.writer.length, bytes });
    this.#attachedBytes += bytes.length;
  }

  /** Writes the whole frame to `socket`, in one system call where the kernel takes it. */
  writeTo(socket: Socket): void {
    this.writer.setInt32(0, this.writer.length - 4 + this.#attachedBytes);
    const fields = this.writer.bytes();
    if (this.#attachments.length === 0) {
      socket.write(fields);
      return;
    }
    socket.cork();
    let written = 0;
    for (const { position, bytes } of this.#attachments) {
      socket.write(fields.subarray(written, position));
      socket.write(bytes);
      written = position;
    }
    if (written < fields.length) socket.write(fields.subarray(written));
    socket.uncork();
  }
}
