// The panel: a dialog of header, messages and composer.
import { Fragment, h } from "preact";
import { Composer } from "./Composer";
import { Header } from "./Header";
import { Lightbox } from "./Lightbox";
import { Messages } from "./Messages";
import { dropTarget } from "./sending";
import { view } from "./view";

function keydown(event: KeyboardEvent): void {
  if (event.key !== "Escape" || event.isComposing) return;
  event.stopPropagation();
  view.setOpen(false);
}

const hold = (panel: HTMLElement | null): void => {
  view.panel = panel;
};

export function App() {
  const { chat, t, note } = view;
  if (!view.open) return null;
  return (
    <div
      class="panel"
      data-testid="panel"
      role="dialog"
      aria-label={chat.config ? chat.config.title : t.chat}
      tabIndex={-1}
      ref={hold}
      onKeyDown={keydown}
      {...dropTarget}
    >
      <Header />
      {chat.phase === "barred" ? (
        <p class="barred" role="alert" data-testid="barred">
          {chat.barred}
        </p>
      ) : (
        <>
          <Messages />
          {!chat.up && (
            <p class="banner" role="status" data-testid="banner">
              <b>{t.offline}</b>
              {chat.outbox.list.length > 0 && <span>{t.offlineNote}</span>}
            </p>
          )}
          <Composer />
        </>
      )}
      {view.dropping && <div class="dropzone">{t.drop}</div>}
      <div role="status" class={note ? "toast" : "quiet"} data-testid="toast">
        {note}
      </div>
      {view.picture && <Lightbox />}
    </div>
  );
}
