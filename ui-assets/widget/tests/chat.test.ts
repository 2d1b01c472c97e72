import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BARRED, Chat } from "../src/core/chat";
import { MOST } from "../src/core/outbox";
import { FakeServer, settle } from "./browser";

let server: FakeServer;
const place = { server: "http://desk.test", key: "demo", lang: "zh-CN" };
const chats: Chat[] = [];
const open = (): Chat => {
  const chat = new Chat({ ...place });
  chats.push(chat);
  return chat;
};
const texts = (chat: Chat): string[] =>
  chat.thread.messages.map(({ content }) => (content.kind === "text" ? content.text : content.kind));

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  server = new FakeServer();
});

afterEach(() => {
  // What a closed tab does: nothing of it goes on.
  chats.splice(0).forEach((chat) => (chat as unknown as { link: { stop(): void } }).link.stop());
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("writing", () => {
  it("shows a message as being sent, then as sent", async () => {
    const chat = open();
    chat.write(" 你好 ");
    expect(chat.outbox.list.map(({ state }) => state)).toEqual(["sending"]);
    await settle();
    expect(chat.outbox.list).toEqual([]);
    expect(texts(chat)).toEqual(["你好"]);
    expect(chat.thread.cursor).toBe("1.1");
    expect(localStorage.getItem("wk.demo.token")).toBe(server.tokens[0]);
  });

  it("sends in the order of writing, each when the one before is stored", async () => {
    const chat = open();
    server.mute = true;
    ["a", "b", "c"].forEach((text) => chat.write(text));
    await settle();
    expect(server.received).toHaveLength(1);
    server.mute = false;
    await vi.advanceTimersByTimeAsync(20_000);
    // The welcome of the fresh line shows that "a" is stored.
    expect(server.received.map(({ content }) => content)).toMatchObject([{ text: "a" }, { text: "b" }, { text: "c" }]);
    expect(texts(chat)).toEqual(["a", "b", "c"]);
  });

  it("survives a reload and is stored once", async () => {
    const chat = open();
    server.mute = true;
    chat.write("hello");
    await settle();
    expect(server.thread).toHaveLength(1);
    (chat as unknown as { link: { stop(): void } }).link.stop();

    server.mute = false;
    const next = open();
    expect(next.outbox.list).toHaveLength(1);
    next.start(false);
    await settle();
    expect(next.outbox.list).toEqual([]);
    expect(server.thread).toHaveLength(1);
    expect(texts(next)).toEqual(["hello"]);
    expect(localStorage.length).toBe(1); // the token
  });

  it("sends again with the same name and time when the line breaks before the answer", async () => {
    const chat = open();
    chat.start(true);
    await settle();
    server.mute = true;
    chat.write("hello");
    await settle();
    server.mute = false;
    server.socket!.end();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(chat.outbox.list).toEqual([]);
    // The welcome already told that it is stored; sending it again would have been the same.
    expect(new Set(server.received.map(({ client_id, created_at }) => `${client_id} ${created_at}`)).size).toBe(1);
    expect(texts(chat)).toEqual(["hello"]);
  });

  it("waits when it was too fast and loses nothing", async () => {
    const chat = open();
    server.errors = [{ code: "too_fast", retry_after_ms: 4_000 }];
    chat.write("a");
    await settle();
    expect(chat.outbox.list[0]!.state).toBe("sending");
    await vi.advanceTimersByTimeAsync(3_900);
    expect(server.thread).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(200);
    expect(texts(chat)).toEqual(["a"]);
  });

  it("shows a refusal, goes on with the next and tries again when asked", async () => {
    const chat = open();
    server.errors = [{ code: "refused" }];
    chat.write("a");
    chat.write("b");
    await settle();
    expect(texts(chat)).toEqual(["b"]);
    expect(chat.outbox.list.map(({ state }) => state)).toEqual(["failed"]);
    chat.retry(chat.outbox.list[0]!.client_id);
    await settle();
    expect(texts(chat)).toEqual(["b", "a"]);
  });

  it("keeps the text of the input over a reload", () => {
    open().draft = "half a sent";
    expect(open().draft).toBe("half a sent");
    open().draft = "";
    expect(open().draft).toBe("");
  });

  it("bounds what waits", () => {
    const chat = open();
    server.down = true;
    for (let n = 0; n < MOST; n++) expect(chat.write(`${n}`)).toBe(true);
    expect(chat.write("one more")).toBe(false);
    expect(new Set(chat.outbox.list.map(({ created_at }) => created_at)).size).toBe(MOST);
  });
});

describe("hearing", () => {
  it("fills a gap from the server before it goes on", async () => {
    const chat = open();
    server.store({ kind: "text", text: "1" });
    chat.start(true);
    await settle();
    server.store({ kind: "text", text: "2" });
    server.say("3");
    await settle();
    expect(texts(chat)).toEqual(["1", "2", "3"]);
    expect(chat.thread.cursor).toBe("1.3");
    expect(server.log.filter((line) => line.includes("after"))).toEqual(["GET messages after 1.1"]);
  });

  it("says after a break exactly what it has", async () => {
    const chat = open();
    server.store({ kind: "text", text: "1" });
    chat.start(true);
    await settle();
    server.say("2");
    await settle();
    server.socket!.end();
    expect(chat.up).toBe(false);
    server.say("3");
    await vi.advanceTimersByTimeAsync(2_000);
    expect(chat.up).toBe(true);
    expect(server.sockets.map(({ after }) => after)).toEqual(["1.1", "1.2"]);
    expect(texts(chat)).toEqual(["1", "2", "3"]);
  });

  it("counts what is unread over a reload and announces every message once", async () => {
    const chat = open();
    const heard: string[] = [];
    chat.onmessage = ({ cursor }) => heard.push(cursor);
    chat.write("hi");
    await settle();
    server.say("a");
    server.say("b");
    await settle();
    expect([chat.unread, heard]).toEqual([2, ["1.2", "1.3"]]);
    chat.read();
    expect(chat.unread).toBe(0);
    server.say("c");
    await settle();

    const next = open();
    next.start(false);
    await settle();
    expect(next.unread).toBe(1);
  });

  it("loads history page by page", async () => {
    for (let n = 1; n <= 70; n++) server.store({ kind: "text", text: `${n}` });
    const chat = open();
    chat.start(true);
    await settle();
    expect(chat.thread.messages).toHaveLength(30);
    await chat.loadOlder();
    await chat.loadOlder();
    expect(texts(chat)).toEqual(Array.from({ length: 70 }, (_, n) => `${n + 1}`));
    expect(chat.thread.older).toBe(false);
    await chat.loadOlder();
    expect(server.log.filter((line) => line === "GET messages")).toHaveLength(3);
  });

  it("does not connect for a visitor who has nothing to hear", async () => {
    const chat = open();
    chat.start(false);
    await settle();
    expect(server.log).toEqual(["POST session"]);
    chat.start(true);
    await settle();
    expect(server.log).toEqual(["POST session", "socket"]);
  });
});

describe("the line", () => {
  it("polls after three sockets that never came up, and goes back to a socket", async () => {
    const chat = open();
    server.refuseSockets = true;
    chat.start(true);
    await vi.advanceTimersByTimeAsync(8_000);
    expect(server.sockets).toHaveLength(3);
    expect(chat.up).toBe(true);
    server.say("by poll");
    await settle();
    expect([chat.up, texts(chat)]).toEqual([true, ["by poll"]]);
    chat.write("by post");
    await settle();
    expect(server.log).toContain("POST messages");
    expect(texts(chat)).toEqual(["by poll", "by post"]);

    server.refuseSockets = false;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.socket).toBeDefined();
    const polls = server.log.filter((line) => line.startsWith("GET poll")).length;
    server.say("by socket");
    await settle();
    expect(texts(chat)).toEqual(["by poll", "by post", "by socket"]);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(server.log.filter((line) => line.startsWith("GET poll"))).toHaveLength(polls);
  });

  it("notices a dead line by its silence", async () => {
    const chat = open();
    chat.start(true);
    await settle();
    const dead = server.socket!;
    dead.tell = () => {};
    await vi.advanceTimersByTimeAsync(80_000);
    expect(server.sockets.length).toBeGreaterThan(1);
    expect(chat.up).toBe(true);
  });

  it("backs off while the server is away and comes back at once when the browser is online again", async () => {
    const chat = open();
    chat.start(true);
    await settle();
    server.down = true;
    server.socket!.end();
    await vi.advanceTimersByTimeAsync(300_000);
    expect(chat.up).toBe(false);
    const tries = server.log.length;
    expect(tries).toBeLessThan(40);
    server.down = false;
    dispatchEvent(new Event("online"));
    await settle();
    expect(chat.up).toBe(true);
  });

  it("asks for a new session when its token no longer counts", async () => {
    const chat = open();
    server.store({ kind: "text", text: "old" });
    chat.start(true);
    await settle();
    server.tokens = ["v1.other.1.mac"];
    server.thread = [];
    server.socket!.end();
    await vi.advanceTimersByTimeAsync(3_000);
    expect([chat.up, texts(chat)]).toEqual([true, []]);
    expect(localStorage.getItem("wk.demo.token")).toBe("v1.other.1.mac");
  });

  it("starts as soon as the server is there", async () => {
    const chat = open();
    server.down = true;
    chat.write("hello");
    await vi.advanceTimersByTimeAsync(10_000);
    expect([chat.up, chat.outbox.list.length]).toEqual([false, 1]);
    server.down = false;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(texts(chat)).toEqual(["hello"]);
  });
});

describe("identity", () => {
  it("keeps a user's things apart from a visitor's and never stores the user's token", async () => {
    const chat = open();
    chat.write("as a visitor");
    await settle();
    chat.draft = "visitor's";
    server.thread = [];
    chat.identify({ id: "42", name: "小王", expires: 9, sig: "good" });
    expect([texts(chat), chat.draft]).toEqual([[], ""]);
    await settle();
    expect(server.sessions[server.sessions.length - 1]).toMatchObject({ token: null, user: { id: "42" } });
    expect(localStorage.getItem("wk.demo.token")).toBe(server.tokens[0]);
    chat.identify(null);
    expect(chat.draft).toBe("visitor's");
  });

  it("goes on without a name when the signature is wrong", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const chat = open();
    chat.identify({ id: "42", expires: 9, sig: "bad" });
    await settle();
    expect(warned).toHaveBeenCalledOnce();
    expect(chat.phase).toBe("ready");
    expect(server.sessions[server.sessions.length - 1]).toMatchObject({ user: null });
  });
});

it("one who is barred asks again now and then, and is back without a reload", async () => {
  server.shut = true;
  const chat = open();
  chat.write("还在吗");
  await settle();
  expect([chat.phase, chat.barred]).toEqual(["barred", "not here"]);
  await vi.advanceTimersByTimeAsync(3 * BARRED);
  await settle();
  expect([chat.phase, server.sessions.length]).toEqual(["barred", 4]);
  server.shut = false;
  await vi.advanceTimersByTimeAsync(BARRED);
  await settle();
  expect(chat.phase).toBe("ready");
  expect(texts(chat)).toEqual(["还在吗"]);
});
