// The console as an agent sees and uses it.
import { until } from "./until.js";

export class Desk {
  constructor(page, origin) {
    this.page = page;
    this.origin = origin;
  }

  /** Opens the desk of shop 1 on a page that is logged in. */
  static async open(page, origin, path = "/shops/1/desk") {
    const desk = new Desk(page, origin);
    await page.goto(origin + path);
    await desk.ready();
    return desk;
  }

  /** The lists are there, not only the frame around them. */
  async ready() {
    await this.page.locator(".list-scroll").waitFor();
    await this.page.locator(".list-skeleton").waitFor({ state: "detached" });
  }

  get = (id) => this.page.getByTestId(id);
  items = () => this.get("conversation-item");
  item = (text) => this.items().filter({ hasText: text });
  messages = () => this.get("message");
  /** The newest message with this text. */
  message = (text) => this.messages().filter({ hasText: text }).last();
  /** The newest message in a state: sending, accepted, failed, unknown, received. */
  inState = (text, state) => this.page.locator(`[data-testid="message"][data-state="${state}"]`).filter({ hasText: text }).last();
  composer = () => this.get("composer");
  /** An entry of the open menu; rail and phone bar have one each. */
  menu = (entry) => this.get(`menu-${entry}`).filter({ visible: true });
  toast = (text) => this.get("toast").filter({ hasText: text });

  async login(login, password) {
    await this.get("login-name").fill(login);
    await this.get("login-password").fill(password);
    await this.get("login-submit").click();
  }

  async goOnline() {
    await this.get("online-switch").click();
    await this.page.locator(".rail-presence.on").waitFor();
  }

  /** `active` or `waiting`; on a phone the tabs are at the bottom. */
  async tab(name) {
    const phone = this.page.locator(".phone-tabs button").nth(name === "active" ? 0 : 1);
    await ((await phone.isVisible()) ? phone : this.get(`tab-${name}`)).click();
  }

  async count(name) {
    return Number(await this.get(`tab-${name}`).locator(".list-count").textContent());
  }

  counts = (active, waiting) =>
    until(`${active} active and ${waiting} waiting`, async () =>
      (await this.count("active")) === active && (await this.count("waiting")) === waiting);

  /** Opens a conversation of the list by its preview or name. */
  async pick(text) {
    await this.item(text).click();
    await this.messages().first().waitFor();
  }

  /** After a line that was cut: at once by the button, or by itself when that is sooner. */
  async reconnected() {
    const back = this.get("offline-banner").waitFor({ state: "detached" });
    await Promise.race([back, this.get("reconnect").click().catch(() => undefined)]);
    await back;
  }

  /** Takes back what was just done. The pointer on the notice stops the time for it, so that there is time to look first. */
  async undo(look = () => undefined) {
    const notice = this.get("toast").filter({ has: this.get("toast-action") });
    await notice.hover();
    await look();
    await notice.getByTestId("toast-action").click();
    await notice.waitFor({ state: "detached" });
  }

  async say(text) {
    await this.composer().fill(text);
    await this.get("send").click();
  }

  /** Whether the newest message is wholly on the screen. */
  atEnd = () =>
    this.messages().last().evaluate((row) => {
      const list = row.closest('[role="log"]');
      return list.scrollHeight - list.scrollTop - list.clientHeight < 4;
    });
}
