// A server in memory for the tests: threads, a fake WebSocket and fetch, as docs/widget-protocol.md says.
import { vi } from "vitest";
import { compare } from "../src/core/thread";
import type { Content, Message, Service } from "../src/core/types";

export class FakeServer {
  thread: Message[] = [];
  service: Service = { state: "idle" };
  sockets: FakeSocket[] = [];
  /** What was asked for, `POST session`. */
  log: string[] = [];
  /** Bodies of sessions. */
  sessions: Record<string, unknown>[] = [];
  /** Messages that reached the server, repetitions included. */
  received: { client_id: string; created_at: number; content: Content }[] = [];
  refuseSockets = false;
  down = false;
  /** The entry is closed. */
  shut = false;
  /** Take messages and say nothing. */
  mute = false;
  /** Answer the next messages with these errors. */
  errors: { code: string; retry_after_ms?: number }[] = [];
  tokens = ["v1.visitor.1.mac"];
  waiting: (() => void)[] = [];

  constructor() {
    vi.stubGlobal("fetch", (url: string, init: RequestInit) => this.fetch(url, init));
    const open = (url: string): FakeSocket => new FakeSocket(this, url);
    vi.stubGlobal(
      "WebSocket",
      class {
        constructor(url: string) {
          return open(url);
        }
      },
    );
  }

  get socket(): FakeSocket | undefined {
    return this.sockets.find((socket) => socket.readyState === 1);
  }

  store(content: Content, from: Message["from"] = { who: "agent", nickname: "小美" }, dedupe?: string): Message {
    const last = this.thread[this.thread.length - 1];
    const [conversation, seq] = last ? last.cursor.split(".").map(Number) : [1, 0];
    const message: Message = { cursor: `${conversation}.${(seq as number) + 1}`, at: Date.now(), from, content };
    if (dedupe) message.dedupe = dedupe;
    this.thread = [...this.thread, message];
    return message;
  }

  say(text: string): Message {
    const message = this.store({ kind: "text", text });
    this.deliver(message);
    return message;
  }

  deliver(message: Message): void {
    for (const socket of this.sockets) socket.tell({ type: "message", message });
    this.waiting.splice(0).forEach((wake) => wake());
  }

  accept(draft: FakeServer["received"][number]): Message {
    this.received.push(draft);
    const known = this.thread.find((message) => message.dedupe === draft.client_id);
    return known || this.store(draft.content, { who: "customer" }, draft.client_id);
  }

  page(query: URLSearchParams) {
    const [after, before] = [query.get("after"), query.get("before")];
    const limit = Number(query.get("limit") || 30);
    const found = this.thread.filter(
      ({ cursor }) => (!after || compare(cursor, after) > 0) && (!before || compare(cursor, before) < 0),
    );
    const messages = after ? found.slice(0, limit) : found.slice(-limit);
    return { messages, more: found.length > limit, service: this.service };
  }

  private async fetch(url: string, init: RequestInit): Promise<Response> {
    const { pathname, searchParams } = new URL(url);
    const path = pathname.split("/").pop() as string;
    this.log.push(`${init.method} ${path}${searchParams.has("after") ? ` after ${searchParams.get("after")}` : ""}`);
    if (this.down) throw new TypeError("network");
    const answer = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });
    const body = init.body ? JSON.parse(String(init.body)) : {};
    if (path === "session") {
      this.sessions.push(body);
      if (this.shut) return answer(403, { code: "entry_off", message: "not here" });
      const token = body.user ? `v1.user-${body.user.id}.1.mac` : (this.tokens[0] as string);
      if (body.user?.sig === "bad") return answer(403, { code: "bad_identity", message: "bad" });
      const last = this.thread[this.thread.length - 1];
      const limits = { text: 2000, file: 10 << 20 };
      const config = { title: "小店", welcome: "您好", color: "#0b7a43", lang: null, limits };
      return answer(200, { token, config, service: this.service, last: last ? last.cursor : null, verified: false });
    }
    if (path === "messages" && init.method === "GET") return answer(200, this.page(searchParams));
    if (path === "messages") {
      const error = this.errors.shift();
      if (error) return answer(429, { message: "", ...error });
      const { cursor, at } = this.accept(body);
      return answer(200, { cursor, at, duplicate: false });
    }
    if (path === "poll") {
      if (!searchParams.get("after")) searchParams.delete("after");
      searchParams.set("limit", "200");
      if (this.page(searchParams).messages.length === 0) {
        await new Promise<void>((resolve, reject) => {
          this.waiting.push(resolve);
          init.signal?.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
        });
      }
      return answer(200, this.page(searchParams));
    }
    return answer(404, { code: "not_found", message: "" });
  }
}

export class FakeSocket {
  readyState = 0;
  sent: Record<string, unknown>[] = [];
  after: string | null = null;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;

  constructor(
    private server: FakeServer,
    readonly url: string,
  ) {
    server.log.push("socket");
    server.sockets.push(this);
    queueMicrotask(() => {
      if (server.refuseSockets || server.down) return this.end();
      this.readyState = 1;
      this.onopen?.();
    });
  }

  send(text: string): void {
    const frame = JSON.parse(text);
    this.sent.push(frame);
    const { server } = this;
    if (frame.type === "hello") {
      this.after = frame.after;
      if (!server.tokens.includes(frame.token) && !/user-/.test(frame.token)) {
        this.tell({ type: "error", code: "bad_token", message: "" });
        return queueMicrotask(() => this.readyState === 1 && this.end());
      }
      const query = new URLSearchParams({ limit: "200" });
      if (frame.after) query.set("after", frame.after);
      this.tell({ type: "welcome", ...server.page(query) });
    }
    if (frame.type === "send") {
      const error = server.errors.shift();
      if (error) return this.tell({ type: "error", client_id: frame.client_id, message: "", ...error });
      const { cursor, at } = server.accept(frame);
      if (server.mute) return;
      this.tell({ type: "ack", client_id: frame.client_id, cursor, at });
      // The first of a conversation comes as a message, too.
      const message = server.thread.find((known) => known.cursor === cursor);
      if (message && cursor.endsWith(".1")) this.tell({ type: "message", message });
    }
    if (frame.type === "ping") this.tell({ type: "pong" });
  }

  tell(frame: object): void {
    const data = JSON.stringify(frame);
    queueMicrotask(() => this.readyState === 1 && this.onmessage?.({ data }));
  }

  /** The line breaks. */
  end(): void {
    this.readyState = 3;
    this.onclose?.();
  }

  close(): void {
    this.readyState = 3;
  }
}

/** Lets promises and microtasks run, without time passing. */
export const settle = async (): Promise<void> => {
  await vi.advanceTimersByTimeAsync(0);
};
