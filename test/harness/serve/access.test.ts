import assert from "node:assert/strict";
import { test } from "node:test";
import { Access, isLoopback, tokenFor } from "../../../harness/serve/access.ts";

const TOKEN = "a-token-that-nobody-guesses";
const nothing = { query: null, cookies: "", bearer: "" };
const access = (token: string | null) =>
  new Access({ host: "0.0.0.0", token, machine: "Rack7", cookieName: "faultline-1" });

test("on loopback nobody needs a token; elsewhere one is made, long and never twice the same", () => {
  for (const host of ["127.0.0.1", "127.1.2.3", "localhost", "::1"]) {
    assert.ok(isLoopback(host));
    assert.equal(tokenFor(host, undefined), null);
  }
  for (const host of ["0.0.0.0", "::", "192.168.1.5", "example.org", "127.0.0.1.example.org"]) {
    const [one, other] = [tokenFor(host, undefined)!, tokenFor(host, undefined)!];
    assert.ok(one.length >= 32);
    assert.notEqual(one, other);
  }
  assert.equal(tokenFor("127.0.0.1", TOKEN), TOKEN, "a given one counts everywhere");
  for (const weak of ["", "short", "has blanks in it, all over"]) {
    assert.throws(() => tokenFor("0.0.0.0", weak), { code: "usage", hint: /Leave it out/ });
  }
});

test("a token opens once by URL, then by the cookie, or as a bearer; nothing else does", () => {
  const door = access(TOKEN);
  assert.equal(door.entrance(nothing), "denied");
  assert.equal(door.entrance({ ...nothing, query: TOKEN }), "first");
  const [cookie, ...attributes] = door.setCookie.split("; ");
  assert.deepEqual(attributes, ["Path=/", "HttpOnly", "SameSite=Lax"]);
  assert.ok(!door.setCookie.includes(TOKEN), "the cookie does not tell the token");
  assert.equal(door.entrance({ ...nothing, cookies: `other=1; ${cookie}` }), "granted");
  assert.equal(door.entrance({ ...nothing, bearer: `Bearer ${TOKEN}` }), "granted");
  const wrong = [
    { query: "" },
    { query: `${TOKEN}x` },
    { query: TOKEN.slice(1) },
    { cookies: `faultline-1=${TOKEN}` },
    { cookies: `faultline-2=${cookie!.split("=")[1]}` },
    { bearer: TOKEN },
    { bearer: "Bearer x" },
    { cookies: cookie, query: "wrong" },
  ];
  for (const one of wrong) assert.equal(door.entrance({ ...nothing, ...one }), "denied", JSON.stringify(one));
  assert.equal(access(TOKEN).entrance({ ...nothing, cookies: cookie! }), "denied", "another server, another cookie");
  assert.equal(access(null).entrance(nothing), "open");
});

test("names that a stranger's page may carry are refused; addresses and our own names are served", () => {
  const door = access(null);
  for (const host of [
    "localhost",
    "LOCALHOST:80",
    "127.0.0.1:7878",
    "10.0.0.7",
    "[::1]:7878",
    "[fe80::1]",
    "rack7:1",
    "0.0.0.0",
  ]) {
    assert.ok(door.knowsHost(host), host);
  }
  const strangers = [
    undefined,
    "",
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example:80",
    "evil@localhost",
  ];
  for (const host of [...strangers, "[evil]", "localhost:80:80", "::1", "localhost/x", " localhost"]) {
    assert.ok(!door.knowsHost(host), host);
  }
});
