// Search over all messages: found among their neighbours, narrowed, and one press away from their chat.
import assert from "node:assert/strict";
import { Desk } from "../harness/desk.js";
import { Work, named, writer } from "../harness/people.js";
import { PHONE, scene } from "../harness/stage.js";
import { until } from "../harness/until.js";

/** Two chats about tea of two channels, the first one still open with the agent, the second one over. */
async function shop(stage) {
  const weikefu = await stage.weikefu({ agents: ["小林", "小陈"], wechat: true });
  const [agent] = weikefu.agents;
  await agent.online();
  const visitor = await writer(weikefu, "你好");
  await visitor.say("想买龙井礼盒送长辈");
  await visitor.say("预算五百左右");
  const { openid } = await weikefu.sim("customers", { nickname: "小雨", follow: true });
  await weikefu.sim("text", { openid, content: "龙井的快递单号是多少" });
  await until("two chats", async () => (await agent.desk()).conversations.length === 2);
  await named(agent, { 预算五百左右: "龙井先生", 龙井的快递单号是多少: "小雨" });
  const chat = (name) => agent.desk().then(({ conversations }) => conversations.find(({ customer }) => customer.name === name));
  const rain = await chat("小雨");
  await agent.say(rain.id, "龙井礼盒昨天发出，SF1234567890");
  await agent.call("POST", `/conversations/${rain.id}/close`, { epoch: (await chat("小雨")).epoch });
  await until("everything in the index", async () => (await agent.call("GET", `/search?q=${encodeURIComponent("龙井")}`)).hits.length === 3);
  return { weikefu, agent, tea: await chat("龙井先生") };
}

scene("messages are found in context, narrowed by conditions of the address, and opened", async (stage) => {
  const { weikefu, agent, tea } = await shop(stage);
  const page = await stage.page({ agent });
  const work = new Work(page, weikefu.origin);
  const found = work.get("found");
  const hits = (count) => until(`${count} hits`, async () => (await found.count()) === count);
  const desk = await Desk.open(page, weikefu.origin);
  await work.get("rail-search").click();
  await page.getByText("查找任何一句聊过的话").waitFor();
  await work.get("search-words").fill("龙");
  await page.getByText("请至少输入 2 个字").waitFor();
  await work.get("search-words").fill("龙井");
  await hits(3);
  assert.equal(await work.get("found-chat").count(), 2);
  assert.deepEqual(await found.locator("mark").allTextContents(), ["龙井", "龙井", "龙井"]);
  // What was said before and after stands beside it.
  await found.filter({ hasText: "想买龙井礼盒送长辈" }).filter({ hasText: "你好" }).filter({ hasText: "预算五百左右" }).waitFor();
  assert.equal(work.query().q, "龙井");
  await stage.shot(page, "search-1-found");

  await work.get("search-channel").click();
  await work.get("choice").filter({ hasText: "演示公众号" }).click();
  await hits(2);
  await page.reload();
  await hits(2);
  assert.match(work.query().channel, /^\d+$/);
  await work.get("search-time").click();
  await work.get("search-to").fill("2020-01-01");
  await work.get("search-to").dispatchEvent("change");
  await page.getByText("没有找到“龙井”").waitFor();
  await page.keyboard.press("Escape");
  await work.get("filter-clear").click();
  await hits(3);

  // A chat that is over is read beside the list.
  await found.filter({ hasText: "SF1234567890" }).click();
  await work.get("reader").getByTestId("message").filter({ hasText: "SF1234567890" }).waitFor();
  await stage.shot(page, "search-2-reader");
  await page.goBack();
  await work.get("reader").waitFor({ state: "detached" });

  // An open one of one's own is answered at once.
  await found.filter({ hasText: "想买龙井礼盒送长辈" }).click();
  await page.waitForURL(`**/desk/${tea.id}?at=*`);
  await desk.message("想买龙井礼盒送长辈").waitFor();
  await desk.composer().waitFor();
  await page.goBack();
  await hits(3);
});

scene("the command bar finds customers and messages of the whole shop", async (stage) => {
  const { weikefu, agent } = await shop(stage);
  const page = await stage.page({ agent });
  const desk = await Desk.open(page, weikefu.origin);
  const option = (text) => desk.get("command-option").filter({ hasText: text });
  const type = async (text) => {
    await page.keyboard.press("Control+k");
    await desk.get("command-input").fill(text);
  };
  await type("小雨");
  await option("小雨").first().waitFor();
  await page.keyboard.press("Enter");
  await desk.get("sheet-name").filter({ hasText: "小雨" }).waitFor();
  await type("SF1234");
  await option("SF1234567890").waitFor();
  await stage.shot(page, "search-3-command");
  await page.keyboard.press("Enter");
  await desk.get("reader").getByText("SF1234567890").waitFor();
  await type("SF1234");
  await option("搜索全部消息").click();
  await until("the page of hits", async () => (await desk.get("found").count()) === 1);
});

scene("while the index is being made the page says so and completes itself", async (stage) => {
  const { weikefu, agent } = await shop(stage);
  const page = await stage.page({ agent, viewport: PHONE });
  const work = new Work(page, weikefu.origin);
  let ready = false;
  await page.route("**/api/shops/1/search?*", async (route) => {
    if (ready) return route.continue();
    await route.fulfill({ json: { hits: [], next: null, building: { done: 40, total: 100 } } });
  });
  await work.open("search?q=%E9%BE%99%E4%BA%95");
  await work.get("search-building").filter({ hasText: "40%" }).waitFor();
  await stage.shot(page, "search-4-building");
  ready = true;
  await until("the hits", async () => (await work.get("found").count()) === 3);
  await work.get("search-building").waitFor({ state: "detached" });
  await stage.shot(page, "search-5-phone");
});
