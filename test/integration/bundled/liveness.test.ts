import assert from "node:assert/strict";
import { test } from "node:test";
import { monotonicUs } from "../../../base/clock.ts";
import { decodeControl } from "../../../engine/cluster/control-codec.ts";
import { startLiveness } from "../../../engine/shell/liveness.ts";
import { TcpNetwork } from "../../../engine/shell/tcp-network.ts";

test("a long step of the main loop stops the progress, not the messages, and both go on when it is over", async () => {
  const network = await TcpNetwork.listen();
  const beats: { readonly worker: unknown; readonly progress: number }[] = [];
  let onBeat = () => {};
  network.accept(() => ({
    onMessage: (bytes) => {
      const { type, worker, progress } = decodeControl(bytes);
      assert.equal(type, "alive");
      beats.push({ worker, progress: Number(progress) });
      onBeat();
    },
    onDrain: () => {},
    onClosed: () => {},
  }));
  const until = (enough: () => boolean) =>
    new Promise<void>((resolve) => {
      onBeat = () => {
        if (enough()) resolve();
      };
      onBeat();
    });
  const spec = { worker: "w1", coordinator: network.address, intervalUs: 10_000, progress: () => 1_000 };
  const liveness = startLiveness(spec, (error) => assert.fail(error));
  try {
    await until(() => beats.length >= 3);
    assert.ok(beats.every(({ worker }) => worker === "w1"));
    assert.ok(beats.at(-1)!.progress > 1_000, "the core's progress is part of the count");
    const before = beats.length;
    const stuckAt = monotonicUs();
    while (monotonicUs() - stuckAt < 400_000) {
      // The main loop is busy: nothing else of this thread runs.
    }
    await until(() => beats.length >= before + 8);
    const counts = beats.slice(before).map(({ progress }) => progress);
    const same = counts.filter((progress) => progress === counts[1]).length;
    assert.ok(same >= 5, `messages while the loop stood still: ${counts}`);
    const stuck = counts[1]!;
    await until(() => beats.at(-1)!.progress > stuck + 3);
  } finally {
    liveness.stop();
    await network.close();
  }
});
