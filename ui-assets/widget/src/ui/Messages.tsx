// The thread: history upwards, the newest at the bottom, day separators, what is still on its way.
import { Fragment, h, type ComponentChildren } from "preact";
import type { Unsent } from "../core/outbox";
import type { Thread } from "../core/thread";
import type { From, Message } from "../core/types";
import { Body } from "./Body";
import { Avatar } from "./Header";
import { DownIcon } from "./icons";
import { day, time } from "./texts";
import { show, view } from "./view";

/** Within this distance of the end the list follows new messages, pixels. */
const NEAR = 80;
/** Messages of one author this close together share one heading, milliseconds. */
const TOGETHER = 5 * 60_000;

/** What the last drawing showed. */
let drawn: { thread?: Thread; first: string; height: number; own: number } = { first: "", height: 0, own: 0 };

function toEnd(): void {
  const { list, chat } = view;
  if (list) list.scrollTop = list.scrollHeight;
  view.atEnd = true;
  if (view.away) show({ away: false });
  chat.read();
}

/** Keeps the place that is being read, or follows the end. Called after every drawing. */
export function settleList(): void {
  const { list, chat } = view;
  if (!list) return;
  const { thread, outbox } = chat;
  const old = drawn;
  const first = thread.messages.length ? thread.messages[0]!.cursor : "";
  const own = outbox.list.length;
  drawn = { thread, first, height: list.scrollHeight, own };
  if (view.atEnd || own > old.own || thread !== old.thread) toEnd();
  // Older messages have come in above.
  else if (first !== old.first) list.scrollTop += list.scrollHeight - old.height;
}

let top = 0;

function scroll(): void {
  const { list, chat } = view;
  if (!list) return;
  const left = list.scrollHeight - list.scrollTop - list.clientHeight;
  // Only the visitor moves up; a picture that loads makes the end move away, which is something else.
  if (left < NEAR) view.atEnd = true;
  else if (list.scrollTop < top) view.atEnd = false;
  top = list.scrollTop;
  const away = left > 300;
  if (away !== !!view.away) show({ away });
  if (view.atEnd) chat.read();
  if (list.scrollTop < 60) chat.loadOlder();
}

/** A picture that has loaded makes its message taller. */
function grown(): void {
  if (view.atEnd) toEnd();
}

const hold = (list: HTMLElement | null): void => {
  view.list = list;
};

export function Messages() {
  const { chat, t, away } = view;
  const { messages, older } = chat.thread;
  const unsent = chat.outbox.list;
  const count = messages.length + unsent.length;
  const welcome = chat.config ? chat.config.welcome : "";
  return (
    <div class="thread">
      <div
        class="list"
        ref={hold}
        role="log"
        aria-live="polite"
        aria-label={t.message}
        tabIndex={0}
        data-testid="messages"
        onScroll={scroll}
        onLoadCapture={grown}
      >
        {older && (
          <button type="button" class="older" data-testid="older" onClick={() => chat.loadOlder()}>
            {chat.loadingOlder ? t.loading : t.older}
          </button>
        )}
        {chat.phase !== "ready" && messages.length === 0 && <p class="hint">{t.connecting}</p>}
        {!older && welcome && (
          <Row from={{ who: "system" }} heading>
            <Body content={{ kind: "text", text: welcome }} />
          </Row>
        )}
        {messages.map((message, index) => (
          <Item key={message.dedupe || message.cursor} message={message} above={messages[index - 1]} last={index + 1 === count} />
        ))}
        {unsent.map((entry, index) => (
          <Pending key={entry.client_id} entry={entry} heading={index === 0 && lastIsOther(messages)} />
        ))}
        {chat.typing && (
          <p class="row other typing" aria-hidden="true">
            <span class="bubble">
              <i />
              <i />
              <i />
            </span>
          </p>
        )}
      </div>
      {away && (
        <button type="button" class="latest" aria-label={t.latest} onClick={toEnd}>
          <DownIcon />
        </button>
      )}
    </div>
  );
}

function Item({ message, above, last }: { message: Message; above?: Message; last: boolean }) {
  const { lang } = view;
  const newDay = !above || day(above.at, lang) !== day(message.at, lang);
  const apart = !above || author(above.from) !== author(message.from) || message.at - above.at > TOGETHER;
  return (
    <>
      {newDay && (
        <p class="day">
          <span>{day(message.at, lang)}</span>
        </p>
      )}
      <Row from={message.from} heading={newDay || apart} at={message.at} cursor={message.cursor} state="sent" last={last}>
        <Body content={message.content} />
      </Row>
    </>
  );
}

function Pending({ entry, heading }: { entry: Unsent; heading: boolean }) {
  const { chat, t } = view;
  const failed = entry.state === "failed";
  const { client_id, content, picture } = entry;
  return (
    <Row from={{ who: "customer" }} heading={heading} state={entry.state}>
      {picture ? (
        <span class="bubble picture uploading">
          <img src={picture.url} alt={t.imageOf} />
          {!failed && !content && (
            <span
              class="progress"
              role="progressbar"
              aria-label={t.sending}
              aria-valuenow={Math.round(picture.progress * 100)}
              data-testid="progress"
            >
              <i style={{ width: `${picture.progress * 100}%` }} />
            </span>
          )}
        </span>
      ) : (
        content && content.kind === "text" && <Body content={content} />
      )}
      {failed ? (
        <span class="failed" role="alert">
          {entry.reason || t.failed}
          <button type="button" data-testid="retry" onClick={() => chat.retry(client_id)}>
            {t.retry}
          </button>
          <button type="button" data-testid="discard" onClick={() => chat.discard(client_id)}>
            {t.discard}
          </button>
        </span>
      ) : (
        <span class="state">
          <i class="clock" />
          {t.sending}
        </span>
      )}
    </Row>
  );
}

interface RowProps {
  from: From;
  heading: boolean;
  at?: number;
  cursor?: string;
  state?: "sent" | "sending" | "failed";
  /** Nothing comes after it. */
  last?: boolean;
  children: ComponentChildren;
}

/** One message with its author. */
function Row({ from, heading, at, cursor, state, last, children }: RowProps) {
  const { t, lang, chat } = view;
  const own = from.who === "customer";
  const name = own ? t.you : from.who === "agent" ? from.nickname : chat.config ? chat.config.title : t.shop;
  return (
    <div
      class={`row ${own ? "own" : "other"}${heading ? " first" : ""}`}
      data-testid="message"
      data-cursor={cursor}
      data-state={state}
      data-from={from.who}
    >
      {!own && heading && (
        <Avatar
          name={from.who === "agent" ? from.nickname : ""}
          picture={from.who === "agent" ? from.avatar : undefined}
        />
      )}
      <div class="column">
        <span class={heading ? "name" : "quiet"}>
          <span class={own ? "quiet" : ""}>{name} </span>
          {at !== undefined && <time dateTime={new Date(at).toISOString()}>{time(at, lang)}</time>}
        </span>
        {children}
        {state === "sent" && own && <span class={last ? "state" : "quiet"}>{t.sent}</span>}
      </div>
    </div>
  );
}

const author = (from: From): string => (from.who === "agent" ? `agent ${from.nickname}` : from.who);

function lastIsOther(messages: Message[]): boolean {
  const last = messages[messages.length - 1];
  return !last || last.from.who !== "customer";
}
