// Somebody who has just run the demo: every printed address, from the one-time password to both customers.
import assert from "node:assert/strict";
import { Desk } from "../harness/desk.js";
import { DESKTOP, scene } from "../harness/stage.js";
import { PASSWORD } from "../harness/agent.js";
import { Program, SIMULATOR, WEB, WEIKEFU } from "../harness/weikefu.js";
import { Widget } from "../harness/widget.js";

class Demo {
  static async start() {
    const demo = new Demo();
    const args = ["--json", "demo", "--listen", "127.0.0.1:0", "--simulator", SIMULATOR, ...WEB];
    demo.program = await Program.start(WEIKEFU, args);
    Object.assign(demo, demo.program.ready);
    return demo;
  }

  log = () => this.program.log.join("");
  end = async () => (await this.program.stop()) === 0;
}

scene("the demo works from its printed addresses on", async (stage) => {
  const demo = await Demo.start();
  const console = `http://${demo.address}/`;
  stage.own(demo, console, demo.simulator);
  const [lin] = demo.agents;

  const desk = new Desk(await stage.page(), console);
  await desk.page.goto(console);
  await desk.get("login-name").waitFor();
  await stage.shot(desk.page, "newcomer-1-login");
  await desk.login(lin.login, lin.one_time_password);
  await desk.get("password-new").fill(PASSWORD);
  await desk.get("password-again").fill(PASSWORD);
  await stage.shot(desk.page, "newcomer-2-password");
  await desk.get("password-submit").click();
  await desk.ready();
  await stage.shot(desk.page, "newcomer-3-desk-offline");
  await desk.goOnline();
  await stage.shot(desk.page, "newcomer-4-desk-online");

  const shop = await stage.page();
  await shop.goto(demo.shop_page);
  const widget = new Widget(shop);
  await widget.launcher().waitFor();
  await stage.shot(shop, "newcomer-5-shop");
  await widget.launcher().click();
  await widget.ready();
  await widget.say("你好，明前龙井今天能发货吗？");
  await widget.inState("明前龙井", "sent").waitFor();

  await desk.pick("明前龙井");
  await desk.inState("明前龙井今天能发货吗", "received").waitFor();
  await desk.say("能的，下午四点前下单今天就发出 🚚");
  await desk.inState("今天就发出", "accepted").waitFor();
  await stage.shot(desk.page, "newcomer-6-chat");

  await widget.message("今天就发出").waitFor();
  await widget.root().locator('[data-testid="header-name"]', { hasText: "小林" }).waitFor();
  const reply = await widget.message("今天就发出").textContent();
  assert.match(reply, /小林/, "the reply carries the agent's nickname");
  await stage.shot(shop, "newcomer-7-shop-reply");

  const phone = await stage.page({ viewport: { ...DESKTOP, width: 1000 } });
  await phone.goto(`${demo.simulator}/`);
  await phone.locator("#nickname").fill("小雨");
  await phone.getByRole("button", { name: "创建" }).click();
  await phone.getByText("你关注了公众号").last().waitFor();
  await phone.getByRole("textbox", { name: "输入消息" }).fill("请问公众号里能查订单吗？[微笑]");
  await phone.keyboard.press("Enter");

  await desk.pick("请问公众号里能查订单吗");
  await desk.say("可以的，把订单号发给我就行 [愉快]");
  await desk.inState("把订单号发给我就行", "accepted").waitFor();
  await phone.getByRole("log").getByText("把订单号发给我就行").waitFor();
  await stage.shot(desk.page, "newcomer-8-wechat");
  await stage.shot(phone, "newcomer-9-phone");
});
