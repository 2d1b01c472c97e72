// Who serves the visitor.
import { h } from "preact";
import { HINTS } from "../core/chat";
import { CloseIcon, ShopIcon } from "./icons";
import { ownPicture } from "./links";
import { view } from "./view";

export function Header() {
  const { chat, t, setOpen } = view;
  const { state, agent } = chat.service;
  const serving = state === "active" && agent ? agent : null;
  const waited = chat.waitingSince ? Date.now() - chat.waitingSince : 0;
  const title = chat.config ? chat.config.title : t.chat;
  const hint = chat.typing
    ? t.typing
    : serving
      ? t.serving(serving.nickname)
      : state !== "waiting"
        ? t.idle
        : waited > HINTS[1]
          ? t.leave
          : waited > HINTS[0]
            ? t.queueing
            : t.transferring;
  return (
    <header class="header" data-testid="header">
      <Avatar name={serving ? serving.nickname : ""} picture={serving ? serving.avatar : undefined} />
      <div class="who">
        <h2 data-testid="header-name">{serving ? serving.nickname : title}</h2>
        <p data-testid="header-state" data-state={state} role="status">
          {state === "active" && <i class="live" />}
          {state === "waiting" && <i class="live waiting" />}
          {hint}
        </p>
      </div>
      <button type="button" class="tool close" aria-label={t.close} data-testid="close" onClick={() => setOpen(false)}>
        <CloseIcon />
      </button>
    </header>
  );
}

/** An agent's picture, else the first letter of the name; the shop when there is no name. */
export function Avatar({ name, picture }: { name: string; picture?: string }) {
  const { server } = view;
  const url = ownPicture(server, picture);
  const letter = Array.from(name)[0];
  return (
    <span class="avatar" aria-hidden="true">
      {url ? <img src={url} alt="" /> : letter ? letter.toUpperCase() : <ShopIcon />}
    </span>
  );
}
