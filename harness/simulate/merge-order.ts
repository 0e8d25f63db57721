import { FaultlineError } from "../../base/errors.ts";
import { LiveRobin } from "../../engine/merge/live-robin.ts";
import type { Element } from "../../engine/task/element.ts";

interface Channel {
  readonly name: string;
  readonly elements: readonly Element[];
  /** Name of record number i + 1 of the channel; empty for what is no record. */
  readonly labels: readonly string[];
}

/**
 * The order in which LiveRobin delivers given channel contents, one word an element: a record by its name, `HB<n>` where heartbeat n is
 * forwarded. `text` has one line a channel: `<name> = <elements>`, each element a record's name, `H<n>` for a heartbeat, or `END`;
 * lines that are empty or begin with `#` do not count. `usage` when a line cannot be read.
 */
export function mergeOrder(text: string): string[] {
  const channels = readChannels(text);
  const merge = new LiveRobin(channels.length);
  channels.forEach(({ elements }, channel) => {
    for (const element of elements) merge.offer(channel, element);
  });
  const order: string[] = [];
  for (let event = merge.next(); event !== null; event = merge.next()) {
    if (event.kind === "forward") order.push(`HB${event.heartbeat}`);
    else if (event.kind === "element" && event.element.kind === "records") {
      order.push(channels[event.channel]!.labels[event.element.first - 1]!);
    }
  }
  return order;
}

function readChannels(text: string): readonly Channel[] {
  const lines = text.split("\n").map((line) => line.trim());
  const channels = lines.flatMap((line, index) => {
    return line === "" || line.startsWith("#") ? [] : [readChannel(line, index + 1)];
  });
  if (channels.length > 0) return channels;
  throw new FaultlineError("usage", "there are no channels", { hint: "one line a channel: A = a0 a1 H0 a2 H1" });
}

function readChannel(line: string, number: number): Channel {
  const [, name, contents] = /^([^\s=:]+)\s*[=:](.*)$/.exec(line) ?? [];
  if (name === undefined || contents === undefined) {
    throw new FaultlineError("usage", `line ${number} is no channel: ${line}`, {
      hint: "write `<name> = <elements>`, elements apart by blanks: A = a0 a1 H0 a2 H1",
    });
  }
  const labels = contents.split(/\s+/).filter((word) => word !== "");
  const elements = labels.map((label, index) => readElement(label, index + 1));
  checkOrder(name, elements);
  return { name, elements, labels };
}

function readElement(label: string, first: number): Element {
  if (label === "END") return { kind: "end", first };
  const heartbeat = /^H(\d+)$/.exec(label)?.[1];
  if (heartbeat === undefined) return { kind: "records", first, count: 1, skip: 0, payload: new Uint8Array(0) };
  return { kind: "heartbeat", first, heartbeat: Number(heartbeat), watermarkMs: 0, checkpointId: null };
}

function checkOrder(name: string, elements: readonly Element[]): void {
  let last = -1;
  for (const [index, element] of elements.entries()) {
    if (element.kind === "end" && index < elements.length - 1) {
      throw new FaultlineError("usage", `channel ${name}: something follows its END`);
    }
    if (element.kind !== "heartbeat") continue;
    if (element.heartbeat <= last) {
      throw new FaultlineError("usage", `channel ${name}: H${element.heartbeat} comes after H${last}`, {
        hint: "heartbeats of a channel ascend",
      });
    }
    last = element.heartbeat;
  }
}
