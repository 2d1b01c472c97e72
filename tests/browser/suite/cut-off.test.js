// The line goes down under traffic: afterwards both sides show the same history, and nothing is sent twice.
import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { Desk } from "../harness/desk.js";
import { scene } from "../harness/stage.js";
import { until } from "../harness/until.js";
import { Widget } from "../harness/widget.js";

/** How long both lines stay down, and how often a message passes meanwhile, milliseconds. */
const CUT_OFF = 30_000;
const PACE = 1_000;
/** Within which a page that was cut off for so long has come back by itself: its longest pause, and some. */
const BACK = 60_000;

/** What the browser writes down while the line is cut. */
const CUT = /console error: .*(ERR_|WebSocket connection)/;

/** An open chat seen from both sides, each over a wire of its own. */
async function chat(stage) {
  const weikefu = await stage.weikefu();
  const [agent] = weikefu.agents;
  await agent.online();
  const wires = { desk: await stage.wire(weikefu), widget: await stage.wire(weikefu) };
  const host = await stage.host({ server: wires.widget.origin, key: weikefu.h5.path.split("/")[2] });
  const widget = await Widget.open(await stage.page(), host.origin);
  await widget.say("一切正常时的问题");
  await widget.inState("一切正常时的问题", "sent").waitFor();
  const page = await stage.page({ agent, origin: wires.desk.origin });
  const desk = await Desk.open(page, wires.desk.origin);
  await desk.pick("一切正常时的问题");
  const [conversation] = (await agent.desk()).conversations;
  const thread = () => agent.thread(conversation.customer.id, conversation.channel.id);
  return { weikefu, agent, wires, widget, desk, conversation, thread };
}

/** Waits until a page shows exactly this thread. */
const shows = (what, texts, thread) =>
  until(`${what} shows ${thread.length} messages`, async () => {
    const shown = (await texts()).map((text) => text.trim());
    assert.deepEqual(shown, thread);
    return true;
  });

scene("both sides are cut off under traffic and show the same history afterwards", async (stage) => {
  const { agent, wires, widget, desk, conversation, thread } = await chat(stage);
  stage.allow(CUT);
  await desk.say("先答一句");
  await desk.inState("先答一句", "accepted").waitFor();
  await widget.message("先答一句").waitFor();

  wires.widget.cut();
  await widget.get("banner").waitFor();
  await widget.say("断网时写的第一条");
  await widget.say("断网时写的第二条");
  for (let index = 1; index <= 12; index++) await agent.say(conversation.id, `客户断网时的回复 ${index}`);
  await desk.message("客户断网时的回复 12").waitFor();
  await stage.shot(widget.page, "cut-off-1-widget");

  wires.desk.cut();
  await desk.say("断网时的答复");
  const mended = Date.now() + CUT_OFF;
  let last = 12;
  for (; Date.now() < mended || last <= 30; await setTimeout(PACE)) await agent.say(conversation.id, `两边都断网时的回复 ${++last}`);
  await desk.get("offline-banner").waitFor();
  await desk.inState("断网时的答复", "waiting").waitFor();
  await stage.shot(desk.page, "cut-off-2-desk");

  wires.widget.mend();
  await widget.inState("断网时写的第二条", "sent").waitFor({ timeout: BACK });
  await widget.get("banner").waitFor({ state: "detached" });
  await widget.message(`两边都断网时的回复 ${last}`).waitFor();
  wires.desk.mend();
  await desk.reconnected();
  // It has waited all the time and goes out by itself, and the list has followed to the end.
  await desk.inState("断网时的答复", "accepted").waitFor();

  const history = await until("everything stored", async () => {
    const texts = await thread();
    return texts.length === last + 5 && texts;
  });
  assert.equal(new Set(history).size, last + 5, "nothing twice");
  assert.ok(history.indexOf("断网时写的第一条") < history.indexOf("断网时写的第二条"), "the visitor's order is kept");
  await shows("the widget", () => widget.texts(), history);
  // The desk draws what is near the screen only: its end must be the thread's, and so must a page loaded anew.
  const end = async (page) => (await page.locator('[data-testid="message"]').last().textContent()).includes(history.at(-1));
  await until("the desk's end", () => end(desk.page));
  const seqs = await desk.messages().evaluateAll((rows) => rows.map((row) => Number(row.dataset.seq)));
  assert.deepEqual(seqs, seqs.map((_, index) => seqs[0] + index), "no gap and no double on the desk");
  await stage.shot(desk.page, "cut-off-3-desk-after");
  await stage.shot(widget.page, "cut-off-4-widget-after");
});

scene("a console that is offline for a while catches up by itself", async (stage) => {
  const { agent, desk, widget, conversation } = await chat(stage);
  stage.allow(CUT);
  await desk.page.context().setOffline(true);
  await widget.say("您还在吗");
  await agent.say(conversation.id, "我在另一台电脑上");
  await desk.page.context().setOffline(false);
  await desk.message("我在另一台电脑上").waitFor();
  await desk.inState("您还在吗", "received").waitFor();
  assert.equal(await desk.messages().filter({ hasText: "我在另一台电脑上" }).count(), 1);
});

scene("what a visitor wrote and could not send survives a reload and is sent once", async (stage) => {
  const { wires, widget, desk, thread } = await chat(stage);
  stage.allow(CUT);
  // The scripts come from the wire too: the page itself must load while messages do not pass.
  await widget.page.route(/\/c\/[^/]+\/(messages|poll)/, (route) => route.abort());
  await widget.page.routeWebSocket(/\/ws$/, (socket) => socket.close());
  wires.widget.cut();
  await widget.get("banner").waitFor();
  await widget.say("没发出去的消息");
  await widget.inState("没发出去的消息", "sending").waitFor();
  await widget.input().fill("还没写完的草稿");
  wires.widget.mend();
  await widget.page.reload();
  await widget.launcher().click();
  await widget.ready();
  assert.equal(await widget.input().inputValue(), "还没写完的草稿");
  await widget.inState("没发出去的消息", "sending").waitFor();
  await stage.shot(widget.page, "cut-off-5-unsent");
  await widget.page.unrouteAll();
  await widget.page.reload();
  await widget.launcher().click();
  await widget.ready();
  await widget.inState("没发出去的消息", "sent").waitFor();
  await desk.message("没发出去的消息").waitFor();
  await widget.page.reload();
  await widget.launcher().click();
  await widget.message("没发出去的消息").waitFor();
  assert.equal((await thread()).filter((text) => text === "没发出去的消息").length, 1);
  assert.equal(await widget.messages().filter({ hasText: "没发出去的消息" }).count(), 1);
});

scene("without WebSockets the widget talks by long polling", async (stage) => {
  const weikefu = await stage.weikefu();
  await weikefu.agents[0].online();
  const wire = await stage.wire(weikefu);
  wire.refuseSockets();
  stage.allow(/console error: WebSocket connection/);
  const host = await stage.host({ server: wire.origin, key: weikefu.h5.path.split("/")[2] });
  const page = await stage.page();
  const polls = [];
  page.on("request", (request) => request.url().includes("/poll") && polls.push(request));
  const widget = await Widget.open(page, host.origin);
  await widget.say("公司网络不让用长连接");
  await widget.inState("公司网络不让用长连接", "sent").waitFor();
  const desk = await Desk.open(await stage.page({ agent: weikefu.agents[0] }), weikefu.origin);
  await desk.pick("公司网络不让用长连接");
  await desk.say("没关系，一样能聊");
  await widget.message("没关系，一样能聊").waitFor();
  await widget.say("真的可以");
  await desk.message("真的可以").waitFor();
  assert.equal(wire.refused, 3, "three sockets were tried first");
  assert.ok(polls.length > 0);
});

scene("the console says that it is cut off and lets one try at once", async (stage) => {
  const weikefu = await stage.weikefu();
  const wire = await stage.wire(weikefu);
  const page = await stage.page({ agent: weikefu.agents[0], origin: wire.origin });
  await page.clock.install();
  const desk = await Desk.open(page, wire.origin);
  stage.allow(CUT);
  wire.cut();
  const counting = desk.get("offline-banner").getByText("秒后重连");
  await counting.waitFor();
  // The page's clock stands still: it does not come back by itself, however slow the hand at the button is.
  await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1_000));
  await counting.waitFor();
  wire.mend();
  await desk.get("reconnect").click();
  await desk.get("offline-banner").waitFor({ state: "detached" });
});
