// What happens by itself, as the people in front of it see it: automatic texts, ends, returned offers, tags, entries.
import assert from "node:assert/strict";
import { Desk } from "../harness/desk.js";
import { scene } from "../harness/stage.js";
import { until } from "../harness/until.js";
import { Visitor } from "../harness/visitor.js";
import { Widget } from "../harness/widget.js";

const shopSettings = async (agent, change) => agent.call("PUT", "/settings/shop", { ...(await agent.call("GET", "/settings/shop")), ...change });

scene("an automatic text that gives way to an agent's answers is shown as not sent, with the reason", async (stage) => {
  const weikefu = await stage.weikefu({ wechat: true });
  const [agent] = weikefu.agents;
  await shopSettings(agent, { reserve: 5 });
  await agent.settings({ offline: { on: true, text: "我暂时不在，稍后回复您。" } });
  await agent.online();
  const { openid } = await weikefu.sim("customers", { nickname: "小雨", follow: true });
  await weikefu.sim("text", { openid, content: "在吗" });
  const desk = await Desk.open(await stage.page({ agent }), weikefu.origin);
  await desk.pick("在吗");
  await agent.online(false);
  const text = desk.message("我暂时不在，稍后回复您。");
  await text.getByTestId("suppressed").getByText(/^未发送：/).waitFor();
  assert.match(await text.getByTestId("suppressed").textContent(), /未发送：.{2,}/);
  await stage.shot(desk.page, "by-itself-1-suppressed");
  assert.deepEqual((await weikefu.sent(openid)).map(({ content }) => content), []);
});

scene("an agent is told that a conversation will soon end by itself", async (stage) => {
  const weikefu = await stage.weikefu();
  const [agent] = weikefu.agents;
  await agent.settings({ close: { on: true, idle_minutes: 1, text: "祝您愉快" } });
  await agent.online();
  const visitor = await Visitor.arrive(weikefu);
  await visitor.say("几点关门");
  const desk = await Desk.open(await stage.page({ agent }), weikefu.origin);
  await desk.pick("几点关门");
  // Who has asked and got no answer is not closed away.
  assert.equal(await desk.get("closing-soon").count(), 0);
  await desk.say("六点");
  await desk.get("closing-soon").getByText(/^0:\d\d 后自动结束会话$/).waitFor();
  await stage.shot(desk.page, "by-itself-2-closing");
  await visitor.say("谢谢，再问一句");
  await desk.get("closing-soon").waitFor({ state: "detached" });
});

scene("an offer nobody answers comes back, and both desks show it", async (stage) => {
  const weikefu = await stage.weikefu({ agents: ["小林", "小陈"] });
  const [agent, colleague] = weikefu.agents;
  await shopSettings(agent, { transfer_seconds: 20 });
  await colleague.acceptance({ auto: false });
  await agent.online();
  await (await Visitor.arrive(weikefu)).say("想换个尺码");
  const mine = await Desk.open(await stage.page({ agent }), weikefu.origin);
  const theirs = await Desk.open(await stage.page({ agent: colleague }), weikefu.origin);
  await theirs.goOnline();
  await mine.pick("想换个尺码");
  const [{ id, epoch }] = (await agent.desk()).conversations;
  const seen = Promise.all([mine.get("transfer-pending").waitFor(), theirs.get("offer").getByText("换大一码").waitFor()]);
  await agent.call("POST", `/conversations/${id}/transfer`, { epoch, to: colleague.id, note: "换大一码" });
  await seen;
  await mine.toast("的转接无人接受，仍由您接待").waitFor();
  await mine.get("transfer-pending").waitFor({ state: "detached" });
  await theirs.get("offer").waitFor({ state: "detached" });
  await mine.say("还是我来帮您");
  await mine.inState("还是我来帮您", "accepted").waitFor();
});

scene("WeChat tags are read anew by a click", async (stage) => {
  const weikefu = await stage.weikefu({ wechat: true });
  const [agent] = weikefu.agents;
  await agent.online();
  const { openid } = await weikefu.sim("customers", { nickname: "小雨", follow: true });
  await weikefu.sim("text", { openid, content: "在吗" });
  const desk = await Desk.open(await stage.page({ agent }), weikefu.origin);
  await desk.pick("在吗");
  const tags = desk.get("channel-tags");
  await tags.waitFor();
  await weikefu.sim("tags", { openid, tags: "茶友会,批发" });
  await desk.get("customer-refresh").click();
  await tags.getByText("茶友会").waitFor();
  await tags.getByText("批发").waitFor();
  await stage.shot(desk.page, "by-itself-3-tags");
  await weikefu.sim("tags", { openid, tags: "批发" });
  await desk.get("customer-refresh").click();
  await tags.getByText("茶友会").waitFor({ state: "detached" });
});

scene("a closed entry: the widget goes, WeChat stays out, and an open panel comes back by itself", async (stage) => {
  const weikefu = await stage.weikefu({ wechat: true });
  const [agent] = weikefu.agents;
  await agent.online();
  stage.allow(/console error: Failed to load resource: .*status of 4\d\d/, /console error: WebSocket connection/);
  const host = await stage.host({ server: weikefu.origin, key: weikefu.h5.path.split("/")[2] });
  const page = await stage.page();
  await page.clock.install();
  const widget = await Widget.open(page, host.origin);
  await widget.say("在吗");
  await widget.inState("在吗", "sent").waitFor();
  const entries = await agent.call("GET", "/entries");
  const put = (on) => Promise.all(entries.map(({ id }) => agent.call("PUT", `/entries/${id}`, { on })));
  await put(false);

  // WeChat: nothing of what is written meanwhile is kept.
  const { openid } = await weikefu.sim("customers", { nickname: "小雨", follow: true });
  await weikefu.sim("text", { openid, content: "关着的时候" });
  assert.ok(!JSON.stringify(await agent.desk()).includes("关着的时候"));
  // A page opened now shows no chat at all.
  const late = await stage.page();
  const asked = late.waitForResponse(/\/c\//);
  await late.goto(host.origin);
  await asked;
  await until("no launcher", async () => (await new Widget(late).launcher().count()) === 0 || !(await new Widget(late).launcher().isVisible()));
  // Who talks is told so.
  await widget.get("barred").waitFor();
  await stage.shot(page, "by-itself-4-barred");

  await put(true);
  await page.clock.fastForward("00:40");
  await widget.input().waitFor();
  await widget.message("在吗").waitFor();
  await widget.say("又回来了");
  await widget.inState("又回来了", "sent").waitFor();
  await weikefu.sim("text", { openid, content: "开了以后" });
  await until("WeChat is back", async () => JSON.stringify(await agent.desk()).includes("开了以后"));
  await stage.shot(page, "by-itself-5-back");
});
