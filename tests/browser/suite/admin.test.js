// An administrator's day with accounts: hires somebody, gives a picture, changes a role, looks at the rights, mends a
// channel, and lets somebody go while they are at work.
import assert from "node:assert/strict";
import { Agent } from "../harness/agent.js";
import { Desk } from "../harness/desk.js";
import { Inspection, LOOKS } from "../harness/looks.js";
import { png } from "../harness/picture.js";
import { DESKTOP, scene } from "../harness/stage.js";
import { until } from "../harness/until.js";
import { Visitor } from "../harness/visitor.js";

async function settings(stage, weikefu, agent, name, options = {}) {
  const page = await stage.page({ agent, viewport: DESKTOP, ...options });
  const desk = new Desk(page, weikefu.origin);
  await page.goto(`${weikefu.origin}/shops/1/settings/${name}`);
  return { page, desk };
}

scene("an administrator hires somebody, who works, and is let go in the middle of it", async (stage) => {
  const weikefu = await stage.weikefu();
  const [admin] = weikefu.agents;
  stage.allow(/console error: Failed to load resource: .*status of (422|401)/, /console error: WebSocket/);
  const { page, desk } = await settings(stage, weikefu, admin, "agents");
  await desk.get("agents-table").waitFor();
  await desk.get("agents-add").click();
  await desk.get("agent-login").fill("a b");
  await desk.get("agent-nickname").fill("小新");
  await desk.get("agent-save").click();
  await page.getByText("账号需要 2 到 32 个字符").waitFor();
  await stage.shot(page, "admin-1-refused");
  await desk.get("agent-login").fill("xiaoxin");
  await desk.get("agent-name").fill("王新");
  await desk.get("agent-save").click();
  const password = (await desk.get("one-time-password").textContent()).trim();
  assert.match(password, /^[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}$/);
  await stage.shot(page, "admin-2-one-time-password");
  await desk.get("one-time-done").click();
  await desk.get("agent-row-xiaoxin").getByText("待首次登录").waitFor();
  await stage.shot(page, "admin-3-agents");

  // The new one logs in and takes a customer; the administrator sees it without a reload.
  const fresh = await Agent.first(weikefu.origin, { login: "xiaoxin", one_time_password: password });
  await fresh.acceptance({ auto: false });
  await fresh.online();
  await desk.get("agent-row-xiaoxin").getByText("在线").waitFor();
  const work = await stage.page({ agent: fresh, viewport: DESKTOP });
  await work.goto(`${weikefu.origin}/shops/1/desk`);
  await new Desk(work, weikefu.origin).ready();
  const visitor = await Visitor.arrive(weikefu);
  await visitor.say("有人吗？");
  const { id, epoch } = await until("the customer", async () => (await fresh.desk()).conversations[0]);
  await fresh.call("POST", `/conversations/${id}/accept`, { epoch });
  await desk.get("agent-manage-xiaoxin").click();
  await stage.shot(page, "admin-4-manage");
  await desk.get("agent-disable").click();
  await page.getByText("要停用小新的账号吗？").waitFor();
  await stage.shot(page, "admin-5-disable");
  await desk.get("agent-confirm").click();
  await desk.get("agent-row-xiaoxin").getByText("已停用").waitFor();
  // At once, without a click, the page of the disabled one is the login.
  await work.getByTestId("login-name").waitFor();
  const waiting = await until("the customer waits again", async () => {
    const held = (await admin.desk()).conversations.find((one) => one.id === id);
    return held?.state === "waiting" && held;
  });
  assert.equal(waiting.owner, null);
  // Back again, and out of the shop.
  await desk.get("agent-manage-xiaoxin").click();
  await desk.get("agent-enable").click();
  await desk.get("agent-row-xiaoxin").getByText("离线").waitFor();
  await desk.get("agent-manage-xiaoxin").click();
  await desk.get("agent-remove").click();
  await desk.get("agent-confirm").click();
  await desk.get("agent-row-xiaoxin").waitFor({ state: "detached" });
});

scene("a role that changes is the page's at once", async (stage) => {
  const weikefu = await stage.weikefu({ agents: ["小林", "小陈"] });
  const [admin, agent] = weikefu.agents;
  const theirs = await settings(stage, weikefu, agent, "acceptance");
  await theirs.desk.get("settings-account").waitFor();
  assert.equal(await theirs.desk.get("settings-agents").count(), 0);
  const { desk } = await settings(stage, weikefu, admin, "agents");
  await desk.get("agent-manage-agent2").click();
  await desk.get("agent-role-administrator").check();
  await desk.get("agent-save").click();
  await theirs.desk.get("settings-agents").waitFor();
});

scene("an agent's own account: picture, name, password, other sessions", async (stage) => {
  const weikefu = await stage.weikefu();
  stage.allow(/console error: Failed to load resource: .*status of 422/);
  const [agent] = weikefu.agents;
  const { page, desk } = await settings(stage, weikefu, agent, "account");
  await desk.get("account-avatar-file").setInputFiles({ name: "我.png", mimeType: "image/png", buffer: png() });
  await until("the picture", async () => (await (await agent.send("GET", "/api/session")).json()).agent.avatar);
  await desk.toast("资料已保存").waitFor();
  await desk.get("account-avatar-file").setInputFiles({ name: "我.png", mimeType: "image/png", buffer: Buffer.from("no picture") });
  await desk.get("account-avatar-error").waitFor();
  await stage.shot(page, "admin-6-account");
  await desk.get("account-name").fill("林晓");
  await desk.get("settings-save").click();
  await until("the name", async () => (await (await agent.send("GET", "/api/session")).json()).agent.name === "林晓");
  await desk.get("account-others").click();
  await page.getByText("没有其他登录").waitFor();
});

scene("channels: what to paste where, a wrong setting at its field", async (stage) => {
  const weikefu = await stage.weikefu();
  stage.allow(/console error: Failed to load resource: .*status of 422/);
  const [admin] = weikefu.agents;
  const { page, desk } = await settings(stage, weikefu, admin, "channels");
  await desk.get("channel-1").waitFor();
  const snippet = await desk.get("snippet-1").textContent();
  assert.ok(snippet.includes(`${weikefu.origin}/w/loader.js`), snippet);
  await desk.get("channel-add-wechat").click();
  await desk.get("setting-app_id").fill("wx 1");
  await desk.get("setting-app_secret").fill("0123456789abcdef");
  await desk.get("setting-token-generate").click();
  await desk.get("setting-encoding_aes_key-generate").click();
  await desk.get("channel-save").click();
  await page.locator(".el-form-item__error").first().waitFor();
  await stage.shot(page, "admin-7-channel-refused");
  await desk.get("setting-app_id").fill("wx0123456789abcdef");
  await desk.get("channel-save").click();
  await desk.get("callback-2").waitFor();
  await stage.shot(page, "admin-8-channels");
  await desk.get("channel-edit-2").click();
  assert.equal(await desk.get("setting-app_secret").inputValue(), "");
  assert.equal(await desk.get("setting-app_secret").getAttribute("placeholder"), "已设置，留空不修改");
});

scene("the rules of replies are a table: the platform's own, one's own, and back", async (stage) => {
  const weikefu = await stage.weikefu({ wechat: true });
  const [admin] = weikefu.agents;
  const { page, desk } = await settings(stage, weikefu, admin, "channels");
  const stored = async () => (await admin.call("GET", "/channels")).find(({ id }) => id === 2).settings.reply_rules ?? null;
  const save = async () => {
    await desk.get("channel-save").click();
    await desk.get("channel-save").waitFor({ state: "detached" });
  };
  await desk.get("channel-edit-2").click();
  const table = desk.get("setting-reply_rules");
  await table.getByText("48 小时").waitFor();
  assert.equal(await table.getByTestId("table-row").count(), 4);
  await desk.get("setting-reply_rules-change").click();
  await desk.get("count-0").fill("0");
  await table.getByText("请填 1 到 100").waitFor();
  assert.ok(await desk.get("channel-save").isDisabled());
  await stage.shot(page, "admin-9-rules-wrong");
  await desk.get("count-0").fill("20");
  await desk.get("seconds-0").fill("24");
  for (let left = 3; left > 0; left--) await desk.get("table-remove-1").click();
  await save();
  assert.deepEqual(await stored(), [{ trigger: "message", count: 20, seconds: 86_400 }]);
  await desk.get("channel-edit-2").click();
  await desk.get("setting-reply_rules-reset").click();
  await save();
  assert.equal(await stored(), null);
});

scene("the administrator's pages stand every look", async (stage) => {
  const weikefu = await stage.weikefu({ agents: ["小林", "Alexandra"], wechat: true });
  const [admin] = weikefu.agents;
  await admin.call("PATCH", "/channels/2", { name: "Official account" });
  const inspection = new Inspection(stage);
  for (const look of LOOKS) {
    const page = await stage.page({ agent: admin, ...look });
    const desk = new Desk(page, weikefu.origin);
    for (const [name, ready] of [["account", "account-name"], ["agents", "agents-table"], ["roles", "right-serve"], ["channels", "channel-2"]]) {
      await page.goto(`${weikefu.origin}/shops/1/settings/${name}`);
      await desk.get(ready).waitFor();
      await inspection.at(page, `admin-${name}`, look);
    }
    await desk.get("channel-edit-2").click();
    await desk.get("channel-name").waitFor();
    await inspection.at(page, "admin-channel-form", look);
    await page.keyboard.press("Escape");
    await page.goto(`${weikefu.origin}/shops/1/settings/agents`);
    await desk.get("agent-manage-agent2").click();
    await desk.get("agent-nickname").waitFor();
    await inspection.at(page, "admin-agent-form", look);
    await page.close();
  }
  inspection.end();
});
