// The day of an agent at the real desk: from the first login to the last customer.
import assert from "node:assert/strict";
import { PASSWORD } from "../harness/agent.js";
import { Desk } from "../harness/desk.js";
import { Inspection, LOOKS } from "../harness/looks.js";
import { png } from "../harness/picture.js";
import { scene } from "../harness/stage.js";
import { until } from "../harness/until.js";
import { Visitor } from "../harness/visitor.js";

/** The bytes of a file the server keeps, as its first characters. */
async function media(weikefu, id) {
  return Buffer.from(await (await fetch(`${weikefu.origin}/m/${id}`)).arrayBuffer());
}

scene("accepts above the limit and answers with text, emoticon, stored reply, picture and voice", async (stage) => {
  const weikefu = await stage.weikefu({ wechat: true });
  const [agent] = weikefu.agents;
  await agent.acceptance({ limit: 1 });
  await agent.call("POST", "/quick-replies/mine/replies", { folder: null, title: "发货时间", text: "下午四点前付款，当天发货。" });
  await agent.call("POST", "/quick-replies/mine/replies", { folder: null, title: "问候", text: "您好，我是小林，请问有什么可以帮您？" });
  await agent.online();
  await (await Visitor.arrive(weikefu)).say("第一位客户");
  await until("the first is accepted", async () => (await agent.desk()).conversations.some(({ state }) => state === "active"));
  await agent.online(false);
  const { openid } = await weikefu.sim("customers", { nickname: "小雨", follow: true });
  await weikefu.sim("text", { openid, content: "请问今天能发货吗" });

  const context = await stage.context({ permissions: ["microphone"] });
  const page = await context.newPage();
  const desk = new Desk(page, weikefu.origin);
  await page.goto(weikefu.origin);
  await desk.login("agent1", PASSWORD);
  await desk.ready();
  await desk.goOnline();
  await desk.counts(1, 1);

  await desk.tab("waiting");
  await desk.item("今天能发货吗").click();
  await page.getByText("自动接待上限 1").waitFor();
  await desk.get("accept").click();
  await desk.counts(2, 0);
  await desk.composer().waitFor();

  const sent = (count) => until(`${count} sent`, async () => {
    const all = await weikefu.sent(openid);
    return all.length === count && all;
  });
  await desk.say("您好，请稍等");
  await desk.inState("您好，请稍等", "accepted").waitFor();
  await desk.get("emoji").click();
  await desk.get("emoji-grid").getByRole("button", { name: "微笑" }).click();
  await page.keyboard.press("Escape");
  assert.match(await desk.composer().inputValue(), /\[微笑\]/);
  await desk.get("send").click();
  await sent(2);

  // A stored reply by `/`: found by a word, put into the text, finished by hand.
  await desk.composer().pressSequentially("/发货");
  await desk.get("quick-reply").filter({ hasText: "发货时间" }).waitFor();
  await until("one reply", async () => (await desk.get("quick-reply").count()) === 1);
  await stage.shot(page, "day-1-slash");
  await page.keyboard.press("Enter");
  await until("the reply in the text", async () => (await desk.composer().inputValue()) === "下午四点前付款，当天发货。");
  await desk.composer().pressSequentially("放心");
  await page.keyboard.press("Enter");
  await desk.inState("当天发货。放心", "accepted").waitFor();
  // And sent as it is, with one click.
  await desk.get("quick").click();
  await desk.get("quick-search").fill("问候");
  await desk.get("quick-reply").first().hover();
  await desk.get("quick-send").first().click();
  await desk.inState("请问有什么可以帮您", "accepted").waitFor();
  await sent(4);

  // What only calls itself a picture is refused before it is sent.
  await desk.get("file-image").setInputFiles({ name: "假图.png", mimeType: "image/png", buffer: Buffer.from("<script>alert(1)</script>") });
  await desk.get("attachment").getByText("文件内容不是图片").waitFor();
  assert.ok(await desk.get("send").isDisabled());
  await desk.get("attachment").getByRole("button").click();
  await desk.get("attach-image").hover();
  await page.getByText(/图片最大 .*MB/).first().waitFor();
  await desk.get("file-image").setInputFiles({ name: "茶壶.png", mimeType: "image/png", buffer: png() });
  await desk.get("attachment").waitFor();
  await desk.get("send").click();
  await page.locator('[data-testid="message"][data-state="accepted"] .picture').waitFor();

  // The platform takes five answers to a message; the customer writes again.
  await weikefu.sim("text", { openid, content: "好看，能说说怎么泡吗" });
  await desk.message("怎么泡吗").waitFor();
  await desk.get("record").click();
  await page.locator('[data-testid="recorder"][data-state="recording"]').waitFor();
  // Two seconds at least; a busy machine may show none of them exactly.
  await page.getByTestId("recorder").getByText(/^\s*(0:(0[2-9]|[1-5]\d))/).waitFor();
  await stage.shot(page, "day-2-recording");
  await desk.get("recorder-stop").click();
  await desk.get("recorder-audio").waitFor();
  await stage.shot(page, "day-3-listen");
  await desk.get("recorder-send").click();
  const voice = page.locator('[data-testid="message"][data-state="accepted"] audio');
  await voice.waitFor();
  const bytes = await media(weikefu, (await voice.getAttribute("src")).split("/m/")[1]);
  assert.equal(bytes[0], 0xff, "an MPEG frame");
  assert.equal(bytes[1] & 0xe6, 0xe2, "MPEG audio, layer III");
  await until("the browser plays it", () => voice.evaluate((element) => element.duration > 1.5));
  const rate = bytes.length / (await voice.evaluate((element) => element.duration));
  assert.ok(rate > 4_000 && rate < 8_000, `${rate} bytes a second, of a recording of 48 kbit/s`);
  const kinds = (await sent(6)).map(({ msgtype }) => msgtype);
  assert.deepEqual(kinds.slice(-2), ["image", "voice"]);
  await stage.shot(page, "day-4-answered");
});

scene("a refused microphone is explained", async (stage) => {
  const weikefu = await stage.weikefu();
  const [agent] = weikefu.agents;
  await agent.online();
  await (await Visitor.arrive(weikefu)).say("能听到吗");
  const desk = await Desk.open(await stage.page({ agent, permissions: [] }), weikefu.origin);
  await desk.pick("能听到吗");
  await desk.get("record").click();
  await desk.get("recorder").getByText("浏览器没有允许使用麦克风").waitFor();
  await stage.shot(desk.page, "day-5-denied");
});

scene("knows the customer: details, tags, annotation, records, blacklist", async (stage) => {
  const weikefu = await stage.weikefu();
  const [agent] = weikefu.agents;
  await agent.call("POST", "/tags", { name: "老客户" });
  await agent.online();
  const visitor = await Visitor.arrive(weikefu);
  await visitor.say("我的暗号是龙井");
  const [{ id }] = (await agent.desk()).conversations;
  for (let index = 1; index <= 70; index++) await agent.say(id, `第 ${index} 句`);
  const page = await stage.page({ agent });
  const desk = await Desk.open(page, weikefu.origin);
  await desk.items().first().click();
  await desk.message("第 70 句").waitFor();

  await desk.get("customer-remark").click();
  await desk.get("customer-remark-input").fill("喜欢绿茶");
  await page.keyboard.press("Enter");
  await desk.item("喜欢绿茶").waitFor();
  await desk.get("customer-phone").click();
  await desk.get("customer-phone-input").fill("13800000000");
  await page.keyboard.press("Enter");
  await desk.get("gender-female").click();
  await desk.get("tag-add").click();
  await desk.get("tag-choice").filter({ hasText: "老客户" }).click();
  await desk.get("customer-tag").filter({ hasText: "老客户" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Alt+m");
  await desk.get("annotation").fill("要求退款，等仓库确认");
  await stage.shot(page, "day-6-annotate");
  await desk.get("annotation-save").click();
  await desk.get("annotation-item").filter({ hasText: "等仓库确认" }).waitFor();
  await stage.shot(page, "day-7-panel");
  const [{ customer }] = (await agent.desk()).conversations;
  const stored = await until("all stored", async () => {
    const answer = await agent.call("GET", `/customers/${customer.id}`);
    return answer.customer.phone === "13800000000" && answer;
  });
  assert.equal(stored.customer.gender, "female");
  assert.deepEqual(stored.customer.tags.map(({ name }) => name), ["老客户"]);

  await desk.get("open-records").click();
  await desk.get("records-keyword").fill("龙井");
  await desk.get("record-item").filter({ hasText: "暗号" }).waitFor();
  await until("one record", async () => (await desk.get("record-item").count()) === 1);
  assert.equal(await desk.get("record-item").locator("mark").textContent(), "龙井");
  await stage.shot(page, "day-8-records");
  await desk.get("record-item").click();
  await desk.message("我的暗号是龙井").waitFor();
  await page.locator(".messages-row.pointed").waitFor();
  await stage.shot(page, "day-9-jumped");
  await desk.get("records-close").click();

  await desk.get("chat-more").click();
  await desk.get("more-block").click();
  await page.getByRole("dialog").getByText("会立即结束").waitFor();
  await desk.get("block-confirm").click();
  await desk.toast("加入黑名单").waitFor();
  await desk.undo(async () => {
    await desk.counts(0, 0);
    await visitor.say("还能收到吗").catch(() => undefined);
  });
  await desk.toast("移出黑名单").waitFor();
  await visitor.say("现在可以了吧");
  await desk.counts(1, 0);
  await desk.pick("现在可以了吧");
  await desk.get("close-conversation").click();
  await desk.toast("的会话已结束").waitFor();
  await desk.counts(0, 0);
});

scene("hands a customer over with a note, live on both desks; an offer can be declined, cancelled, taken", async (stage) => {
  const weikefu = await stage.weikefu({ agents: ["小林", "小陈"] });
  const [agent, colleague] = weikefu.agents;
  await colleague.acceptance({ auto: false });
  await agent.online();
  const visitor = await Visitor.arrive(weikefu);
  await visitor.say("想换个尺码");
  const mine = await Desk.open(await stage.page({ agent }), weikefu.origin);
  const theirs = await Desk.open(await stage.page({ agent: colleague }), weikefu.origin);
  await theirs.goOnline();
  await mine.pick("想换个尺码");

  const offer = async (note) => {
    await mine.page.keyboard.press("Alt+t");
    await mine.get("transfer-agent").filter({ hasText: "小陈" }).click();
    await mine.get("transfer-note").fill(note);
    if (note === "第三次") await stage.shot(mine.page, "day-10-transfer");
    await mine.get("transfer-send").click();
    await mine.get("transfer-pending").getByText("等待 小陈 接受转接").waitFor();
  };
  await offer("第一次");
  await theirs.get("offer").getByText("第一次").waitFor();
  await theirs.get("offer-decline").click();
  await mine.toast("被谢绝").waitFor();
  await mine.get("transfer-pending").waitFor({ state: "detached" });
  await offer("第二次");
  await theirs.get("offer").getByText("第二次").waitFor();
  await mine.get("transfer-cancel").click();
  await theirs.get("offer").waitFor({ state: "detached" });
  await mine.get("transfer-pending").waitFor({ state: "detached" });
  await offer("第三次");
  await theirs.get("offer").getByText("第三次").waitFor();
  await stage.shot(theirs.page, "day-11-offer");
  await stage.shot(mine.page, "day-12-offered");
  await theirs.get("offer-take").click();
  await theirs.composer().waitFor();
  await theirs.page.locator('[data-state="note"]').getByText("第三次").waitFor();
  await theirs.counts(1, 0);
  await mine.counts(0, 0);
  await stage.shot(theirs.page, "day-13-taken");
  await theirs.say("我来帮您换");
  await theirs.inState("我来帮您换", "accepted").waitFor();

  // The administrator sees what others hold and who holds whom.
  await mine.tab("active");
  await mine.get("tab-others").click();
  await mine.item("我来帮您换").getByText("小陈").waitFor();
  await mine.get("team-show").click();
  await mine.get("team-agent").filter({ hasText: "小陈" }).getByText("#1").waitFor();
  await stage.shot(mine.page, "day-14-others");
});

scene("deletes spam with time to undo, and offline cannot answer", async (stage) => {
  const weikefu = await stage.weikefu();
  const [agent] = weikefu.agents;
  await agent.acceptance({ auto: false });
  await agent.online();
  await (await Visitor.arrive(weikefu)).say("广告：加我好友");
  await (await Visitor.arrive(weikefu)).say("真的客户");
  const desk = await Desk.open(await stage.page({ agent }), weikefu.origin);
  await desk.tab("waiting");
  const remove = async () => {
    const row = desk.page.locator(".list-row").filter({ hasText: "广告" });
    await row.hover();
    await row.getByTestId("delete-spam").click();
  };
  await remove();
  await desk.undo(() => desk.counts(0, 1));
  await desk.counts(0, 2);
  await remove();
  await desk.counts(0, 1);
  await until("deleted", async () => (await agent.desk()).conversations.length === 1);
  await desk.item("真的客户").click();
  await desk.get("accept").click();
  await desk.composer().waitFor();
  await desk.get("online-switch").click();
  await desk.get("composer-offline").getByText("您已离线").waitFor();
  assert.ok(await desk.composer().isDisabled());
  await stage.shot(desk.page, "day-15-offline");
  await desk.get("composer-go-online").click();
  await desk.say("我回来了");
  await desk.inState("我回来了", "accepted").waitFor();
});

scene("says when the platform takes no more, and lets one try", async (stage) => {
  const weikefu = await stage.weikefu({ wechat: true });
  const [agent] = weikefu.agents;
  await agent.online();
  const { openid } = await weikefu.sim("customers", { nickname: "小雨", follow: true });
  await weikefu.sim("text", { openid, content: "在吗" });
  const desk = await Desk.open(await stage.page({ agent }), weikefu.origin);
  await desk.pick("在吗");
  for (let index = 1; index <= 5; index++) {
    await desk.say(`第 ${index} 条`);
    await desk.inState(`第 ${index} 条`, "accepted").waitFor();
    if (index === 4) await desk.page.locator('.composer [data-testid="reach"][data-level="amber"]').waitFor();
  }
  await desk.get("composer-end").getByText("回复次数已用完").waitFor();
  assert.ok(await desk.composer().isDisabled());
  await desk.page.locator('.item [data-testid="reach"][data-level="red"]').waitFor();
  await stage.shot(desk.page, "day-16-spent");
  await desk.get("force").click();
  await desk.say("再试一条");
  await desk.inState("再试一条", "failed").waitFor();
  // The platform tells seconds: what leaves within the same second counts as later.
  const second = Math.ceil(Date.now() / 1_000) * 1_000;
  await until("the next second", () => Date.now() > second);
  await weikefu.sim("text", { openid, content: "我还在" });
  await desk.get("composer-end").waitFor({ state: "detached" });
  await desk.say("好的");
  await desk.inState("好的", "accepted").waitFor();
});

scene("everything an agent opens stands every look", async (stage) => {
  const weikefu = await stage.weikefu({ agents: ["小林", "Alexandra"], wechat: true });
  const [agent, colleague] = weikefu.agents;
  await colleague.acceptance({ auto: false });
  await colleague.online();
  await agent.call("POST", "/tags", { name: "VIP" });
  await agent.call("POST", "/quick-replies/mine/replies", { folder: null, title: "Hi", text: "Hello" });
  await agent.online();
  const { openid } = await weikefu.sim("customers", { nickname: "Rain", follow: true });
  await weikefu.sim("text", { openid, content: "Hello" });
  const { id } = await until("the conversation", async () => (await agent.desk()).conversations.find(({ state }) => state === "active"));
  const other = await Desk.open(await stage.page({ agent: colleague }), weikefu.origin);
  await other.counts(0, 0);
  const inspection = new Inspection(stage);
  for (const look of LOOKS.filter(({ lang, scheme }) => (lang === "en") === (scheme === "dark"))) {
    const phone = look.viewport.width < 768;
    const page = await stage.page({ agent, ...look });
    const desk = new Desk(page, weikefu.origin);
    await page.goto(`${weikefu.origin}/shops/1/desk/${id}`);
    const at = (state) => inspection.at(page, `day-${state}`, look);
    const open = async (name) => {
      if (phone) {
        await desk.get("chat-more").click();
        await desk.get(`more-${name}`).click();
      } else await desk.get(`open-${name}`).click();
    };
    await desk.composer().waitFor();
    await page.locator(".composer .reach").waitFor();
    await at("composer");
    await desk.get("quick").click();
    await desk.get("quick-reply").first().waitFor();
    await at("quick");
    await page.keyboard.press("Escape");
    await desk.get("quick-reply").first().waitFor({ state: "detached" });
    await at("quick-closed");
    await desk.get("record").click();
    await desk.get("recorder-again").waitFor();
    await at("recorder");
    await desk.get("record").click();
    await desk.get("recorder").waitFor({ state: "detached" });
    for (const [name, ready] of [["transfer", "transfer-note"], ["annotate", "annotation"]]) {
      await open(name);
      await desk.get(ready).waitFor();
      await at(name);
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
    }
    await open("records");
    await desk.get("record-item").first().waitFor();
    await at("records");
    await desk.get("records-close").click();
    if (phone) await desk.get("toggle-panel").click();
    await desk.get("tag-add").click();
    await desk.get("tag-choice").first().waitFor();
    await at("tags");
    await page.context().close();
  }
  inspection.end();
});
