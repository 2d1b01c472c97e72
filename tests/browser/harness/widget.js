// The widget as a visitor sees and uses it.
export class Widget {
  constructor(page) {
    this.page = page;
  }

  /** Opens the page that embeds it, and the chat. */
  static async open(page, address) {
    const widget = new Widget(page);
    await page.goto(address);
    await widget.launcher().click();
    await widget.ready();
    return widget;
  }

  /** The chat is open and has its session. */
  async ready() {
    await this.input().waitFor();
    await this.messages().first().waitFor();
  }

  root = () => this.page.locator("weikefu-chat");
  get = (id) => this.root().getByTestId(id);
  launcher = () => this.get("launcher");
  panel = () => this.get("panel");
  input = () => this.get("input");
  messages = () => this.get("message");
  message = (text) => this.messages().filter({ hasText: text }).last();
  /** The newest message in a state: sending, sent, failed. */
  inState = (text, state) =>
    this.root().locator(`[data-testid="message"][data-state="${state}"]`).filter({ hasText: text }).last();

  async say(text) {
    await this.input().fill(text);
    await this.input().press("Enter");
  }

  /** The texts of the thread from the first stored message on. */
  texts = () => this.root().locator('[data-testid="message"][data-cursor] .bubble').allTextContents();
}
