import { describe, expect, it } from "vitest";
import { Thread, compare, follows } from "../src/core/thread";
import type { Message } from "../src/core/types";

const message = (cursor: string, dedupe?: string): Message => ({
  cursor,
  at: 1,
  from: dedupe ? { who: "customer" } : { who: "system" },
  content: { kind: "text", text: cursor },
  dedupe,
});
const cursors = (thread: Thread): string[] => thread.messages.map(({ cursor }) => cursor);

describe("places", () => {
  it("are ordered by number, not by letter", () => {
    expect(compare("2.10", "2.9")).toBeGreaterThan(0);
    expect(compare("10.1", "9.99")).toBeGreaterThan(0);
    expect(compare("3.3", "3.3")).toBe(0);
  });

  it("follow each other only inside a conversation", () => {
    expect(follows("1.4", "1.5")).toBe(true);
    expect(follows("1.4", "1.6")).toBe(false);
    expect(follows("1.4", "2.1")).toBe(false);
    expect(follows(null, "7.1")).toBe(false);
  });
});

describe("a thread", () => {
  it("keeps every message once and in order, whatever order they come in", () => {
    const thread = new Thread();
    thread.reset([message("1.1")], false);
    for (const cursor of ["1.2", "1.4", "1.3", "1.4", "2.1", "1.5"]) thread.append(message(cursor));
    expect(cursors(thread)).toEqual(["1.1", "1.2", "1.3", "1.4", "1.5", "2.1"]);
  });

  it("sees a gap, keeps its cursor in front of it and moves on when it is filled", () => {
    const thread = new Thread();
    thread.reset([message("1.1")], false);
    expect(thread.append(message("1.3"))).toBe(false);
    expect(thread.cursor).toBe("1.1");
    expect(thread.append(message("1.2"))).toBe(true);
    expect(thread.cursor).toBe("1.3");
  });

  it("trusts the server with the beginning of a conversation, but not its own acknowledgement", () => {
    const thread = new Thread();
    thread.reset([message("1.4")], true);
    expect(thread.acknowledge(message("2.1", "c"))).toBe(false);
    expect(thread.cursor).toBe("1.4");
    thread.append(message("1.5"));
    expect(thread.append(message("2.1", "c"))).toBe(true);
    expect(thread.cursor).toBe("2.1");
    expect(cursors(thread)).toEqual(["1.4", "1.5", "2.1"]);
  });

  it("takes a whole page as complete", () => {
    const thread = new Thread();
    thread.reset([message("1.4")], true);
    thread.append(message("1.9"));
    thread.fill(["1.5", "1.6", "1.7", "1.8"].map((cursor) => message(cursor)));
    expect(thread.cursor).toBe("1.9");
    thread.fill([message("2.1"), message("3.1")]);
    expect(thread.cursor).toBe("3.1");
  });

  it("adds history in front without moving its cursor", () => {
    const thread = new Thread();
    thread.reset([message("2.1")], true);
    thread.prepend([message("1.1"), message("1.2")], false);
    expect(cursors(thread)).toEqual(["1.1", "1.2", "2.1"]);
    expect([thread.cursor, thread.older]).toEqual(["2.1", false]);
  });

  it("replaces a message whose file has arrived", () => {
    const thread = new Thread();
    thread.append({ ...message("1.1"), content: { kind: "image", media: null } });
    thread.append({ ...message("1.1"), content: { kind: "image", media: { id: "a", mime: "image/png", size: 1 } } });
    expect(thread.messages).toHaveLength(1);
    expect(thread.messages[0]!.content).toMatchObject({ media: { id: "a" } });
  });
});
