// The messages a visitor has, in order, and how far they reach without a gap. Pure.
import type { Cursor, Message } from "./types";

function parts(cursor: Cursor): [number, number] {
  const [conversation, seq] = cursor.split(".");
  return [Number(conversation), Number(seq)];
}

/** Orders two places. */
export function compare(a: Cursor, b: Cursor): number {
  const [one, two] = [parts(a), parts(b)];
  return one[0] - two[0] || one[1] - two[1];
}

/** Whether nothing can lie between the two places. The first of a conversation never counts, see the protocol. */
export function follows(before: Cursor | null, next: Cursor): boolean {
  if (before === null) return false;
  const [conversation, seq] = parts(next);
  const [was, at] = parts(before);
  return was === conversation && at + 1 === seq;
}

export class Thread {
  /** Oldest first. */
  messages: Message[] = [];
  /** The highest place without a gap below it; `null` while there is nothing. */
  cursor: Cursor | null = null;
  /** Whether there are older messages on the server. */
  older = false;

  /** The newest page, at the beginning or after the thread was found to be another. */
  reset(messages: Message[], older: boolean): void {
    this.messages = [];
    this.cursor = null;
    this.older = older;
    messages.forEach((message) => this.put(message));
    const last = this.messages[this.messages.length - 1];
    this.cursor = last ? last.cursor : null;
  }

  /** An older page. */
  prepend(messages: Message[], older: boolean): void {
    this.older = older;
    messages.forEach((message) => this.put(message));
  }

  /**
   * A message the server delivered in order. False when it shows a gap inside its conversation: it is kept,
   * and what is in between has to be fetched.
   */
  append(message: Message): boolean {
    this.put(message);
    if (this.cursor === null || this.advance(message.cursor)) return this.settle(message.cursor);
    return compare(message.cursor, this.cursor) <= 0;
  }

  /** The server's whole page behind `cursor`: nothing is missing in front of its last message. */
  fill(messages: Message[]): void {
    for (const message of messages) {
      this.put(message);
      if (this.cursor === null || compare(message.cursor, this.cursor) > 0) this.cursor = message.cursor;
    }
    if (this.cursor !== null) this.settle(this.cursor);
  }

  /** An own message was stored. Moves the cursor only when it directly follows. True when nothing is missing. */
  acknowledge(message: Message): boolean {
    this.put(message);
    if (follows(this.cursor, message.cursor)) return this.settle(message.cursor);
    return this.cursor !== null && compare(message.cursor, this.cursor) <= 0;
  }

  /** Whether a message of this client id is in the thread. */
  has(clientId: string): boolean {
    return this.messages.some((message) => message.dedupe === clientId && message.from.who === "customer");
  }

  /** A frame in order: the next of its conversation, or the first of a later one. */
  private advance(next: Cursor): boolean {
    const cursor = this.cursor as Cursor;
    return follows(cursor, next) || parts(next)[0] > parts(cursor)[0];
  }

  /** Moves to `cursor` and over everything that directly follows it. */
  private settle(cursor: Cursor): boolean {
    this.cursor = cursor;
    for (const message of this.messages) {
      if (follows(this.cursor, message.cursor)) this.cursor = message.cursor;
    }
    return true;
  }

  /** Inserts by place; a message that is there already is replaced, its file may have arrived meanwhile. */
  private put(message: Message): void {
    let at = this.messages.length;
    while (at > 0) {
      const order = compare(this.messages[at - 1]!.cursor, message.cursor);
      if (order === 0) {
        this.messages = this.messages.map((old, index) => (index === at - 1 ? message : old));
        return;
      }
      if (order < 0) break;
      at--;
    }
    this.messages = [...this.messages.slice(0, at), message, ...this.messages.slice(at)];
  }
}
