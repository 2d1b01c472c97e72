// A visitor of the web chat without the widget.
export class Visitor {
  constructor(base, token) {
    Object.assign(this, { base, token });
  }

  static async arrive(weikefu) {
    const base = weikefu.origin + weikefu.h5.path;
    const answer = await fetch(`${base}session`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ lang: "zh-CN", page: { url: "https://shop.example/tea/7", title: "明前龙井 100g" } }),
    });
    if (!answer.ok) throw new Error(`session: ${answer.status} ${await answer.text()}`);
    return new Visitor(base, (await answer.json()).token);
  }

  say(text) {
    return this.#post({ kind: "text", text });
  }

  async picture(bytes) {
    const headers = { authorization: `Bearer ${this.token}`, "content-type": "image/png", "x-file-name": "tea.png" };
    const answer = await fetch(`${this.base}media`, { method: "POST", headers, body: bytes });
    if (!answer.ok) throw new Error(`media: ${answer.status} ${await answer.text()}`);
    const { id } = await answer.json();
    return this.#post({ kind: "image", media: { id } });
  }

  async #post(content) {
    const answer = await fetch(`${this.base}messages`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.token}`, "content-type": "application/json" },
      body: JSON.stringify({ client_id: crypto.randomUUID(), created_at: Date.now(), content }),
    });
    if (!answer.ok) throw new Error(`messages: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}
