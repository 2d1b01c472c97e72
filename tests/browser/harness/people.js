// The merchant's pages as a person uses them, and customers to find there.
import { until } from "./until.js";
import { Visitor } from "./visitor.js";

export class Work {
  constructor(page, origin) {
    Object.assign(this, { page, origin });
  }

  get = (id) => this.page.getByTestId(id);
  people = () => this.get("person");
  person = (name) => this.people().filter({ hasText: name });
  query = () => Object.fromEntries(new URL(this.page.url()).searchParams);

  async open(path) {
    await this.page.goto(`${this.origin}/shops/1/${path}`);
  }

  /** The list of customers with everything read. */
  async customers(rest = "") {
    await this.open(`customers${rest}`);
    await this.get("people-count").filter({ hasText: /\d/ }).waitFor();
  }

  shown = (count) => until(`${count} customers`, async () => (await this.people().count()) === count);

  /** Sets a condition with choices; several of them where that is possible. */
  async choose(chip, ...labels) {
    await this.get(`filter-${chip}`).click();
    for (const label of labels) await this.get("choice").filter({ hasText: label, visible: true }).click();
    await this.page.keyboard.press("Escape");
  }
}

/** A visitor of the web chat who has written once. */
export async function writer(weikefu, text) {
  const visitor = await Visitor.arrive(weikefu);
  await visitor.say(text);
  return visitor;
}

/** Names of customers found by what they wrote last, among the open conversations. */
export async function named(agent, names) {
  for (const [text, name] of Object.entries(names)) {
    const view = await until(`the chat about ${text}`, async () => (await agent.desk()).conversations.find(({ last }) => last?.text === text));
    await agent.call("PATCH", `/customers/${view.customer.id}`, { name });
  }
}
