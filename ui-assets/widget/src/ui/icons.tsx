// Line icons, 24 x 24.
import { h } from "preact";
const icon = (...paths: string[]) => () => (
  <svg viewBox="0 0 24 24" aria-hidden="true" class="icon">
    {paths.map((path) => (
      <path d={path} />
    ))}
  </svg>
);

export const CloseIcon = icon("M6 6l12 12M18 6L6 18");
export const DownIcon = icon("M6 9.5l6 6 6-6");
export const SendIcon = icon("M4.5 12L20 4.5 15.5 20l-4-6.5z", "M11.5 13.5L20 4.5");
export const EmojiIcon = icon(
  "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z",
  "M8.3 14.2c1 1.5 2.2 2.2 3.7 2.2s2.7-.7 3.7-2.2",
  "M9 9.7h.01M15 9.7h.01",
);
export const ImageIcon = icon(
  "M5.5 4.5h13a1.5 1.5 0 0 1 1.5 1.5v12a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 18V6a1.5 1.5 0 0 1 1.5-1.5z",
  "M4.5 17l4.5-4.5 3.5 3.5 2.5-2.5 4.5 4",
  "M15.5 9h.01",
);
export const FileIcon = icon("M7 3.5h7l4 4V20a.5.5 0 0 1-.5.5h-10.5A.5.5 0 0 1 6.5 20V4a.5.5 0 0 1 .5-.5z", "M14 3.5V8h4");
export const PinIcon = icon("M12 21s6.5-6 6.5-11a6.5 6.5 0 0 0-13 0c0 5 6.5 11 6.5 11z", "M12 12.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z");
export const LinkIcon = icon("M10 14a4 4 0 0 0 6 .4l2.5-2.5a4 4 0 0 0-5.7-5.7L11.5 7.5", "M14 10a4 4 0 0 0-6-.4l-2.5 2.5a4 4 0 0 0 5.7 5.7l1.3-1.3");
export const ShopIcon = icon("M5 10v8.5a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1V10", "M4 9l1.5-4.5h13L20 9a2.7 2.7 0 0 1-5.3 0 2.7 2.7 0 0 1-5.4 0A2.7 2.7 0 0 1 4 9z");
