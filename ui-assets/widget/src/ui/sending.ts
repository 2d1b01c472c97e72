// Pictures from the file dialog, the clipboard and drag and drop, on their way into the chat.
import { prepare } from "./pictures";
import { show, toast, view } from "./view";

/** Pictures taken at once. */
const MOST = 9;

export async function sendPictures(files: File[]): Promise<void> {
  const { chat, t } = view;
  for (const file of files.slice(0, MOST)) {
    try {
      const limit = chat.config ? chat.config.limits.file : 10 << 20;
      if (!chat.attach(await prepare(file, limit), file.name || "picture")) toast(t.full);
    } catch (refusal) {
      toast(refusal === "tooLarge" ? t.tooLarge : t.badImage);
    }
  }
}

/** The pictures of a paste or a drop. */
export function picturesOf(data: DataTransfer | null): File[] {
  return Array.from((data && data.files) || []).filter((file) => /^image\//.test(file.type));
}

/** Handlers of the panel for files held over it. */
export const dropTarget = {
  onDragOver(event: DragEvent): void {
    if (!event.dataTransfer || !Array.from(event.dataTransfer.types).includes("Files")) return;
    event.preventDefault();
    if (!view.dropping) show({ dropping: true });
  },
  onDragLeave(event: DragEvent): void {
    const to = event.relatedTarget as Node | null;
    if (!to || !view.panel || !view.panel.contains(to)) show({ dropping: false });
  },
  onDrop(event: DragEvent): void {
    event.preventDefault();
    show({ dropping: false });
    sendPictures(picturesOf(event.dataTransfer));
  },
};
