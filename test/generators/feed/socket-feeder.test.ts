import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { SocketFeeder } from "../../../generators/feed/socket-feeder.ts";

test("lines go to whoever is connected, not to who comes later; hanging up ends the input", async (t) => {
  const feeder = await SocketFeeder.listen();
  t.after(() => feeder.close());
  assert.equal(feeder.send("nobody hears this"), 0);
  const connected = new Promise<void>((resolve) => feeder.onClients((clients) => clients === 1 && resolve()));
  const socket = connect({ host: "127.0.0.1", port: feeder.port });
  let text = "";
  socket.on("data", (bytes) => {
    text += bytes.toString();
  });
  await connected;
  assert.equal(feeder.send("hello"), 1);
  assert.equal(feeder.send("again"), 1);
  feeder.hangUp();
  await once(socket, "end");
  assert.equal(text, "hello\nagain\n");
});

test("a port that is taken is named", async (t) => {
  const feeder = await SocketFeeder.listen();
  t.after(() => feeder.close());
  await assert.rejects(SocketFeeder.listen(feeder.port), { code: "port-unavailable", message: /EADDRINUSE/ });
});
