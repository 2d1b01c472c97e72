// Sends what is in the outbox: one message at a time, so that the order of storing is the order of writing,
// and again until it is acknowledged or refused for good.
import { Problem, type Api } from "./api";
import { backoff, type Link } from "./link";
import type { Outbox, Unsent } from "./outbox";
import { timers } from "./timers";
import type { Ack, Draft } from "./types";

/** An unanswered message is sent again over a fresh line after this long. */
const ANSWER = 15_000;

export interface Office {
  api: Api;
  link: Link;
  outbox(): Outbox;
  /** Whether there is a session. */
  ready(): boolean;
  /** A message is stored. */
  stored(entry: Unsent, ack: Ack): void;
  renew(): Promise<void>;
  changed(): void;
}

export interface Sender {
  /** Sends what can be sent now. */
  pump(): void;
  acknowledged(id: string, ack: Ack): void;
  refused(id: string, problem: Problem): void;
  /** The thread shows this message: it was stored. */
  settle(id: string): void;
  /** The line is another one: what was under way over the old one goes out again. */
  reset(): void;
}

export function createSender(office: Office): Sender {
  const { api, link } = office;
  const { later, cancel } = timers();
  let inFlight: string | null = null;
  let uploading = false;
  let attempts = 0;

  function pump(): void {
    upload();
    const entry = office.outbox().next();
    if (!entry || inFlight || !office.ready() || !link.up()) return;
    const { client_id, created_at } = entry;
    const content = entry.content as Draft;
    inFlight = client_id;
    if (link.send(client_id, created_at, content)) return later("answer", ANSWER, link.restart);
    api.send(client_id, created_at, content).then(
      (ack) => acknowledged(client_id, ack),
      (problem: Problem) => refused(client_id, problem),
    );
  }

  function acknowledged(id: string, ack: Ack): void {
    const entry = office.outbox().get(id);
    if (entry && entry.content) office.stored(entry, ack);
    attempts = 0;
    settle(id);
    office.changed();
  }

  function settle(id: string): void {
    office.outbox().remove(id);
    if (inFlight === id) reset();
    pump();
  }

  function reset(): void {
    inFlight = null;
    cancel("answer");
    cancel("again");
  }

  function refused(id: string, problem: Problem): void {
    if (inFlight !== id) return;
    cancel("answer");
    const { code, message, passes, retryAfter } = problem;
    if (code === "bad_token") office.renew().catch(() => {});
    else if (!passes) {
      office.outbox().update(id, { state: "failed", reason: message });
      reset();
      pump();
      return office.changed();
    }
    // Kept as it is and sent again: nothing is lost by being too fast.
    later("again", Math.max(retryAfter, code === "network" ? backoff(attempts++) : 1_000), () => {
      reset();
      pump();
    });
  }

  function upload(): void {
    const box = office.outbox();
    const entry = box.upload();
    if (!entry || !entry.picture || uploading || !office.ready()) return;
    const { client_id, picture } = entry;
    const update = (change: Partial<Unsent>): void => {
      box.update(client_id, change);
      office.changed();
    };
    uploading = true;
    api
      .upload(picture.file, picture.name, (progress) => update({ picture: { ...picture, progress } }))
      .then(
        ({ id }) => update({ content: { kind: "image", media: { id } } }),
        ({ message }: Problem) => update({ state: "failed", reason: message }),
      )
      .then(() => {
        uploading = false;
        pump();
      });
  }

  return { pump, acknowledged, refused, settle, reset };
}
