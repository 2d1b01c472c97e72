// Login and its limits, deep links, the end of a session, choosing a shop.
import assert from "node:assert/strict";
import { Agent, PASSWORD } from "../harness/agent.js";
import { Desk } from "../harness/desk.js";
import { scene } from "../harness/stage.js";
import { until } from "../harness/until.js";
import { Visitor } from "../harness/visitor.js";

const path = (page) => new URL(page.url()).pathname;
const REFUSED = /console error: Failed to load resource: .*status of (401|429)/;

scene("a wrong password is told, guessing is slowed down, and the right one still works afterwards", async (stage) => {
  const weikefu = await stage.weikefu();
  stage.allow(REFUSED);
  const page = await stage.page();
  const desk = new Desk(page, weikefu.origin);
  await page.goto(`${weikefu.origin}/login`);
  const error = desk.get("login-error");
  const submit = desk.get("login-submit");
  await desk.login("agent1", "not the password");
  await error.getByText("账号或密码").waitFor();
  await stage.shot(page, "session-1-wrong");
  const throttled = error.getByText("尝试次数过多");
  // Text and button in one look: the time passes meanwhile.
  const form = () => page.evaluate(() => {
    const part = (id) => document.querySelector(`[data-testid="${id}"]`);
    return { text: part("login-error")?.textContent ?? "", disabled: part("login-submit").disabled };
  });
  const seen = await until("guessing is slowed down", async () => {
    const now = await form();
    if (now.text.includes("尝试次数过多")) return now;
    await desk.get("login-password").fill("not the password");
    const answered = page.waitForResponse("**/api/login");
    await submit.click();
    await answered;
    return null;
  });
  assert.match(seen.text, /请在 \d+ 秒后再试/);
  assert.ok(seen.disabled);
  await stage.shot(page, "session-2-throttled");
  await until("the time to pass", async () => !(await throttled.isVisible()));
  await desk.login("agent1", PASSWORD);
  await desk.ready();
});

scene("a deep link survives a reload and leads through the login", async (stage) => {
  const weikefu = await stage.weikefu();
  const [agent] = weikefu.agents;
  await agent.online();
  await (await Visitor.arrive(weikefu)).say("深链接里的客户");
  const [conversation] = (await agent.desk()).conversations;
  const link = `/shops/1/desk/${conversation.id}`;

  const page = await stage.page();
  const desk = new Desk(page, weikefu.origin);
  await page.goto(weikefu.origin + link);
  await desk.login("agent1", PASSWORD);
  await desk.message("深链接里的客户").waitFor();
  assert.equal(path(page), link);
  await page.reload();
  await desk.message("深链接里的客户").waitFor();
  assert.equal(path(page), link);
  // Somebody else's or an unknown conversation leads to the desk, not to an empty page.
  await page.goto(`${weikefu.origin}/shops/1/desk/999999`);
  await page.waitForURL(`${weikefu.origin}/shops/1/desk`);
  await desk.ready();
  await page.goto(`${weikefu.origin}/nothing/here`);
  await desk.ready();
  await page.goBack();
  await desk.ready();
});

scene("when the session ends the agent is led to the login and back to the same chat, draft included", async (stage) => {
  const weikefu = await stage.weikefu();
  const [agent] = weikefu.agents;
  stage.allow(REFUSED);
  await agent.online();
  await (await Visitor.arrive(weikefu)).say("会话过期时的客户");
  const page = await stage.page({ agent });
  const desk = await Desk.open(page, weikefu.origin);
  await desk.pick("会话过期时的客户");
  const place = path(page);
  await desk.composer().fill("写到一半");
  await agent.logout();
  // Whatever is asked of the server next says so; the agent need not wait for the live line.
  const ended = page.getByText("登录已过期");
  await desk.get("toggle-panel").evaluateAll(([button]) => button?.click());
  await ended.waitFor();
  await page.waitForURL((url) => url.pathname === "/login");
  await stage.shot(page, "session-3-ended");
  await desk.login("agent1", PASSWORD);
  await desk.composer().waitFor();
  assert.equal(path(page), place);
  assert.equal(await desk.composer().inputValue(), "写到一半");

  const again = await Agent.login(weikefu.origin, "agent1");
  // What was being sent when it ended is not lost either: it goes out by itself, once.
  await page.context().clearCookies();
  await desk.get("send").click();
  await page.getByText("登录已过期").waitFor();
  await desk.login("agent1", PASSWORD);
  await desk.inState("写到一半", "accepted").waitFor();
  const [{ customer, channel }] = (await again.desk()).conversations;
  assert.deepEqual(await again.thread(customer.id, channel.id), ["会话过期时的客户", "写到一半"]);
});

scene("a desk where nobody does anything hears of the end of its session too", async (stage) => {
  const weikefu = await stage.weikefu();
  const [agent] = weikefu.agents;
  const page = await stage.page({ agent });
  await Desk.open(page, weikefu.origin);
  await agent.logout();
  // The server looks at the session again with every tick, each 20 s.
  await page.getByText("登录已过期").waitFor();
});

scene("a one-time password must be changed, and the rules are told before the server is asked", async (stage) => {
  const weikefu = await stage.weikefu();
  stage.allow(REFUSED);
  const { one_time_password: password } = await weikefu.order("agent", "passwd", "agent1");
  const page = await stage.page();
  const desk = new Desk(page, weikefu.origin);
  await page.goto(`${weikefu.origin}/shops/1/desk`);
  await desk.login("agent1", password);
  await desk.get("password-new").fill("太短");
  await desk.get("password-again").fill("不一样");
  await desk.get("password-submit").click();
  await page.getByText("至少 10 个字符，现在是 2 个").waitFor();
  await page.getByText("两次输入的密码不一样").waitFor();
  await stage.shot(page, "session-4-password-rules");
  // No way around it.
  await page.goto(`${weikefu.origin}/shops/1/desk`);
  await desk.get("password-new").waitFor();
  await page.waitForURL(`${weikefu.origin}/password`);
});

scene("an agent of two shops chooses one, and logs out", async (stage) => {
  const weikefu = await stage.weikefu({ shops: 2 });
  const page = await stage.page({ agent: weikefu.agents[0] });
  const desk = new Desk(page, weikefu.origin);
  await page.goto(weikefu.origin);
  await desk.get("shop").filter({ hasText: "2 号店" }).waitFor();
  await stage.shot(page, "session-5-shops");
  await desk.get("shop").filter({ hasText: "2 号店" }).click();
  await desk.ready();
  await desk.get("shop-switch").click();
  await page.getByRole("menuitem", { name: "山间茶舍", exact: true }).click();
  await until("shop 1", () => path(page) === "/shops/1/desk");
  await desk.ready();
  await desk.get("me-menu").click();
  await desk.menu("logout").waitFor();
  await stage.shot(page, "session-6-menu");
  await desk.menu("logout").click();
  await desk.get("login-name").waitFor();
  await page.goBack();
  await desk.get("login-name").waitFor();
});
