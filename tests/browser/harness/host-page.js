// A shop's website on an origin of its own that embeds the widget.
import { createServer } from "node:http";
import { once } from "node:events";

/** What a page may do that wants nothing but itself and the chat: no inline code, no inline style. */
export const strictPolicy = (server) =>
  `default-src 'none'; script-src ${server}; connect-src ${server} ${server.replace("http", "ws")}; ` +
  `img-src 'self' ${server} blob:; style-src 'self'; base-uri 'none'; form-action 'none'`;

/** Everything a careless or hostile style sheet does to a widget. */
export const HOSTILE_STYLE = `
  * { box-sizing: content-box !important; }
  body { font: italic 28px/3 "Noto Serif CJK SC", serif; color: red; direction: rtl; }
  button { font-size: 40px !important; background: yellow !important; border: 9px dashed purple !important; min-width: 300px !important; }
  div, section, header, p, span, textarea { letter-spacing: 9px !important; text-transform: uppercase !important; margin: 30px !important; }
  svg, img { width: 3px !important; } [role=dialog] { display: none !important; }`;

export class HostPage {
  /** Serves `/` with the widget of `server`, and `/style.css`. */
  static async with({ server, key, policy = "", style = "body { margin: 40px; font-family: sans-serif; }", lang = "" }) {
    const page = `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>一家商城</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/style.css"></head><body><main><h1>一家商城</h1><p>商品介绍。</p><button>加入购物车</button></main>
<script async src="${server}/w/loader.js" data-app="${key}"${lang && ` data-lang="${lang}"`}></script></body></html>`;
    const host = new HostPage();
    host.server = createServer((request, answer) => {
      const type = request.url === "/style.css" ? "text/css" : request.url === "/icon.svg" ? "image/svg+xml" : "text/html";
      const body = { "text/css": style, "image/svg+xml": '<svg xmlns="http://www.w3.org/2000/svg"/>', "text/html": page }[type];
      const headers = { "content-type": `${type}; charset=utf-8` };
      if (policy) headers["content-security-policy"] = policy;
      answer.writeHead(200, headers).end(body);
    });
    host.server.listen(0, "127.0.0.1");
    await once(host.server, "listening");
    host.origin = `http://127.0.0.1:${host.server.address().port}`;
    return host;
  }

  async end() {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, "close");
  }
}
