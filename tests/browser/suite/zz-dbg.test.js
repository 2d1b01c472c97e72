import { Desk } from "../harness/desk.js";
import { scene } from "../harness/stage.js";
import { Visitor } from "../harness/visitor.js";
scene("dbg", async (stage) => {
  const weikefu = await stage.weikefu();
  const [agent] = weikefu.agents;
  await agent.call("POST", "/tags", { name: "老客户" });
  await agent.online();
  const visitor = await Visitor.arrive(weikefu);
  await visitor.say("我的暗号是龙井");
  const page = await stage.page({ agent });
  page.on("response", (r) => r.url().includes("/tags") && console.log(r.status(), r.url()));
  const desk = await Desk.open(page, weikefu.origin);
  await desk.items().first().click();
  await desk.get("customer-phone").waitFor();
  await desk.get("tag-add").click();
  for (let i = 0; i < 8; i++) { await page.waitForTimeout(150); console.log(i, await desk.get("tag-search").count(), await desk.get("tag-search").isVisible().catch(()=>0), await desk.get("tag-add").getAttribute("aria-expanded"), await desk.get("tag-choice").count()); }
  await stage.shot(page, "dbg");
});
