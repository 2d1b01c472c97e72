// The widget on somebody else's page: what it loads and when, what it bears, what it leaves alone.
import assert from "node:assert/strict";
import { Desk } from "../harness/desk.js";
import { HOSTILE_STYLE, strictPolicy } from "../harness/host-page.js";
import { png } from "../harness/picture.js";
import { PHONE, scene } from "../harness/stage.js";
import { gate, until } from "../harness/until.js";
import { Widget } from "../harness/widget.js";

/** Most that may be transferred, bytes. */
const LOADER = 3 * 1024;
const BOTH = 25 * 1024;

const key = (weikefu) => weikefu.h5.path.split("/")[2];

/** The scripts a page has loaded from the server, with the bytes on the wire. */
function scripts(page) {
  const found = [];
  page.on("requestfinished", (request) => {
    if (new URL(request.url()).pathname.startsWith("/w/")) found.push(request);
  });
  return {
    names: () => found.map((request) => new URL(request.url()).pathname.split("/").pop()),
    bytes: async () => {
      const sizes = await Promise.all(found.map((request) => request.sizes()));
      return sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0);
    },
  };
}

scene("before a click only the loader comes, and both are small", async (stage) => {
  const weikefu = await stage.weikefu();
  const host = await stage.host({ server: weikefu.origin, key: key(weikefu) });
  const page = await stage.page();
  const loaded = scripts(page);
  const sockets = [];
  page.on("websocket", (socket) => sockets.push(socket.url()));
  await page.goto(host.origin);
  const widget = new Widget(page);
  await widget.launcher().waitFor();
  assert.deepEqual(loaded.names(), ["loader.js"]);
  const small = await loaded.bytes();
  assert.ok(small > 0 && small <= LOADER, `the loader is ${small} bytes on the wire`);
  assert.deepEqual(sockets, [], "no visitor and no socket before somebody asks");
  await widget.launcher().click();
  await widget.ready();
  const all = await loaded.bytes();
  assert.equal(loaded.names().length, 2);
  assert.ok(all <= BOTH, `loader and panel are ${all} bytes on the wire`);
  // A second visit takes both from the cache or hears that nothing has changed.
  const panel = await page.request.get(`${weikefu.origin}/w/${loaded.names()[1]}`);
  assert.match(panel.headers()["cache-control"], /immutable/);
  const loader = await page.request.get(`${weikefu.origin}/w/loader.js`);
  assert.equal(loader.headers()["cache-control"], "no-cache");
});

scene("a click while the hover's download is under way opens once", async (stage) => {
  const weikefu = await stage.weikefu();
  const host = await stage.host({ server: weikefu.origin, key: key(weikefu) });
  const page = await stage.page();
  const widget = new Widget(page);
  const arrival = gate();
  let downloads = 0;
  await page.route("**/w/panel-*", async (route) => {
    downloads += 1;
    await arrival.opened;
    await route.continue();
  });
  await page.goto(host.origin);
  await widget.launcher().hover();
  await until("the download has begun", () => downloads === 1);
  await widget.launcher().click();
  assert.equal(await widget.panel().count(), 0);
  arrival.open();
  await widget.ready();
  assert.equal(await widget.panel().count(), 1);
  assert.equal(await widget.launcher().count(), 1);
  assert.equal(await widget.launcher().getAttribute("aria-expanded"), "true");
  assert.equal(downloads, 1);
  await widget.launcher().click();
  await widget.panel().waitFor({ state: "detached" });
});

scene("a download that fails can be tried again", async (stage) => {
  const weikefu = await stage.weikefu();
  const host = await stage.host({ server: weikefu.origin, key: key(weikefu) });
  stage.allow(/console error: Failed to load resource: net::ERR_FAILED/);
  const page = await stage.page();
  let lost = 0;
  await page.route("**/w/panel-*", (route) => (lost++ === 0 ? route.abort() : route.continue()));
  await page.goto(host.origin);
  const widget = new Widget(page);
  await widget.launcher().click();
  await until("the first download failed", async () =>
    lost === 1 && (await widget.launcher().getAttribute("aria-busy")) === null);
  await widget.launcher().click();
  await widget.ready();
});

scene("the strictest policy and the worst style sheet change nothing", async (stage) => {
  const weikefu = await stage.weikefu();
  await weikefu.agents[0].online();
  const hostile = { policy: strictPolicy(weikefu.origin), style: HOSTILE_STYLE };
  const [plain, harsh] = await Promise.all([
    stage.host({ server: weikefu.origin, key: key(weikefu) }),
    stage.host({ server: weikefu.origin, key: key(weikefu), ...hostile }),
  ]);
  const looks = [];
  for (const [name, host] of [["plain", plain], ["harsh", harsh]]) {
    const page = await stage.page();
    const widget = await Widget.open(page, host.origin);
    await widget.say("你好");
    await widget.inState("你好", "sent").waitFor();
    await widget.get("upload").setInputFiles({ name: "tea.png", mimeType: "image/png", buffer: png() });
    await until("the picture", async () =>
      (await widget.root().locator('[data-testid="message"][data-state="sent"] img').count()) === 1);
    await widget.get("emoji").click();
    await widget.get("emoji-panel").waitFor();
    await stage.shot(page, `loader-1-${name}`);
    looks.push(await look(widget));
  }
  assert.deepEqual(looks[1], looks[0]);
});

/** Where the parts of the widget stand and how they look. */
async function look(widget) {
  const parts = {};
  for (const id of ["launcher", "panel", "header", "input", "send", "emoji-panel"]) {
    parts[id] = await widget.get(id).evaluate((element) => {
      const { width, height, right, bottom } = element.getBoundingClientRect();
      const { font, color, backgroundColor, direction, letterSpacing, textTransform, border } = getComputedStyle(element);
      const place = [width, height, innerWidth - right, innerHeight - bottom].map(Math.round);
      return { place, font, color, backgroundColor, direction, letterSpacing, textTransform, border };
    });
  }
  return parts;
}

scene("the page's own calls work before and after loading; its page stays as it was", async (stage) => {
  const weikefu = await stage.weikefu();
  const host = await stage.host({ server: weikefu.origin, key: key(weikefu) });
  const page = await stage.page();
  await page.addInitScript(() => {
    const queue = function (...call) {
      (queue.q = queue.q ?? []).push(call);
    };
    window.$weikefu = queue;
    window.heard = [];
    window.$weikefu("on", "open", () => window.heard.push("open"));
    window.$weikefu("on", "close", () => window.heard.push("close"));
    window.$weikefu("set", { lang: "en" });
    window.$weikefu("open");
  });
  await page.goto(host.origin);
  const widget = new Widget(page);
  await widget.ready();
  assert.equal(await widget.get("send").getAttribute("aria-label"), "Send");
  await page.evaluate(() => window.$weikefu("close"));
  await widget.panel().waitFor({ state: "detached" });
  assert.deepEqual(await page.evaluate(() => window.heard), ["open", "close"]);
  const left = await page.evaluate(() => ({
    globals: Object.keys(window).filter((name) => /wk|weikefu|preact/i.test(name)),
    body: [...document.body.children].map((element) => element.localName),
  }));
  assert.deepEqual(left.globals, ["$weikefu"]);
  assert.deepEqual(left.body, ["main", "script", "weikefu-chat"]);
});

scene("an answer that comes while the chat is closed is counted at the launcher", async (stage) => {
  const weikefu = await stage.weikefu();
  const [agent] = weikefu.agents;
  await agent.online();
  const host = await stage.host({ server: weikefu.origin, key: key(weikefu) });
  const page = await stage.page({ viewport: PHONE });
  const widget = await Widget.open(page, host.origin);
  await widget.say("有人吗");
  await widget.inState("有人吗", "sent").waitFor();
  await stage.shot(page, "loader-2-phone");
  await widget.get("close").click();
  const [{ id }] = (await agent.desk()).conversations;
  await agent.say(id, "来了");
  await widget.get("unread").getByText("1").waitFor();
  await stage.shot(page, "loader-3-unread");
  // Also for somebody who comes back later.
  await page.reload();
  await widget.get("unread").getByText("1").waitFor();
  await widget.launcher().click();
  await widget.message("来了").waitFor();
  const desk = await Desk.open(await stage.page({ agent }), weikefu.origin);
  await desk.pick("来了");
});
