/**
 * What it costs to store a task's state: `npm run bench:snapshot-upload -- [keys] [--checkpoints 8] [--against directory of another checkout]`.
 * Twelve numbers a key, 104 B; one process for each checkout, alternating. CPU of the process from the freeze until the file, a local
 * copy of it and the removal of the ones before are done, without the updates in between; the first two do not count.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { History } from "./lib/history.ts";
import { shown, spreadOf } from "./lib/rounds.ts";

const WIDTH = 12;
const ROUNDS = 2;
const SETTLE_MS = 700;
const WARM_UP = 2;
/** Not in the order of the keys. */
const STRIDE = 7919;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    checkpoints: { type: "string", default: "8" },
    against: { type: "string" },
    root: { type: "string" },
    name: { type: "string", default: "" },
  },
});
const keys = Number(positionals[0] ?? 500_000);
const history = new History("snapshot-upload");

async function measure(name: string, root: string): Promise<void> {
  const from = <T>(path: string): Promise<T> => import(pathToFileURL(join(root, "engine", path)).href) as Promise<T>;
  const { NumberKeyTable } = await from<typeof import("../../engine/state/key-table.ts")>("state/key-table.ts");
  const { SnapshotWriter } = await from<typeof import("../../engine/checkpoint/snapshot.ts")>("checkpoint/snapshot.ts");
  const { SnapshotUpload } = await from<typeof import("../../engine/checkpoint/snapshot-upload.ts")>(
    "checkpoint/snapshot-upload.ts",
  );
  const { machineWorld } = await from<typeof import("../../engine/shell/machine-world.ts")>("shell/machine-world.ts");
  const directory = mkdtempSync(join(tmpdir(), "faultline-upload-"));
  const unused = { beforeExit: () => {}, close: () => {}, journal: { write: () => {} } };
  const world = machineWorld({
    name: "bench",
    seed: 1,
    storeDirectory: join(directory, "store"),
    localDirectory: join(directory, "local"),
    network: unused as never,
    shell: unused as never,
  });
  const table = new NumberKeyTable({ first: 0, end: 64, total: 64 }, { width: WIDTH });
  const update = (key: number) => {
    const entry = table.upsert(key);
    const { values } = table.at;
    for (let i = 0; i < WIDTH; i++) values[entry * WIDTH + i] = values[entry * WIDTH + i]! + key / (i + 1);
  };
  for (let key = 0; key < keys; key++) update((key * STRIDE) % keys);
  /** Stores one; `localCopy` is what older checkouts know of local copies, `keep` what this one does. */
  const store = (folder: string) =>
    new Promise<void>((done, fail) => {
      const writer = new SnapshotWriter();
      table.snapshot(writer);
      const about = { world, pending: writer.pending(), vertex: "v", subtask: 0, folder, localCopy: true };
      const upload = new SnapshotUpload({
        ...about,
        done: (error, stored) => {
          if (stored === null) fail(error);
          else if (world.localStore?.keep === undefined) done();
          else
            world.localStore.keep(`${folder}/${stored.handle.file}`, (problem) => (problem ? fail(problem) : done()));
        },
      });
      upload.start();
    });
  const costs: { readonly userMs: number; readonly systemMs: number }[] = [];
  for (let number = 1; number <= Number(flags.checkpoints) + WARM_UP; number++) {
    for (let key = 0; key < keys / 4; key++) update((key * STRIDE) % keys);
    await sleep(SETTLE_MS);
    const before = process.cpuUsage();
    await store(`j/chk-${number}`);
    for (const place of [world.store, world.localStore]) place?.remove(`j/chk-${number - 1}`, () => {});
    await sleep(SETTLE_MS);
    const { user, system } = process.cpuUsage(before);
    if (number > WARM_UP) costs.push({ userMs: user / 1000, systemMs: system / 1000 });
  }
  rmSync(directory, { recursive: true });
  const cpuMs = spreadOf(costs.map(({ userMs, systemMs }) => userMs + systemMs));
  const systemMs = spreadOf(costs.map((cost) => cost.systemMs));
  const rssBytes = process.memoryUsage.rss();
  const resident = `${(rssBytes / 1e6).toFixed(0)} MB resident`;
  console.log(
    `${name}: ${shown(cpuMs, 1)} ms of CPU a checkpoint, of them ${shown(systemMs, 1)} in the kernel; ${resident}`,
  );
  history.add({ name, figures: { cpuMs, systemMs, rssBytes } });
}

if (flags.root !== undefined) await measure(flags.name, resolve(flags.root));
else {
  const roots = new Map([["this checkout", resolve(import.meta.dirname, "../..")]]);
  if (flags.against !== undefined) roots.set("the other checkout", flags.against);
  const own = [String(keys), "--checkpoints", flags.checkpoints];
  for (let round = 1; round <= ROUNDS; round++) {
    for (const [name, root] of roots) {
      await history.addFromProcess([...own, "--root", root, "--name", `${name}, round ${round}`]);
    }
  }
}
history.append();
