import assert from "node:assert/strict";
import { it } from "node:test";
import type { Election } from "../../../engine/ports.ts";

/** Where elections are tried out: several processes, each with its own way to the same server. */
export interface ElectionWorld {
  /** The election as process `name` has it. */
  election(name: string): Election;
  /** Waits until `condition` holds; fails when it never does. */
  until(what: string, condition: () => boolean): Promise<void>;
  /** Some time passes in which nothing is expected. */
  quiet(): Promise<void>;
  /** The server gives up the session of `name`, which hears of it. */
  loseSession(name: string): Promise<void>;
  /** `name` hears nothing from the server, for longer than its session lasts, and then again. */
  loseContact(name: string): Promise<void>;
  /** The process is gone without a word. */
  kill(name: string): Promise<void>;
}

/** A candidate and what it has heard. */
class Candidate {
  readonly epochs: number[] = [];
  leads = false;
  depositions = 0;
  readonly leave: () => void;

  constructor(election: Election, group: string, name: string) {
    let begun = false;
    const seat = election.join(group, name, {
      onElected: (epoch) => {
        assert.ok(begun, "elected from inside the call");
        assert.ok(!this.leads, "elected twice");
        this.leads = true;
        this.epochs.push(epoch);
      },
      onDeposed: () => {
        assert.ok(this.leads, "deposed without having led");
        this.leads = false;
        this.depositions++;
      },
    });
    begun = true;
    this.leave = () => {
      this.leads = false;
      seat.leave();
    };
  }

  get epoch(): number {
    return this.epochs.at(-1) ?? 0;
  }
}

/** What every election must do: whoever leads a replica group or a cluster relies on it. Each test has groups of its own in the one world. */
export function electionContract(world: () => ElectionWorld): void {
  let groups = 0;
  const group = () => `group/${++groups}`;
  const join = (name: string, of: string) => new Candidate(world().election(name), of, name);
  const elected = (candidate: Candidate, what: string) => world().until(what, () => candidate.leads);

  it("elects the first, and the next when it leaves, with a larger epoch", async () => {
    const name = group();
    const first = join("a", name);
    await elected(first, "a leads");
    const second = join("b", name);
    await world().quiet();
    assert.ok(first.epoch >= 1 && !second.leads);
    first.leave();
    await elected(second, "b leads");
    assert.ok(second.epoch > first.epoch, "the epoch grows");
    assert.equal(first.depositions, 0, "who leaves hears nothing more");
    second.leave();
  });

  it("keeps groups apart", async () => {
    const [one, other] = [join("a", group()), join("b", group())];
    await elected(one, "a leads its group");
    await elected(other, "b leads its group");
    one.leave();
    other.leave();
  });

  it("never calls a candidate that has left", async () => {
    const name = group();
    const first = join("a", name);
    await elected(first, "a leads");
    const second = join("b", name);
    const third = join("c", name);
    second.leave();
    await world().quiet();
    first.leave();
    await elected(third, "c leads");
    assert.deepEqual(second.epochs, []);
    third.leave();
  });

  it("deposes a leader whose session is lost and elects the next one; who was deposed stands again by itself", async () => {
    const name = group();
    const first = join("a", name);
    await elected(first, "a leads");
    const second = join("b", name);
    await world().quiet();
    await world().loseSession("a");
    await world().until("b leads and a knows", () => second.leads && !first.leads);
    assert.equal(first.depositions, 1);
    assert.ok(second.epoch > first.epochs[0]!);
    second.leave();
    await elected(first, "a leads again");
    assert.ok(first.epoch > second.epoch);
    first.leave();
  });

  it("deposes a leader that does not hear from the server, before another one is elected", async () => {
    const name = group();
    const first = join("a", name);
    await elected(first, "a leads");
    const second = join("b", name);
    await world().quiet();
    let bothLed = false;
    const lost = world().loseContact("a");
    await world().until("b leads", () => {
      bothLed ||= first.leads && second.leads;
      return second.leads;
    });
    await lost;
    assert.equal(first.depositions, 1);
    assert.ok(!bothLed);
    second.leave();
    await elected(first, "a leads again");
    first.leave();
  });

  it("elects the next one when the leader's process is gone", async () => {
    const name = group();
    const first = join("a", name);
    await elected(first, "a leads");
    const second = join("b", name);
    await world().quiet();
    const third = join("c", name);
    await world().quiet();
    await world().kill("a");
    await elected(second, "b leads");
    assert.ok(second.epoch > first.epoch && !third.leads);
    second.leave();
    third.leave();
  });
}
