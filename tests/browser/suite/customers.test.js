// The list of customers (A3.1): found by conditions that stay in the address, looked at beside it, and written to.
import assert from "node:assert/strict";
import { Desk } from "../harness/desk.js";
import { Work, named, writer } from "../harness/people.js";
import { PHONE, scene } from "../harness/stage.js";
import { until } from "../harness/until.js";

/** A shop that knows three web visitors and one follower of the account, served by its first agent. */
async function shop(stage) {
  const weikefu = await stage.weikefu({ agents: ["小林", "小陈"], wechat: true });
  const [agent] = weikefu.agents;
  await agent.online();
  for (const text of ["想买龙井", "想买普洱", "想买白茶"]) await writer(weikefu, text);
  const { openid } = await weikefu.sim("customers", { nickname: "小雨", follow: true });
  await weikefu.sim("text", { openid, content: "公众号来的" });
  await until("four chats", async () => (await agent.desk()).conversations.length === 4);
  await named(agent, { 想买龙井: "龙井先生", 想买普洱: "普洱女士", 想买白茶: "白茶奶奶", 公众号来的: "小雨" });
  const vip = await agent.call("POST", "/tags", { name: "老客户" });
  const chats = (await agent.desk()).conversations;
  const chat = (text) => chats.find(({ last }) => last.text === text);
  for (const text of ["想买龙井", "公众号来的"]) await agent.call("PUT", `/customers/${chat(text).customer.id}/tags`, { tags: [vip.id] });
  return { weikefu, agent, openid, chat };
}

const close = (agent, { id, epoch }) => agent.call("POST", `/conversations/${id}/close`, { epoch });

scene("customers are found by conditions that stay in the address", async (stage) => {
  const { weikefu, agent } = await shop(stage);
  const page = await stage.page({ agent });
  const work = new Work(page, weikefu.origin);
  await Desk.open(page, weikefu.origin);
  await work.get("rail-customers").click();
  await work.shown(4);

  await work.choose("tags", "老客户");
  await work.shown(2);
  assert.match(work.query().tags, /^\d+$/);
  await work.choose("channel", "演示公众号");
  await work.shown(1);
  await work.person("小雨").waitFor();
  assert.deepEqual(Object.keys(work.query()).sort(), ["channel", "tags"]);
  await stage.shot(page, "customers-1-filtered");

  // The address is all of it: it can be kept and opened again.
  await page.reload();
  await work.shown(1);
  await work.get("filter-channel-clear").click();
  await work.shown(2);
  await work.get("people-search").fill("龙井");
  await work.shown(1);
  await until("the words in the address", () => work.query().q === "龙井");
  await work.get("people-search").fill("没有这个人");
  await work.shown(0);
  await page.getByText("没有符合条件的客户").waitFor();
  await work.get("filter-clear").click();
  await work.shown(4);
  assert.deepEqual(work.query(), {});

  // By what they did: only the account tells that somebody followed.
  await work.choose("deed", "关注了公众号");
  await work.shown(1);
  assert.equal(work.query().did, "follow");
});

scene("a row opens the customer beside the list", async (stage) => {
  const { weikefu, agent, openid, chat } = await shop(stage);
  const [tea, account, white] = ["想买龙井", "公众号来的", "想买白茶"].map(chat);
  for (const view of [tea, account]) await close(agent, view);
  const page = await stage.page({ agent });
  const work = new Work(page, weikefu.origin);
  await work.customers();
  await work.person("龙井先生").getByTestId("person-open").click();
  await work.get("sheet-name").filter({ hasText: "龙井先生" }).waitFor();
  await work.get("record-item").filter({ hasText: "想买龙井" }).click();
  await work.get("reader").getByText("想买龙井").waitFor();
  await until("the message in the address", () => Boolean(work.query().at));
  await work.get("reader-back").click();
  await work.get("record-item").first().waitFor();
  await work.get("sheet-tab-behaviours").click();
  await work.get("behaviours").waitFor();
  await work.get("sheet-tab-details").click();
  await work.get("sheet-mark").fill("答应周五前回复");
  await work.get("sheet-mark-add").click();
  await page.getByText("答应周五前回复").waitFor();
  await stage.shot(page, "customers-2-details");

  // The address is the customer and the tab as well.
  await page.reload();
  await page.getByText("答应周五前回复").waitFor();

  // Who has left the account cannot be written to, and the page says why.
  await weikefu.sim("event", { openid, event: "unsubscribe" });
  await until("the reason in the list", async () => {
    const { rows } = await agent.call("GET", "/customers");
    return rows.find(({ id }) => id === account.customer.id).contact.code === "customer_unfollowed";
  });
  await page.reload();
  await work.person("小雨").getByTestId("person-open").click();
  await work.get("contact-refused").filter({ hasText: "取消关注" }).waitFor();
  assert.ok(await work.get("sheet-contact").isDisabled());

  // Who has a chat is led to it; who has none gets one by 联系TA.
  await work.person("白茶奶奶").getByTestId("person-open").click();
  await work.get("sheet-open").click();
  await page.waitForURL(`**/desk/${white.id}`);
  await page.goBack();
  await work.person("龙井先生").getByTestId("person-open").click();
  await work.get("sheet-contact").click();
  const desk = new Desk(page, weikefu.origin);
  await page.waitForURL("**/desk/*");
  await desk.message("想买龙井").waitFor();
  await desk.say("您好，上次的龙井还满意吗？");
  await desk.inState("上次的龙井", "accepted").waitFor();
  await stage.shot(page, "customers-3-contact");
});

scene("on a phone the list gives way to the customer", async (stage) => {
  const { weikefu, agent } = await shop(stage);
  const page = await stage.page({ agent, viewport: PHONE });
  const work = new Work(page, weikefu.origin);
  await Desk.open(page, weikefu.origin);
  await work.get("tab-customers").click();
  await work.shown(4);
  await stage.shot(page, "customers-4-phone");
  await work.person("普洱女士").getByTestId("person-open").click();
  await work.get("sheet-name").filter({ hasText: "普洱女士" }).waitFor();
  assert.equal(await work.people().first().isVisible(), false);
  await stage.shot(page, "customers-5-phone-sheet");
  await page.goBack();
  await work.people().first().waitFor();
});
