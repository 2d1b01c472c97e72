// An agent without a browser: prepares what a test needs and plays the colleagues nobody looks at.

/** Every test agent chooses this. */
export const PASSWORD = "茶香四溢 autumn 2026";

export class Agent {
  constructor(origin, session, cookie, login) {
    Object.assign(this, { origin, cookie, login, id: session.agent.id, nickname: session.agent.nickname });
    this.csrf = session.csrf;
  }

  /** Logs in with the one-time password and chooses one's own. */
  static async first(origin, { login, one_time_password }) {
    const agent = await Agent.login(origin, login, one_time_password);
    const answer = await agent.send("POST", "/api/session/password", { old: one_time_password, new: PASSWORD });
    return Agent.#of(origin, answer, login);
  }

  static async login(origin, login, password = PASSWORD) {
    const answer = await fetch(`${origin}/api/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ login, password }),
    });
    return Agent.#of(origin, await checked(answer), login);
  }

  static async #of(origin, answer, login) {
    const cookie = answer.headers.get("set-cookie").split(";")[0];
    return new Agent(origin, await answer.json(), cookie, login);
  }

  async send(method, path, body) {
    const headers = { cookie: this.cookie, "x-weikefu-csrf": this.csrf, origin: this.origin };
    if (body) headers["content-type"] = "application/json";
    return checked(await fetch(this.origin + path, { method, headers, body: body && JSON.stringify(body) }));
  }

  async call(method, path, body) {
    const answer = await this.send(method, `/api/shops/1${path}`, body);
    return answer.status === 204 ? null : answer.json();
  }

  desk = () => this.call("GET", "/desk");
  online = (online = true) => this.call("POST", "/presence", { online });
  acceptance = (change) => this.settings({ auto: true, limit: 10, greeting: "", ...change });
  /** Changes some of one's own settings. */
  settings = async (change) => this.call("PUT", "/settings/mine", { ...(await this.call("GET", "/settings/mine")), ...change });
  accept = ({ id, epoch }) => this.call("POST", `/conversations/${id}/accept`, { epoch });

  say(conversation, text) {
    const client_id = crypto.randomUUID();
    return this.call("POST", `/conversations/${conversation}/messages`, { client_id, content: { kind: "text", text } });
  }

  /** The texts of a customer's thread, oldest first. */
  async thread(customer, channel) {
    const page = await this.call("GET", `/customers/${customer}/messages?channel=${channel}&limit=200`);
    return page.messages.map(({ content }) => content.text ?? content.kind);
  }

  /** Ends this session as another browser or the clock would. */
  logout = () => this.send("POST", "/api/logout");

  /** For a browser that should be logged in as this agent. */
  get cookies() {
    const [name, value] = this.cookie.split("=");
    return [{ name, value, url: this.origin, httpOnly: true, sameSite: "Strict" }];
  }
}

async function checked(answer) {
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status} ${await answer.text()}`);
  return answer;
}
