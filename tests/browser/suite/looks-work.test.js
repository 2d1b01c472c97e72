// The merchant's pages beside the desk, in every look: no axe violation, nothing too wide, no foreign words.
import { Inspection, LOOKS } from "../harness/looks.js";
import { Work, named, writer } from "../harness/people.js";
import { scene } from "../harness/stage.js";
import { until } from "../harness/until.js";

/** A shop whose customers have names, tags, a note and a past. */
async function shop(stage) {
  const weikefu = await stage.weikefu({ agents: ["小林", "小陈"], wechat: true });
  const [agent] = weikefu.agents;
  await agent.online();
  const texts = { 想买龙井礼盒送长辈: "龙井先生", 普洱可以开发票吗: "普洱女士", 白茶什么时候有新货: "白茶奶奶", 龙井还有货吗: "小雨" };
  for (const text of Object.keys(texts).slice(0, 3)) await writer(weikefu, text);
  const { openid } = await weikefu.sim("customers", { nickname: "小雨", follow: true });
  await weikefu.sim("text", { openid, content: "龙井还有货吗" });
  await until("four chats", async () => (await agent.desk()).conversations.length === 4);
  await named(agent, texts);
  const chats = (await agent.desk()).conversations;
  const tags = [];
  for (const name of ["老客户", "企业采购", "爱喝绿茶的客户都在这里面"]) tags.push((await agent.call("POST", "/tags", { name })).id);
  await agent.call("PUT", `/customers/${chats[0].customer.id}/tags`, { tags });
  await agent.call("PUT", `/customers/${chats[1].customer.id}/tags`, { tags: [tags[0]] });
  await agent.call("PATCH", `/customers/${chats[0].customer.id}`, { remark: "每年清明前订二十盒，要开专票" });
  await agent.call("POST", `/customers/${chats[0].customer.id}/annotations`, { text: "答应周五前给报价" });
  await agent.say(chats[0].id, "有的，龙井礼盒今天下单明天发货");
  await agent.call("PUT", `/customers/${chats[2].customer.id}/blocked`, { blocked: true });
  return { weikefu, agent };
}

/** All looks of one language with one shop: making one takes longer than looking at it. */
for (const lang of ["zh-CN", "en"]) {
  scene(`the merchant's pages stand every look in ${lang}`, async (stage) => {
    const made = await shop(stage);
    const inspection = new Inspection(stage);
    for (const look of LOOKS.filter((look) => look.lang === lang)) {
      const page = await stage.page({ agent: made.agent, ...look });
      const inspect = (state) => inspection.at(page, `work-${state}`, look);
      const work = new Work(page, made.weikefu.origin);
      for (const visit of [customers, search]) await visit(work, inspect);
      await page.context().close();
    }
    inspection.end();
  });
}

async function search(work, inspect) {
  await work.open("search");
  await work.page.locator(".empty").waitFor();
  await inspect("search-start");
  await work.get("search-words").fill("龙井");
  await work.get("found").first().waitFor();
  await inspect("search");
  await work.get("search-time").click();
  await work.get("search-from").waitFor();
  await inspect("search-time");
  await work.page.keyboard.press("Escape");
  await work.open("search?q=zzzzzz");
  await work.page.locator(".empty").waitFor();
  await inspect("search-nothing");
}

async function customers(work, inspect) {
  const { page } = work;
  await work.customers();
  await work.people().first().waitFor();
  await inspect("customers");
  await work.get("filter-tags").click();
  await work.get("choice").first().waitFor();
  await inspect("customers-chip");
  await page.keyboard.press("Escape");
  await work.get("person-tick").first().check();
  await work.get("deed-bar").waitFor();
  await inspect("customers-ticked");
  await work.get("tag-people").click();
  await work.get("tag-give").first().click();
  await inspect("customers-tagging");
  await page.keyboard.press("Escape");
  await work.get("tag-dialog").waitFor({ state: "hidden" });
  await work.get("untick").click();
  await work.person("小雨").getByTestId("person-open").click();
  await work.get("record-item").first().waitFor();
  await inspect("sheet-records");
  await work.get("record-item").first().click();
  await work.get("reader").getByTestId("message").first().waitFor();
  await inspect("sheet-reader");
  await work.get("sheet-tab-behaviours").click();
  await work.get("behaviours").locator("li").first().waitFor();
  await inspect("sheet-behaviours");
  await work.get("sheet-tab-details").click();
  await work.get("sheet-mark").waitFor();
  await inspect("sheet-details");
  await work.customers("?blocked=yes");
  await work.people().first().getByTestId("person-open").click();
  await work.get("contact-refused").waitFor();
  await inspect("sheet-refused");
  await work.customers("?q=zzzz");
  await page.locator(".empty").waitFor();
  await inspect("customers-nothing");
  await work.get("people-menu").click();
  await work.get("people-import").click();
  await work.get("import-choose").waitFor();
  await work.get("import-file").setInputFiles({ name: "customers.csv", mimeType: "text/csv", buffer: Buffer.from("编号,昵称,电话\n999999,没有这个人,138\n1,龙井老先生,13800138000\n") });
  await work.get("import-sums").waitFor();
  await inspect("import");
  await page.keyboard.press("Escape");
}
