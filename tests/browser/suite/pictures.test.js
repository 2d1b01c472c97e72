// Pictures and other outgoing messages: chosen, pasted, dropped; their progress, their states, and trying again.
import assert from "node:assert/strict";
import { Desk } from "../harness/desk.js";
import { png } from "../harness/picture.js";
import { scene } from "../harness/stage.js";
import { until } from "../harness/until.js";
import { Widget } from "../harness/widget.js";

const SEND = "/cgi-bin/message/custom/send";
const UPLOAD = "/cgi-bin/media/upload";

/** A page of a chat with a WeChat customer who has just written. */
async function wechatChat(stage) {
  const weikefu = await stage.weikefu({ wechat: true });
  await weikefu.agents[0].online();
  const { openid } = await weikefu.sim("customers", { nickname: "小雨", follow: true });
  await weikefu.sim("text", { openid, content: "想看看茶具的样子" });
  const page = await stage.page({ agent: weikefu.agents[0] });
  const desk = await Desk.open(page, weikefu.origin);
  await desk.pick("想看看茶具");
  return { weikefu, desk, page, openid };
}

/** Hands files over as the clipboard or a drag does. */
function hand(target, event, files) {
  return target.evaluate((element, { event, files }) => {
    const data = new DataTransfer();
    for (const { name, type, base64 } of files) {
      data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name, { type }));
    }
    const init = { bubbles: true, cancelable: true, composed: true };
    if (event === "paste") element.dispatchEvent(new ClipboardEvent("paste", { ...init, clipboardData: data }));
    else for (const kind of ["dragenter", "dragover", "drop"]) element.dispatchEvent(new DragEvent(kind, { ...init, dataTransfer: data }));
  }, { event, files: files.map(({ name, mimeType, buffer }) => ({ name, type: mimeType, base64: buffer.toString("base64") })) });
}

const picture = (name, options) => ({ name, mimeType: "image/png", buffer: png(options) });

/** Slows what the page sends down to `rate` bytes a second. */
async function slow(page, rate) {
  const client = await page.context().newCDPSession(page);
  await client.send("Network.enable");
  const limits = { offline: false, latency: 0, downloadThroughput: -1 };
  await client.send("Network.emulateNetworkConditions", { ...limits, uploadThroughput: rate });
  return () => client.send("Network.emulateNetworkConditions", { ...limits, uploadThroughput: -1 });
}

scene("pictures by file, paste and drop reach WeChat, and show their progress", async (stage) => {
  const { weikefu, desk, page, openid } = await wechatChat(stage);
  const sent = (count) => until(`${count} sent`, async () => (await weikefu.sent(openid)).length === count);
  const attachment = desk.get("attachment");

  await desk.get("file-image").setInputFiles(picture("茶壶.png", {}));
  await attachment.filter({ hasText: "茶壶.png" }).waitFor();
  await stage.shot(page, "pictures-1-tray");
  await desk.get("send").click();
  await sent(1);

  await hand(desk.composer(), "paste", [picture("截图.png", { hue: 60 })]);
  await attachment.filter({ hasText: "截图.png" }).waitFor();
  await desk.composer().press("Enter");
  await sent(2);

  await hand(page.locator(".chat"), "drop", [picture("拖入.png", { hue: 120 })]);
  await attachment.filter({ hasText: "拖入.png" }).waitFor();
  await desk.composer().fill("三张都是今年的新款");
  await desk.get("send").click();
  await sent(4);
  const kinds = (await weikefu.sent(openid)).map(({ msgtype }) => msgtype);
  assert.deepEqual(kinds, ["image", "image", "image", "text"], "in the order of the composer");
  await desk.inState("三张都是", "accepted").waitFor();

  // A phone's photograph on a slow line.
  const large = picture("大图.png", { width: 900, height: 700, noise: 0.9 });
  const fast = await slow(page, 60_000);
  await desk.get("file-image").setInputFiles(large);
  await desk.get("send").click();
  const bar = page.getByRole("progressbar");
  await bar.waitFor();
  const first = await until("progress", async () => Number(await bar.getAttribute("aria-valuenow")) || null);
  await until("more progress", async () => Number(await bar.getAttribute("aria-valuenow")) > first);
  await page.getByText("上传中", { exact: true }).first().waitFor();
  await stage.shot(page, "pictures-2-progress");
  await fast();
  await sent(5);
  await until("all accepted", async () => (await page.locator('[data-state="accepted"]').count()) === 5);

  const open = page.getByRole("button", { name: "查看大图" }).last();
  await open.click();
  await page.locator(".el-image-viewer__wrapper img").waitFor();
  await stage.shot(page, "pictures-3-viewer");
  await page.keyboard.press("Escape");
  await page.locator(".el-image-viewer__wrapper").waitFor({ state: "detached" });
});

scene("an upload can be stopped, and what the channel refuses is told before it is sent", async (stage) => {
  const { weikefu, desk, page, openid } = await wechatChat(stage);
  await slow(page, 20_000);
  await desk.get("file-image").setInputFiles(picture("大图.png", { width: 600, height: 400, noise: 0.9 }));
  await desk.get("send").click();
  await desk.get("cancel-upload").click();
  await page.getByRole("progressbar").waitFor({ state: "detached" });

  const wrong = { name: "报价.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7") };
  await hand(page.locator(".chat"), "drop", [wrong]);
  await desk.get("attachment").getByRole("alert").waitFor();
  assert.ok(await desk.get("send").isDisabled());
  await stage.shot(page, "pictures-4-refused");
  await page.getByRole("button", { name: "移除 报价.pdf" }).click();
  await desk.composer().fill("长".repeat(700));
  await page.getByText("太长了").waitFor();
  assert.ok(await desk.get("send").isDisabled());
  await stage.shot(page, "pictures-5-too-long");
  await desk.say("只发了这一句");
  await desk.inState("只发了这一句", "accepted").waitFor();
  assert.equal((await weikefu.sent(openid)).length, 1);
});

scene("a refused message says why and can be sent again", async (stage) => {
  const { weikefu, desk, page, openid } = await wechatChat(stage);
  await weikefu.sim("faults", { path: SEND, fault: "errcode", value: 45015 });
  await desk.say("这条会被拒绝");
  const failed = desk.inState("这条会被拒绝", "failed");
  await failed.getByText("48 小时内没有发来消息").waitFor();
  await stage.shot(page, "pictures-6-failed");
  // The refusal has closed the ledger: trying again is insisting.
  await failed.getByTestId("retry-force").click();
  await desk.inState("这条会被拒绝", "accepted").waitFor();
  assert.equal((await weikefu.sent(openid)).length, 1);

  await weikefu.sim("faults", { path: UPLOAD, fault: "errcode", value: 40009 });
  await desk.get("force").click();
  await desk.get("file-image").setInputFiles(picture("太大.png"));
  await desk.get("send").click();
  const refused = page.locator('[data-state="failed"]');
  await refused.getByText("图片超过微信的大小限制").waitFor();
  await refused.getByTestId("retry-force").click();
  await until("two accepted", async () => (await page.locator('[data-state="accepted"]').count()) === 2);
});

scene("a lost answer leaves the result unknown and warns of sending twice", async (stage) => {
  const { weikefu, desk, page, openid } = await wechatChat(stage);
  await weikefu.sim("faults", { path: SEND, fault: "lost" });
  await desk.say("到底发出去没有");
  const unknown = desk.inState("到底发出去没有", "unknown");
  await unknown.getByText("结果未知").waitFor();
  assert.match(await unknown.textContent(), /可能已/);
  await stage.shot(page, "pictures-7-unknown");
  assert.equal((await weikefu.sent(openid)).length, 1, "nothing is sent again by itself");
  await unknown.getByTestId("retry").click();
  await desk.inState("到底发出去没有", "accepted").waitFor();
  assert.equal((await weikefu.sent(openid)).length, 2);
});

scene("a message that never reached the server is kept, told and sent once", async (stage) => {
  const { weikefu, desk, page, openid } = await wechatChat(stage);
  stage.allow(/console error: Failed to load resource: net::ERR/, /console error:.*ERR_INTERNET_DISCONNECTED/);
  // Answered with nothing three times: the request arrives, the answer does not.
  let lost = 0;
  await page.route("**/messages", async (route) => {
    if (route.request().method() !== "POST" || lost === 2) return route.continue();
    lost += 1;
    if (lost === 2) await route.fetch();
    await route.abort();
  });
  await desk.say("网络不好也只发一次");
  await desk.inState("网络不好也只发一次", "sending").waitFor();
  await desk.inState("网络不好也只发一次", "accepted").waitFor();
  assert.equal(lost, 2);
  assert.equal((await weikefu.sent(openid)).length, 1);
  assert.equal(await desk.messages().filter({ hasText: "网络不好也只发一次" }).count(), 1);
});

scene("a visitor sends pictures by file, paste and drop, with progress", async (stage) => {
  const weikefu = await stage.weikefu();
  await weikefu.agents[0].online();
  const host = await stage.host({ server: weikefu.origin, key: weikefu.h5.path.split("/")[2] });
  const page = await stage.page();
  const widget = await Widget.open(page, host.origin);
  const stored = widget.root().locator('[data-testid="message"][data-state="sent"] img');
  const fast = await slow(page, 40_000);
  await widget.get("upload").setInputFiles(picture("照片.png", { width: 700, height: 500, noise: 0.9 }));
  const bar = widget.get("progress");
  await until("progress", async () => Number(await bar.getAttribute("aria-valuenow")) > 0);
  await stage.shot(page, "pictures-8-widget-progress");
  await fast();
  await until("one picture", async () => (await stored.count()) === 1);
  await hand(widget.input(), "paste", [picture("粘贴.png", { hue: 60 })]);
  await until("two pictures", async () => (await stored.count()) === 2);
  await hand(widget.panel(), "drop", [picture("拖入.png", { hue: 120 })]);
  await until("three pictures", async () => (await stored.count()) === 3);
  await until("loaded", () => stored.last().evaluate((image) => image.complete && image.naturalWidth === 320));
  stage.allow(/console error: Failed to load resource: .*status of 415/);
  await widget.get("upload").setInputFiles({ name: "x.png", mimeType: "image/png", buffer: Buffer.from("no picture") });
  await widget.root().getByText("PNG、JPG").first().waitFor();
  await stage.shot(page, "pictures-9-widget");

  const desk = await Desk.open(await stage.page({ agent: weikefu.agents[0] }), weikefu.origin);
  await desk.items().first().click();
  const seen = desk.page.locator(".picture img");
  await until("three pictures on the desk", async () => (await seen.count()) === 3);
  await until("the newest at the end of the screen", () => desk.atEnd());
  await until("loaded", () => seen.last().evaluate((image) => image.complete && image.naturalWidth === 320));
  await stage.shot(desk.page, "pictures-10-desk");
});
