// Every page, list, dialog and menu of the console, in every look: no axe violation, nothing too wide, no foreign words.
import { Desk } from "../harness/desk.js";
import { Inspection, LOOKS } from "../harness/looks.js";
import { png } from "../harness/picture.js";
import { scene } from "../harness/stage.js";
import { until } from "../harness/until.js";
import { Visitor } from "../harness/visitor.js";

const SEND = "/cgi-bin/message/custom/send";

/** A desk with everything on it: waiting and active chats of both channels, every kind of message and state. */
async function busy(stage) {
  const weikefu = await stage.weikefu({ agents: ["小林", "小陈", "Alexandra"], shops: 2, wechat: true });
  const [agent, colleague] = weikefu.agents;
  await colleague.online();
  await colleague.acceptance({ auto: false });
  await agent.online();
  const { openid } = await weikefu.sim("customers", { nickname: "小雨", follow: true });
  const sim = (path, order) => weikefu.sim(path, { openid, ...order });
  await sim("text", { content: "你好，想买点茶叶送人 [微笑]\n预算 500 元左右，请看 https://shop.example/tea/long/path?with=query" });
  await sim("location", { latitude: 23.1291, longitude: 113.324, label: "珠江新城 · 花城广场" });
  await sim("link", { title: "春茶上市", description: "高山原叶，当日制作", url: "https://shop.example/spring" });
  await fetch(`${weikefu.simulator.ready.api_base}/sim/file?openid=${openid}&kind=image`, { method: "POST", body: png() });
  const { id } = await until("the conversation", async () => (await agent.desk()).conversations[0]);
  await agent.say(id, "可以的，给您推荐明前龙井礼盒");
  await until("an accepted message", async () => (await states(agent)).includes("accepted"));
  await weikefu.sim("faults", { path: SEND, fault: "errcode", value: 45047 });
  await agent.say(id, "这条没有送达");
  await until("a refused message", async () => (await states(agent)).includes("failed"));
  await weikefu.sim("faults", { path: SEND, fault: "lost" });
  const insist = { client_id: crypto.randomUUID(), content: { kind: "text", text: "这条不知道有没有送达" }, force: true };
  await agent.call("POST", `/conversations/${id}/messages`, insist);
  await until("an unknown message", async () => (await states(agent)).includes("unknown"));
  await sim("event", { event: "SCAN", key: "store_1" });
  // A scan opens the ledger for a minute only, and looking takes longer: the customer writes again. The platform tells
  // seconds, and what is spent within the same one stays so.
  const second = () => Math.floor(Date.now() / 1_000);
  const refused = second();
  await until("the next second", () => second() > refused);
  await sim("text", { content: "好的，我再看看" });
  await until("an open ledger", async () => (await agent.desk()).conversations.find((one) => one.id === id).reach.left > 2);
  await agent.acceptance({ auto: false });
  for (const text of ["请问几点发货？", "有一款茶壶的图片，麻烦看看还有没有货，我想要两个，谢谢！"]) {
    const visitor = await Visitor.arrive(weikefu);
    await visitor.say(text);
  }
  return { weikefu, agent, conversation: id };
}

async function states(agent) {
  const [{ customer, channel }] = (await agent.desk()).conversations;
  const page = await agent.call("GET", `/customers/${customer.id}/messages?channel=${channel.id}&limit=50`);
  return page.messages.map(({ delivery }) => delivery?.state);
}

/** All looks of one language with one shop: making one takes longer than looking at it. */
for (const lang of ["zh-CN", "en"]) {
  scene(`the console stands every look in ${lang}`, async (stage) => {
    const shop = await busy(stage);
    const inspection = new Inspection(stage);
    for (const look of LOOKS.filter((look) => look.lang === lang)) await inspect(inspection, shop, look);
    inspection.end();
  });
}

async function inspect(inspection, { weikefu, agent, conversation }, look) {
  const { stage } = inspection;
  const inspect = (page, state) => inspection.at(page, state, look);
  const phone = look.viewport.width < 768;
  const out = await stage.page(look);
  await out.goto(`${weikefu.origin}/login?ended=1`);
  await out.getByTestId("login-name").waitFor();
  await inspect(out, "login");
  await out.close();

  const page = await stage.page({ agent, ...look });
  const desk = new Desk(page, weikefu.origin);
  await page.goto(`${weikefu.origin}/shops`);
  await desk.get("shop").first().waitFor();
  await inspect(page, "shops");
  await page.goto(`${weikefu.origin}/shops/1/desk`);
  await desk.ready();
  await inspect(page, "desk");
  await desk.tab("waiting");
  await desk.items().first().waitFor();
  await inspect(page, "waiting");
  await desk.items().first().click();
  await desk.get("accept").waitFor();
  await inspect(page, "accept");
  await page.goto(`${weikefu.origin}/shops/1/desk/${conversation}`);
  await desk.message("这条不知道有没有送达").waitFor();
  await until("the newest message on the screen", () => desk.atEnd());
  await inspect(page, "chat");
  await page.getByTestId("messages").evaluate((list) => (list.scrollTop = 0));
  await page.locator(".card").first().waitFor();
  await inspect(page, "chat-top");
  await desk.get("emoji").click();
  await desk.get("emoji-grid").waitFor();
  await inspect(page, "emoji");
  await desk.get("emoji").click();
  await desk.get("emoji-grid").waitFor({ state: "hidden" });
  await desk.get("file-image").setInputFiles({ name: "报价单-2026-春季-非常长的文件名.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7") });
  await desk.get("attachment").waitFor();
  await inspect(page, "attachment");
  await page.locator(".picture").first().click();
  await page.locator(".el-image-viewer__wrapper img").waitFor();
  await inspect(page, "viewer");
  await page.keyboard.press("Escape");
  await page.locator(".el-image-viewer__wrapper").waitFor({ state: "detached" });
  if (phone) {
    await desk.get("toggle-panel").click();
    await desk.get("customer-panel").waitFor();
    await inspect(page, "panel-edit");
  } else {
    await desk.get("customer-name").click();
    await desk.get("customer-name-input").waitFor();
    await inspect(page, "panel-edit");
    await page.keyboard.press("Escape");
  }
  await page.goto(`${weikefu.origin}/shops/1/desk`);
  await desk.ready();
  await desk.get("team-show").click();
  await desk.get("team-agent").first().waitFor();
  await inspect(page, "team");
  await desk.get("team-show").click();
  await desk.get("shop-switch").click();
  await page.getByRole("menuitem").first().waitFor();
  await inspect(page, "shop-switch");
  await page.keyboard.press("Escape");
  await dialogs(page, desk, inspect, look);
  await page.context().close();
}

async function dialogs(page, desk, inspect, look) {
  const opener = look.viewport.width < 768 ? page.locator(".top-phone .rail-avatar") : desk.get("me-menu");
  const dialog = page.getByRole("dialog").filter({ visible: true });
  await opener.click();
  await desk.menu("shortcuts").waitFor();
  await inspect(page, "menu");
  await desk.menu("shortcuts").click();
  await dialog.waitFor();
  await inspect(page, "shortcuts");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await desk.get("command-open").click();
  await desk.get("command-option").first().waitFor();
  await inspect(page, "command");
  await desk.get("command-input").fill(look.lang === "en" ? "no such thing" : "没有这样的东西");
  await desk.get("command-none").waitFor();
  await inspect(page, "command-none");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.goto(`${new URL(page.url()).origin}/shops/1/settings/account`);
  await desk.get("password-submit").click();
  await page.locator(".el-form-item__error").first().waitFor();
  await inspect(page, "account-password");
}

scene("an empty desk says what to do next, in every look", async (stage) => {
  const weikefu = await stage.weikefu();
  const [agent] = weikefu.agents;
  const { one_time_password: password } = await weikefu.order("agent", "add", "fresh", "--nickname", "新人", "--shop", "1");
  const inspection = new Inspection(stage);
  for (const look of LOOKS) {
    const inspect = (page, state) => inspection.at(page, state, look);
    await agent.online(false);
    const page = await stage.page({ agent, ...look });
    const desk = await Desk.open(page, weikefu.origin);
    await inspect(page, "empty-offline");
    await agent.online();
    await page.getByText(look.lang === "en" ? /offline right now|You are offline/ : "您现在是离线状态").first().waitFor({ state: "detached" });
    await inspect(page, "empty-online");
    await desk.tab("waiting");
    await inspect(page, "empty-waiting");

    const first = new Desk(await stage.page(look), weikefu.origin);
    await first.page.goto(weikefu.origin);
    await first.login("fresh", password);
    await first.get("password-new").waitFor();
    await inspect(first.page, "password");
    await page.context().close();
    await first.page.context().close();
  }
  inspection.end();
});
