// Where the visitor writes.
import { h } from "preact";
import { EMOJI } from "./emoticons";
import { EmojiIcon, ImageIcon, SendIcon } from "./icons";
import { picturesOf, sendPictures } from "./sending";
import { show, toast, view } from "./view";

let files: HTMLInputElement | null = null;

function write(text: string): void {
  view.chat.draft = text;
  show({ text });
}

/** Characters above the limit. */
function over(): number {
  const { config } = view.chat;
  return Array.from(view.text.trim()).length - (config ? config.limits.text : 2_000);
}

function send(): void {
  const { text, chat, t, input } = view;
  if (over() > 0 || !text.trim()) return;
  if (!chat.write(text)) return toast(t.full);
  view.choosing = false;
  write("");
  if (input) input.focus({ preventScroll: true });
}

function keydown(event: KeyboardEvent): void {
  // 229: an input method is at work, and some browsers say so in no other way.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  send();
}

function paste(event: ClipboardEvent): void {
  const found = picturesOf(event.clipboardData);
  if (found.length === 0) return;
  event.preventDefault();
  sendPictures(found);
}

function insert(emoji: string): void {
  const { text, input } = view;
  if (!input) return;
  const { selectionStart: from, selectionEnd: to } = input;
  write(text.slice(0, from) + emoji + text.slice(to));
  const at = from + emoji.length;
  input.setSelectionRange(at, at);
}

/** As high as its text, up to five lines. Called after every drawing. */
export function fitInput(): void {
  const { input } = view;
  if (!input) return;
  input.style.height = "auto";
  input.style.height = `${Math.min(input.scrollHeight + 2, 122)}px`;
}

const hold = (input: HTMLTextAreaElement | null): void => {
  view.input = input;
};

export function Composer() {
  const { chat, t, choosing } = view;
  // Another identity has another draft.
  if (view.box !== chat.outbox) {
    view.box = chat.outbox;
    view.text = chat.draft;
  }
  const { text } = view;
  const excess = over();
  return (
    <footer class="composer">
      {choosing && (
        <div class="emoji" role="group" aria-label={t.emoji} data-testid="emoji-panel">
          {EMOJI.map((emoji) => (
            <button type="button" onClick={() => insert(emoji)}>
              {emoji}
            </button>
          ))}
        </div>
      )}
      <textarea
        ref={hold}
        rows={1}
        value={text}
        aria-label={t.message}
        aria-invalid={excess > 0}
        placeholder={t.placeholder}
        enterkeyhint="send"
        data-testid="input"
        onInput={(event) => write(event.currentTarget.value)}
        onKeyDown={keydown}
        onPaste={paste}
      />
      <div class="tools">
        <button
          type="button"
          class="tool"
          aria-label={t.emoji}
          aria-expanded={!!choosing}
          data-testid="emoji"
          onClick={() => show({ choosing: !choosing })}
        >
          <EmojiIcon />
        </button>
        <button type="button" class="tool" aria-label={t.image} data-testid="image" onClick={() => files && files.click()}>
          <ImageIcon />
        </button>
        <input
          ref={(input) => {
            files = input;
          }}
          type="file"
          class="quiet"
          accept="image/png,image/jpeg,image/gif,image/webp"
          multiple
          tabIndex={-1}
          aria-label={t.image}
          data-testid="upload"
          onChange={({ currentTarget }) => {
            const chosen = Array.from(currentTarget.files || []);
            currentTarget.value = "";
            sendPictures(chosen);
          }}
        />
        <span class="note" role="status">
          {excess > 0 ? <b class="over">{t.tooLong(excess)}</b> : t.safe}
        </span>
        <button
          type="button"
          class="send"
          aria-label={t.send}
          aria-disabled={excess > 0 || !text.trim()}
          data-testid="send"
          onClick={send}
        >
          <SendIcon />
        </button>
      </div>
    </footer>
  );
}
