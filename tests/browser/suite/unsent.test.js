// What an agent writes without a connection: it waits, over a reload too, and arrives once and in order.
import assert from "node:assert/strict";
import { Desk } from "../harness/desk.js";
import { png } from "../harness/picture.js";
import { scene } from "../harness/stage.js";
import { until } from "../harness/until.js";
import { Visitor } from "../harness/visitor.js";

/** What the browser writes down while the line is cut. */
const CUT = /console error: .*(ERR_|WebSocket connection)/;
/** Everything an agent sends, and his live connection. */
const SENDING = /^(POST \S+\/(messages|media) |GET \S+\/events)/;
/** Within which a page that was cut off has come back by itself. */
const BACK = 60_000;

async function chat(stage) {
  const weikefu = await stage.weikefu();
  const [agent] = weikefu.agents;
  await agent.online();
  await (await Visitor.arrive(weikefu)).say("想买点龙井");
  const wire = await stage.wire(weikefu);
  const page = await stage.page({ agent, origin: wire.origin });
  stage.allow(CUT);
  await page.clock.install();
  const desk = await Desk.open(page, wire.origin);
  await desk.pick("想买点龙井");
  const [conversation] = (await agent.desk()).conversations;
  const thread = () => agent.thread(conversation.customer.id, conversation.channel.id);
  return { agent, wire, page, desk, thread };
}

scene("messages and a picture written offline survive a reload and arrive once, in order, by themselves", async (stage) => {
  const { agent, wire, page, desk, thread } = await chat(stage);
  await agent.call("PUT", "/settings/shop", { ...(await agent.call("GET", "/settings/shop")), away_seconds: 15 });
  wire.cut();
  await desk.say("第一句");
  await desk.get("file-image").setInputFiles({ name: "茶壶.png", mimeType: "image/png", buffer: png() });
  await desk.get("attachment").waitFor();
  await desk.say("第二句");
  for (const text of ["第一句", "第二句"]) await desk.inState(text, "waiting").waitFor();
  const waiting = page.locator('[data-testid="message"][data-state="waiting"]');
  await until("three wait", async () => (await waiting.count()) === 3);
  await desk.get("item-unsent").waitFor();
  // So long that he is taken for away.
  const presence = async () => (await agent.desk()).me.presence;
  await until("nearly away", async () => (await presence()) === "lost").catch(() => undefined);
  await until("away", async () => (await presence()) === "lost");
  await stage.shot(page, "unsent-1-waiting");

  wire.lose(SENDING);
  wire.mend();
  await page.reload();
  await desk.ready();
  await until("three still wait", async () => (await waiting.count()) === 3);
  assert.deepEqual((await waiting.allTextContents()).map((text) => /第.句/.exec(text)?.[0]), ["第一句", undefined, "第二句"]);
  await waiting.locator("img").waitFor();
  await stage.shot(page, "unsent-2-reloaded");
  assert.deepEqual(await thread(), ["想买点龙井"]);

  wire.lose(null);
  await desk.inState("第二句", "accepted").waitFor({ timeout: BACK });
  assert.deepEqual(await thread(), ["想买点龙井", "第一句", "image", "第二句"]);
  await waiting.first().waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("weikefu.unsent")).length), 0);
  await page.reload();
  await desk.ready();
  await desk.message("第二句").waitFor();
  assert.deepEqual(await thread(), ["想买点龙井", "第一句", "image", "第二句"]);
});

scene("a message whose answer was lost is the same message after a reload", async (stage) => {
  const { wire, page, desk, thread } = await chat(stage);
  let lost = false;
  await page.route("**/messages", async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    if (!lost) await route.fetch();
    lost = true;
    wire.cut();
    await route.abort();
  });
  await desk.say("到了没有");
  await until("stored, and unsent as far as the page knows", async () => (await thread()).length === 2 && lost);
  assert.equal(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("weikefu.unsent")).length), 1);
  await page.unrouteAll();
  wire.mend();
  await page.reload();
  await desk.ready();
  await desk.inState("到了没有", "accepted").waitFor();
  await until("no second one", async () => (await desk.messages().filter({ hasText: "到了没有" }).count()) === 1);
  assert.deepEqual(await thread(), ["想买点龙井", "到了没有"]);
});

scene("after ten minutes a message is no longer sent by itself, which is said; by hand it is", async (stage) => {
  const { wire, page, desk, thread } = await chat(stage);
  wire.cut();
  await desk.say("来晚了");
  await desk.inState("来晚了", "waiting").waitFor();
  await page.clock.fastForward("09:00");
  await desk.inState("来晚了", "waiting").waitFor();
  await page.clock.fastForward("02:00");
  await desk.inState("来晚了", "failed").getByText("10 分钟没有连上网络").waitFor();
  await stage.shot(page, "unsent-3-given-up");
  wire.mend();
  await page.reload();
  await desk.ready();
  await desk.inState("来晚了", "failed").waitFor();
  assert.deepEqual(await thread(), ["想买点龙井"]);
  await desk.inState("来晚了", "failed").getByTestId("retry").click();
  await desk.inState("来晚了", "accepted").waitFor();
  assert.deepEqual(await thread(), ["想买点龙井", "来晚了"]);
});

scene("a list that ends with a message that was refused follows what comes in after a gap", async (stage) => {
  const { agent, wire, page, desk } = await chat(stage);
  stage.allow(/console error: Failed to load resource: .*status of 422/);
  const refused = { status: 422, contentType: "application/json", body: JSON.stringify({ code: "invalid", message: "不能这样写" }) };
  await page.route("**/messages", (route) => (route.request().method() === "POST" ? route.fulfill(refused) : route.continue()));
  await desk.say("被拒绝的一句");
  await desk.inState("被拒绝的一句", "failed").waitFor();
  wire.cut();
  await desk.get("offline-banner").waitFor();
  const [{ id }] = (await agent.desk()).conversations;
  for (let index = 1; index <= 40; index++) await agent.say(id, `断网时的第 ${index} 句`);
  wire.mend();
  await desk.message("断网时的第 40 句").waitFor({ timeout: BACK });
  await until("the list is at its end", () => desk.atEnd());
  assert.equal(await desk.get("new-messages").count(), 0);
});
