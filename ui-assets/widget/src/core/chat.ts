// One visitor's conversation: session, thread, outbox and line brought together. The panel draws what is here
// and calls the methods; nothing in this file touches the page.
import { Api, Problem } from "./api";
import { backoff, createLink } from "./link";
import { Outbox, type Unsent } from "./outbox";
import { createSender } from "./sender";
import { Storage } from "./storage";
import { Thread, compare } from "./thread";
import { timers } from "./timers";
import type { Ack, Config, Cursor, Message, Page, ServerFrame, Service, User } from "./types";

/** Messages of the first and of every older page. */
const PAGE = 30;
/** How long a place beyond a gap may wait for the server to fill the gap by itself. */
const GAP = 3_000;
/** How long "is writing" is shown. */
const TYPING = 6_000;
/** How often one who is barred asks whether he still is: an entry is opened again, a customer forgiven. */
export const BARRED = 30_000;
/** When the header's hint for those who wait changes. */
export const HINTS = [10_000, 45_000] as const;

export interface Place {
  server: string;
  key: string;
  lang: string;
}

export type Phase = "new" | "starting" | "ready" | "barred";

export class Chat {
  phase: Phase = "new";
  /** Whether the line is up. Also true before anybody tried. */
  up = true;
  service: Service = { state: "idle" };
  /** Since when the visitor waits for an agent, by this browser's clock. */
  waitingSince = 0;
  config: Config | null = null;
  typing = false;
  /** Why the server will not have this visitor. */
  barred = "";
  loadingOlder = false;
  thread = new Thread();
  outbox: Outbox;
  /** Bytes of pictures sent from this page, by media id. */
  previews = new Map<string, string>();
  /** Grows with every change, for whoever draws. */
  version = 0;
  /** Called with every message of others that is new to this page. */
  onmessage: (message: Message) => void = () => {};
  readonly api: Api;

  private storage: Storage;
  private user: User | null = null;
  private listeners = new Set<() => void>();
  private starting: Promise<void> | null = null;
  private repairing = false;
  private renewed = 0;
  private live = false;
  private seen: Cursor | null = null;
  private timers = timers();
  private link;
  private sender;

  constructor(private place: Place) {
    this.storage = new Storage(`wk.${place.key}.`);
    this.api = new Api(`${place.server}/c/${encodeURIComponent(place.key)}`);
    this.api.lang = place.lang;
    this.outbox = new Outbox(this.own());
    this.seen = this.own().get("seen");
    this.link = createLink(this.api, {
      after: () => this.thread.cursor,
      frame: (frame) => this.hear(frame),
      page: (page) => this.hearPage(page),
      changed: (up) => this.lineChanged(up),
      renew: () => this.renew(),
      barred: (message) => this.bar(message),
    });
    this.sender = createSender({
      api: this.api,
      link: this.link,
      outbox: () => this.outbox,
      ready: () => this.phase === "ready",
      stored: (entry, ack) => this.stored(entry, ack),
      renew: () => this.renew(),
      changed: () => this.changed(),
    });
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  changed(): void {
    this.version++;
    this.listeners.forEach((listener) => listener());
  }

  /** Opens the session. `live` connects in any case; otherwise only when there is something to hear. */
  start(live: boolean): void {
    this.live = this.live || live;
    if (this.phase === "ready" && this.live) this.link.start();
    if (this.phase === "ready" || this.phase === "barred" || this.starting) return;
    this.phase = "starting";
    this.starting = this.begin().then(() => {
      this.starting = null;
    });
    this.changed();
  }

  /** Speaks for a user the merchant vouches for, or for nobody in particular again. */
  identify(user: User | null): void {
    if (JSON.stringify(user) === JSON.stringify(this.user)) return;
    this.become(user);
    if (this.phase === "ready") {
      this.phase = "new";
      this.link.stop();
    }
    // A verified customer may have an answer waiting; nobody in particular waits for a click.
    if (user || this.live) this.start(false);
  }

  setLang(lang: string): void {
    this.place.lang = this.api.lang = lang;
  }

  /** Unread messages of others, as far as they are loaded. */
  get unread(): number {
    return this.thread.messages.filter(
      ({ from, cursor }) => from.who !== "customer" && (!this.seen || compare(cursor, this.seen) > 0),
    ).length;
  }

  /** The visitor looks at the end of the thread. */
  read(): void {
    const last = this.thread.messages[this.thread.messages.length - 1];
    if (!last || (this.seen && compare(last.cursor, this.seen) <= 0)) return;
    this.seen = last.cursor;
    this.own().set("seen", last.cursor);
    this.changed();
  }

  /** Whether this browser has been here before. */
  get known(): boolean {
    return this.user !== null || this.storage.get("token") !== null;
  }

  get draft(): string {
    return this.own().get("draft") || "";
  }

  set draft(text: string) {
    if (text) this.own().set("draft", text);
    else this.own().remove("draft");
  }

  /** Writes a message. False when the queue is full. */
  write(text: string): boolean {
    return this.queue({ content: { kind: "text", text: text.trim() } });
  }

  /** Sends a picture: it is shown at once, uploaded, then written. False when the queue is full. */
  attach(file: Blob, name: string): boolean {
    return this.queue({ picture: { url: URL.createObjectURL(file), file, name, progress: 0 } });
  }

  retry(id: string): void {
    this.outbox.update(id, { state: "sending", reason: undefined });
    this.sender.pump();
    this.changed();
  }

  discard(id: string): void {
    this.outbox.remove(id);
    this.sender.pump();
    this.changed();
  }

  /** Loads an older page. */
  async loadOlder(): Promise<void> {
    const first = this.thread.messages[0];
    if (this.loadingOlder || !this.thread.older || !first || this.phase !== "ready") return;
    const { thread } = this;
    this.loadingOlder = true;
    this.changed();
    try {
      const page = await this.api.history(`before=${first.cursor}&limit=${PAGE}`);
      thread.prepend(page.messages, page.more);
    } catch {
      // Scrolling up again tries again.
    }
    this.loadingOlder = false;
    this.changed();
  }

  private queue(entry: Pick<Unsent, "content" | "picture">): boolean {
    if (!this.outbox.add(entry)) return false;
    this.start(true);
    this.sender.pump();
    this.changed();
    return true;
  }

  // --- Session

  /** What is kept for this identity. */
  private own(): Storage {
    return new Storage(`wk.${this.place.key}.${this.user ? `u.${this.user.id}` : "a"}.`);
  }

  private become(user: User | null): void {
    this.user = user;
    this.outbox = new Outbox(this.own());
    this.seen = this.own().get("seen");
    this.thread = new Thread();
    this.service = { state: "idle" };
    this.api.token = "";
    this.sender.reset();
    this.changed();
  }

  /** Asks for a session until there is one. */
  private async begin(): Promise<void> {
    for (let attempt = 0; ; ) {
      const { user } = this;
      try {
        await this.open();
        // Somebody else was announced meanwhile.
        if (user !== this.user) continue;
        this.phase = "ready";
        if (this.live || this.thread.cursor || this.outbox.list.length) this.link.start();
        return this.changed();
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        const { code, message, passes, retryAfter } = error;
        if (/identity/.test(code)) {
          console.warn(`[weikefu] identify: ${message}`);
          if (user === this.user) this.become(null);
        } else if (!passes) return this.bar(message);
        else {
          this.up = false;
          this.changed();
          await new Promise((resolve) => setTimeout(resolve, Math.max(retryAfter, backoff(attempt++))));
        }
      }
    }
  }

  private async open(): Promise<void> {
    const { user } = this;
    const session = await this.api.session({
      token: user ? null : this.storage.get("token"),
      user,
      lang: this.place.lang,
      page: { url: location.href.split("#")[0], title: document.title.slice(0, 200) },
    });
    if (user !== this.user) return;
    // The second part of a token is the visitor.
    const other = this.api.token !== "" && this.api.token.split(".")[1] !== session.token.split(".")[1];
    this.api.token = session.token;
    if (!user) this.storage.set("token", session.token, true);
    this.config = session.config;
    this.setService(session.service);
    this.up = true;
    const { cursor } = this.thread;
    const { last } = session;
    // Another visitor, or a server that was put back to an older state: what is here does not count.
    if (other || (cursor && (!last || compare(last, cursor) < 0))) this.thread = new Thread();
    if (last && !this.thread.cursor) {
      const { thread } = this;
      const page = await this.api.history(`limit=${PAGE}`);
      thread.reset(page.messages, page.more);
      this.settleOutbox();
    }
  }

  private async renew(): Promise<void> {
    if (Date.now() - this.renewed < 5_000) throw new Error("renewed a moment ago");
    this.renewed = Date.now();
    await this.open();
    this.changed();
  }

  private bar(message: string): void {
    this.phase = "barred";
    this.barred = message;
    this.link.stop();
    this.timers.later("bar", BARRED, () => this.begin());
    this.changed();
  }

  // --- Hearing

  private hear(frame: ServerFrame): void {
    switch (frame.type) {
      case "welcome":
        this.hearPage(frame);
        this.sender.reset();
        this.sender.pump();
        return;
      case "message":
        this.meet([frame.message]);
        if (!this.thread.append(frame.message)) this.repair();
        break;
      case "ack":
        return this.sender.acknowledged(frame.client_id, frame);
      case "service":
        this.setService(frame.service);
        break;
      case "typing":
        this.typing = true;
        this.timers.later("typing", TYPING, () => {
          this.typing = false;
          this.changed();
        });
        break;
      case "error":
        if (!frame.client_id) return;
        return this.sender.refused(
          frame.client_id,
          new Problem(frame.code, frame.message, frame.retry_after_ms),
        );
      default:
        return;
    }
    this.changed();
  }

  private hearPage(page: Pick<Page, "messages" | "service">): void {
    this.setService(page.service);
    this.meet(page.messages);
    this.thread.fill(page.messages);
    this.settleOutbox();
    this.changed();
  }

  /** Announces what others wrote; called before the thread knows it. */
  private meet(messages: Message[]): void {
    for (const message of messages) {
      if (message.from.who === "customer") {
        if (message.dedupe) this.sender.settle(message.dedupe);
        continue;
      }
      this.typing = false;
      if (!this.thread.messages.some(({ cursor }) => cursor === message.cursor)) this.onmessage(message);
    }
  }

  private setService(service: Service): void {
    if (service.state !== "waiting") this.waitingSince = 0;
    else if (!this.waitingSince) {
      this.waitingSince = Date.now();
      for (const wait of HINTS) this.timers.later(`hint ${wait}`, wait + 500, () => this.changed());
    }
    if (service.state !== "active") this.typing = false;
    this.service = service;
  }

  private lineChanged(up: boolean): void {
    this.up = up;
    if (up) this.sender.pump();
    else this.sender.reset();
    this.changed();
  }

  private stored(entry: Unsent, ack: Ack): void {
    const { content, client_id, picture } = entry;
    if (!content || this.thread.has(client_id)) return;
    let shown: Message["content"];
    if (content.kind === "image") {
      const { id } = content.media;
      // The thread goes on showing these bytes instead of loading them back.
      if (picture) this.previews.set(id, picture.url);
      shown = { kind: "image", media: { id, mime: "image/jpeg", size: 0 } };
    } else shown = content;
    const { cursor, at } = ack;
    const message: Message = { cursor, at, from: { who: "customer" }, content: shown, dedupe: client_id };
    if (this.thread.acknowledge(message)) return;
    this.timers.later("gap", GAP, () => {
      if (!this.thread.cursor || compare(this.thread.cursor, cursor) < 0) this.repair();
    });
  }

  /** Fetches what lies between the cursor and what is known beyond it. */
  private async repair(): Promise<void> {
    if (this.repairing) return;
    this.repairing = true;
    const { thread } = this;
    try {
      for (let more = true; more; ) {
        const { cursor } = thread;
        const page = await this.api.history(cursor ? `after=${cursor}&limit=200` : `limit=${PAGE}`);
        if (thread !== this.thread) break;
        this.meet(page.messages);
        thread.fill(page.messages);
        more = page.more && cursor !== null;
      }
    } catch {
      this.timers.later("gap", GAP, () => this.repair());
    }
    this.repairing = false;
    this.settleOutbox();
    this.changed();
  }

  /** What the thread shows was stored. */
  private settleOutbox(): void {
    for (const { client_id } of this.outbox.list) if (this.thread.has(client_id)) this.sender.settle(client_id);
  }
}
