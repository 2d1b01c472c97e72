// What calls an agent who looks elsewhere: ring, pop-up, title; each once, however many tabs are open.
import assert from "node:assert/strict";
import { heard, listenTo, lookAway, rings } from "../harness/alerts.js";
import { Desk } from "../harness/desk.js";
import { NAMED, scene } from "../harness/stage.js";
import { until } from "../harness/until.js";
import { Visitor } from "../harness/visitor.js";

/** A page may sound only once somebody has touched it. */
const touch = (page) => page.locator(".list-scroll").click({ position: { x: 5, y: 300 } });

scene("three open tabs ring once, say who wrote, and a click opens the chat", async (stage) => {
  const weikefu = await stage.weikefu();
  const [agent] = weikefu.agents;
  await agent.online();
  const context = await stage.context({ agent });
  await listenTo(context);
  const desks = [];
  for (let index = 0; index < 3; index++) desks.push(await Desk.open(await context.newPage(), weikefu.origin));
  // Only a page that was touched may sound, and only one that nobody looks at needs a pop-up.
  for (const { page } of desks) {
    await page.locator(".list-scroll").click({ position: { x: 5, y: 300 } });
    await lookAway(page);
  }
  const counted = () => heard(desks.map(({ page }) => page));
  const visitor = await Visitor.arrive(weikefu);
  await visitor.say("有人吗");
  await Promise.all(desks.map((desk) => desk.item("有人吗").waitFor()));
  await until("a ring", async () => (await counted()).rings > 0);
  await visitor.say("请问几点关门");
  await Promise.all(desks.map((desk) => desk.item("请问几点关门").waitFor()));
  await until("the second ring", async () => (await counted()).rings >= 2);
  const { rings, popups } = await counted();
  assert.equal(rings, 2);
  assert.deepEqual(popups.map(({ body }) => body), ["有人吗", "请问几点关门"]);
  assert.equal(popups[0].tag, popups[1].tag, "one notification a conversation");
  // The title says so while nobody looks.
  await until("the title", () => desks[0].page.evaluate(() => document.title.startsWith("【新消息】")));

  const leader = (await Promise.all(desks.map(async ({ page }) => ({ page, has: await page.evaluate(() => Boolean(window.lastPopup)) })))).find(({ has }) => has).page;
  await leader.evaluate(() => window.lastPopup.onclick());
  await until("the chat", () => /\/desk\/\d+$/.test(new URL(leader.url()).pathname));
  // When the leader goes, another one rings.
  await leader.close();
  desks.splice(desks.findIndex(({ page }) => page === leader), 1);
  await visitor.say("还在吗");
  await Promise.all(desks.map((desk) => desk.item("还在吗").waitFor()));
  await until("a ring of the next", async () => (await counted()).rings === 1);
});

scene("a transfer offered to an agent who looks elsewhere rings, pops up and opens with its offer", async (stage) => {
  const weikefu = await stage.weikefu({ agents: ["小林", "小陈"] });
  const [agent, colleague] = weikefu.agents;
  await colleague.acceptance({ auto: false });
  await agent.online();
  await (await Visitor.arrive(weikefu)).say("想换个尺码");
  const context = await stage.context({ agent: colleague });
  await listenTo(context);
  const page = await context.newPage();
  const desk = await Desk.open(page, weikefu.origin);
  await desk.goOnline();
  await desk.get("rail-settings").click();
  await page.waitForURL(/settings\/account/);
  await lookAway(page);
  const offer = async (note) => {
    const [{ id, epoch }] = (await agent.desk()).conversations;
    await agent.call("POST", `/conversations/${id}/transfer`, { epoch, to: colleague.id, note });
  };
  await offer("要换大一码");
  await rings("a ring", [page], 1);
  const [popup] = (await heard([page])).popups;
  assert.match(popup.title, /^小林 转接：/);
  assert.equal(popup.body, "要换大一码");
  await until("the title", () => page.evaluate(() => document.title === "【转接】小林"));
  await page.evaluate(() => {
    document.hasFocus = () => true;
    window.lastPopup.onclick();
  });
  await page.waitForURL(/\/desk\/\d+$/);
  await desk.get("offer-bar").getByText("要换大一码").waitFor();
  await desk.message("想换个尺码").waitFor();
  await stage.shot(page, "alerts-1-offer");

  // Declined and offered again it calls again; with hidden content it names nobody.
  await desk.get("offer-bar").getByTestId("offer-decline").click();
  await desk.get("rail-settings").click();
  await desk.get("settings-alerts").click();
  await desk.get("alerts-hide").click();
  await lookAway(page);
  await offer("还是要换");
  await rings("another ring", [page], 2);
  const hidden = (await heard([page])).popups[1];
  assert.equal(hidden.body, "同事转接了一位客户给您");
  assert.ok(!JSON.stringify(hidden).includes("小林"));
});

scene("over plain HTTP, where a browser has no locks, one tab rings; the next one when it goes", async (stage) => {
  const weikefu = await stage.weikefu();
  const [agent] = weikefu.agents;
  await agent.online();
  // Any name but the machine's own: no secure context without a certificate.
  const origin = stage.named(weikefu);
  const context = await stage.context({ agent, origin });
  await listenTo(context);
  let pages = [];
  for (let index = 0; index < 3; index++) {
    const page = await context.newPage();
    await Desk.open(page, origin);
    await touch(page);
    await lookAway(page);
    pages.push(page);
  }
  assert.deepEqual(await pages[0].evaluate(() => [isSecureContext, navigator.locks === undefined, location.hostname]), [false, true, NAMED]);
  const visitor = await Visitor.arrive(weikefu);
  const say = async (text, count) => {
    await visitor.say(text);
    await Promise.all(pages.map((page) => page.getByText(text).first().waitFor()));
    await rings(text, pages, count);
  };
  const leads = async () => (await Promise.all(pages.map(async (page) => ({ page, rings: await page.evaluate(() => window.rings) })))).filter((one) => one.rings > 0);
  await say("第一句", 1);
  await say("第二句", 2);
  await say("第三句", 3);
  const [leader, ...others] = await leads();
  assert.deepEqual([leader.rings, others.length], [3, 0], "always the same tab");
  await leader.page.close();
  pages = pages.filter((page) => page !== leader.page);
  await say("第四句", 1);
  await say("第五句", 2);
  assert.equal((await leads()).length, 1);
});

scene("a customer nobody answers is rung for again, unless that is switched off", async (stage) => {
  const weikefu = await stage.weikefu();
  const [agent] = weikefu.agents;
  await agent.acceptance({ auto: false });
  await agent.online();
  const context = await stage.context({ agent });
  await listenTo(context);
  const page = await context.newPage();
  await page.clock.install();
  const desk = await Desk.open(page, weikefu.origin);
  await touch(page);
  await lookAway(page);
  await (await Visitor.arrive(weikefu)).say("有人吗");
  await rings("the first ring", [page], 1);
  await page.clock.fastForward("01:10");
  await rings("after a minute", [page], 2);
  await page.clock.fastForward("00:31");
  await rings("and half a minute later", [page], 3);
  assert.equal((await heard([page])).popups.length, 1, "a reminder shows nothing new");
  await desk.get("rail-settings").click();
  await desk.get("settings-alerts").click();
  await desk.get("alerts-repeat").click();
  await page.clock.fastForward("02:00");
  await (await Visitor.arrive(weikefu)).say("我是第二位");
  await rings("the new customer only", [page], 4);
});
