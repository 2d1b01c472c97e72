// Every look a page must stand: two languages, two schemes, two widths.
import assert from "node:assert/strict";
import { overflow, violations } from "./accessible.js";
import { DESKTOP, PHONE } from "./stage.js";

export const LOOKS = ["zh-CN", "en"].flatMap((lang) =>
  ["light", "dark"].flatMap((scheme) => [DESKTOP, PHONE].map((viewport) => ({ lang, scheme, viewport }))));

/** `zh-CN-dark-390`. */
export const nameOf = ({ lang, scheme, viewport }) => `${lang}-${scheme}-${viewport.width}`;

/** Collects what is wrong on each state a page is brought into, with a picture of each. */
export class Inspection {
  #found = [];

  constructor(stage) {
    this.stage = stage;
  }

  /** Looks at a page as it is now. */
  async at(page, state, look) {
    const where = `${state} ${nameOf(look)}`;
    await this.stage.shot(page, `look-${state}-${nameOf(look)}`);
    const words = look.lang === "en" ? await chinese(page, where) : [];
    this.#found.push(...(await violations(page, where)), ...(await overflow(page, where)), ...words);
  }

  /** Nothing may be wrong anywhere. */
  end() {
    assert.equal(this.#found.length, 0, `${this.#found.length} findings:\n${this.#found.join("\n")}`);
  }
}

/** Chinese interface text on an English page. What people wrote themselves lies in elements named here. */
async function chinese(page, where) {
  const found = await page.evaluate(() => {
    const written = ".bubble, .item-preview, .item-name, .item-remark, .chat-name, .chat-line, .panel-name, .record, .panel-card dd, .editable-value, " +
      ".message-meta, .avatar, .top-shop, .top-channel, .shop-name, .team-name, .me-head, .timeline-detail, .upload, .tray, .card, .lead, " +
      ".system, [lang='zh-CN'] [lang], [data-testid=header-name], [data-testid=header-state], .name, .emoji, [data-testid=emoji-grid], " +
      "textarea, input, .failed, .status-reason, .top-shop-item, main > h1, main > p, main > button";
    const texts = [];
    const walk = (root) => {
      for (const node of root.childNodes) {
        if (node.shadowRoot) walk(node.shadowRoot);
        if (node.nodeType === Node.TEXT_NODE && /\p{Script=Han}/u.test(node.data)) {
          const holder = node.parentElement;
          if (node.data.trim() !== "中文" && !holder.closest(written) && !holder.closest("script, style, [lang=zh-CN]:not(html)") && holder.checkVisibility()) texts.push(node.data.trim());
        } else if (node.nodeType === Node.ELEMENT_NODE) walk(node);
      }
    };
    walk(document.body);
    return texts;
  });
  return found.map((text) => `${where}: Chinese on an English page: ${text}`);
}
