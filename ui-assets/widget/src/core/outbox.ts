// Messages that were written and not yet acknowledged. Each has a name and a time that never change, so that
// sending it again stores it once; each lies under a key of its own, so that tabs do not overwrite each other.
import type { Storage } from "./storage";
import type { Draft } from "./types";

export interface Unsent {
  client_id: string;
  created_at: number;
  /** Missing while a picture is being uploaded. */
  content?: Draft;
  state: "sending" | "failed";
  /** Why it failed, in the visitor's language. */
  reason?: string;
  /** A picture on its way: what to show, what to upload, how much of it has left (0 to 1). */
  picture?: { url: string; file: Blob; name: string; progress: number };
}

/** Longest queue; more is not written down but refused. */
export const MOST = 50;
/** What nobody sent within this time is given up at the next visit, milliseconds. */
const STALE = 7 * 86_400_000;

const KEY = "out.";

export class Outbox {
  list: Unsent[] = [];

  constructor(private storage: Storage) {
    for (const name of storage.names(KEY)) {
      const entry = read(storage.get(name));
      if (entry && Date.now() - entry.created_at < STALE) this.list.push(entry);
      else storage.remove(name);
    }
    this.list.sort((a, b) => a.created_at - b.created_at);
  }

  /** Adds a message; null when too many wait. */
  add(entry: Pick<Unsent, "content" | "picture">): Unsent | null {
    if (this.list.length >= MOST) return null;
    const last = this.list[this.list.length - 1];
    // Never the same millisecond twice: the order of the queue is the order of writing.
    const created_at = Math.max(Date.now(), last ? last.created_at + 1 : 0);
    const unsent: Unsent = { client_id: random(), created_at, state: "sending", ...entry };
    this.list = [...this.list, unsent];
    this.save(unsent);
    return unsent;
  }

  get(id: string): Unsent | undefined {
    return this.list.find((entry) => entry.client_id === id);
  }

  /** The message to send next. An unfinished upload holds back what was written after it. */
  next(): Unsent | undefined {
    const first = this.list.find((entry) => entry.state === "sending");
    return first && first.content ? first : undefined;
  }

  /** The first picture that has to be uploaded. */
  upload(): Unsent | undefined {
    return this.list.find((entry) => entry.state === "sending" && !entry.content && entry.picture);
  }

  update(id: string, change: Partial<Unsent>): void {
    this.list = this.list.map((entry) => (entry.client_id === id ? { ...entry, ...change } : entry));
    const entry = this.get(id);
    if (entry) this.save(entry);
  }

  /** It is stored, or the visitor gave it up. */
  remove(id: string): Unsent | undefined {
    const entry = this.get(id);
    this.list = this.list.filter((other) => other !== entry);
    this.storage.remove(KEY + id);
    return entry;
  }

  private save(entry: Unsent): void {
    // The bytes of a picture do not survive a reload; its place on the server does.
    if (!entry.content) return;
    const { client_id, created_at, content, state, reason } = entry;
    this.storage.set(KEY + client_id, JSON.stringify({ client_id, created_at, content, state, reason }));
  }
}

function read(text: string | null): Unsent | null {
  try {
    const entry = JSON.parse(text || "") as Unsent;
    const whole = typeof entry.client_id === "string" && entry.created_at > 0 && !!entry.content;
    return whole ? { ...entry, state: entry.state === "failed" ? "failed" : "sending" } : null;
  } catch {
    return null;
  }
}

/** 128 random bits. */
export function random(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
