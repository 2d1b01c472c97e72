// Service tags, the blacklist, and files of them: made, renamed, removed, taken in and out.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { Desk } from "../harness/desk.js";
import { Work, named, writer } from "../harness/people.js";
import { scene } from "../harness/stage.js";
import { until } from "../harness/until.js";

async function shop(stage) {
  const weikefu = await stage.weikefu({ agents: ["小林", "小陈"] });
  const [agent] = weikefu.agents;
  await agent.online();
  for (const text of ["想买龙井", "想买普洱", "想买白茶"]) await writer(weikefu, text);
  await until("three chats", async () => (await agent.desk()).conversations.length === 3);
  await named(agent, { 想买龙井: "龙井先生", 想买普洱: "普洱女士", 想买白茶: "白茶奶奶" });
  const { rows } = await agent.call("GET", "/customers");
  return { weikefu, agent, ids: rows.map(({ id }) => id) };
}

async function saved(page, click) {
  const [download] = await Promise.all([page.waitForEvent("download"), click()]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

const csv = (...lines) => ({ name: "table.csv", mimeType: "text/csv", buffer: Buffer.from(`${lines.join("\n")}\n`) });

scene("tags are made, renamed with their customers, and removed after saying from how many", async (stage) => {
  const { weikefu, agent, ids } = await shop(stage);
  const page = await stage.page({ agent });
  const work = new Work(page, weikefu.origin);
  // A name that is taken is refused.
  stage.allow(/status of 409.*\/tags/);
  const row = (name) => work.get("tag-row").filter({ hasText: name });
  await work.customers();
  await work.get("people-menu").click();
  await work.get("people-tags").click();
  await page.getByText("还没有标签").waitFor();
  for (const name of ["老客户", "企业采购"]) {
    await work.get("tag-new").fill(name);
    await page.keyboard.press("Enter");
    await row(name).waitFor();
  }
  await work.get("tag-new").fill("老客户");
  await work.get("tag-add").click();
  await page.locator("#tag-refused").waitFor();
  // What colleagues give is counted while one looks.
  const [regular] = await agent.call("GET", "/tags");
  await agent.call("POST", "/customers/tags", { ids: ids.slice(0, 2), add: [regular.id] });
  await row("老客户").getByText("2 位客户").waitFor();
  await stage.shot(page, "tags-1-list");

  await row("老客户").getByTestId("tag-rename").click();
  await work.get("tag-name").fill("回头客");
  await page.keyboard.press("Enter");
  await row("回头客").getByTestId("tag-customers").filter({ hasText: "2 位客户" }).click();
  await work.shown(2);
  await work.people().first().getByText("回头客").waitFor();
  await page.goBack();

  await row("回头客").getByTestId("tag-remove").click();
  await work.get("tag-remove-confirm").filter({ hasText: "从 2 位客户删除" }).waitFor();
  await stage.shot(page, "tags-2-remove");
  await work.get("tag-remove-confirm").click();
  await row("回头客").waitFor({ state: "detached" });
  assert.deepEqual((await agent.call("GET", "/tags")).map(({ name }) => name), ["企业采购"]);
  const { rows } = await agent.call("GET", "/customers");
  assert.ok(rows.every(({ tags }) => tags.length === 0));
});

scene("many customers are tagged at once: those ticked, and all that fit", async (stage) => {
  const { weikefu, agent } = await shop(stage);
  const { id } = await agent.call("POST", "/tags", { name: "老客户" });
  const page = await stage.page({ agent });
  const work = new Work(page, weikefu.origin);
  const tagged = async () => (await agent.call("GET", `/customers/count?tags=${id}`)).count;
  await work.customers();
  for (const name of ["龙井先生", "白茶奶奶"]) await work.person(name).getByTestId("person-tick").check();
  await work.get("deed-bar").getByText("已选 2 位").waitFor();
  await work.get("tag-people").click();
  await work.get("tag-give").click();
  await work.get("tag-save").click();
  await until("two with the tag", async () => (await tagged()) === 2);
  await until("the tag in the list", async () => (await work.people().filter({ hasText: "老客户" }).count()) === 2);

  // Everybody the filter finds, in as many requests as the server wants.
  await work.get("tag-dialog").waitFor({ state: "hidden" });
  let asked = 0;
  await page.route("**/api/shops/1/customers/tags", async (route) => {
    asked += 1;
    assert.ok(route.request().postDataJSON().filter, "not named one by one");
    if (asked > 1) return route.continue();
    // The server's portions are large: as if the first one had done two of three.
    await route.fulfill({ json: { matched: 3, done: 2, changed: 1, unchanged: 1, missing: 0, full: 0, next: 1 } });
  });
  await work.get("untick").click();
  // Only a page of the list is loaded when there are more; here the number is made to say so.
  await page.route("**/api/shops/1/customers/count*", (route) => route.fulfill({ json: { count: 5_000 } }));
  await page.reload();
  await work.get("people-count").filter({ hasText: "5,000" }).waitFor();
  await work.get("tick-all").check();
  await work.get("tick-matching").click();
  await work.get("deed-bar").getByText("5,000").first().waitFor();
  await work.get("tag-people").click();
  await work.get("tag-give").click();
  await work.get("tag-save").click();
  await until("everybody has it", async () => (await tagged()) === 3);
  assert.equal(asked, 2);
});

scene("tables leave and come back: tried first, wrong rows named, then whole", async (stage) => {
  const { weikefu, agent, ids } = await shop(stage);
  const page = await stage.page({ agent });
  const work = new Work(page, weikefu.origin);
  await work.customers();
  await work.get("people-menu").click();
  const all = await saved(page, () => work.get("people-csv").click());
  assert.match(all.name, /\.csv$/);
  for (const name of ["龙井先生", "普洱女士", "白茶奶奶"]) assert.ok(all.bytes.includes(name), name);
  await work.person("白茶奶奶").getByTestId("person-tick").check();
  await work.get("export-people").click();
  const one = await saved(page, () => work.get("export-json").click());
  assert.deepEqual(JSON.parse(one.bytes).map(({ name }) => name), ["白茶奶奶"]);
  await work.get("untick").click();

  await work.get("people-menu").click();
  await work.get("people-import").click();
  const number = (await agent.call("GET", `/customers/${ids[0]}`)).customer.number;
  await work.get("import-file").setInputFiles(csv("编号,昵称,备注", "999,没有,x", `${number},新的称呼,从表格来`));
  await work.get("import-error").first().waitFor();
  assert.ok(await work.get("import-apply").isDisabled(), "one wrong row keeps all out");
  await stage.shot(page, "import-1-wrong");
  await work.get("import-file").setInputFiles(csv("编号,昵称,备注", `${number},新的称呼,从表格来`));
  await work.get("import-apply").filter({ hasText: "1" }).click();
  await work.person("新的称呼").getByText("从表格来").waitFor();

  await work.open("settings/tags");
  await work.get("tags-files").click();
  await work.get("tags-import").click();
  await work.get("import-file").setInputFiles(csv("名称", "春茶", "秋茶"));
  await work.get("import-apply").click();
  await work.get("tag-row").filter({ hasText: "秋茶" }).waitFor();
  await work.get("tags-files").click();
  const tags = await saved(page, () => work.get("tags-json").click());
  assert.deepEqual(JSON.parse(tags.bytes).map(({ name }) => name).sort(), ["春茶", "秋茶"].sort());
});

scene("many are taken off the blacklist at once, and colleagues see it", async (stage) => {
  const { weikefu, agent, ids } = await shop(stage);
  const page = await stage.page({ agent });
  const work = new Work(page, weikefu.origin);
  const rows = work.get("blocked");
  const count = (wanted) => until(`${wanted} on the list`, async () => (await rows.count()) === wanted);
  await work.open("settings/blacklist");
  await page.getByText("黑名单是空的").waitFor();
  for (const id of ids) await agent.call("PUT", `/customers/${id}/blocked`, { blocked: true });
  await count(3);
  await rows.first().getByText("由 小林").waitFor();
  await work.get("blocked-search").fill("普洱");
  await count(1);
  await work.get("blocked-search").fill("没有");
  await page.getByText("黑名单里没有这位客户").waitFor();
  await work.get("blocked-search").fill("");
  await count(3);
  await work.get("blocked-tick").nth(0).check();
  await work.get("blocked-tick").nth(1).check();
  await stage.shot(page, "blacklist-1-ticked");
  await work.get("unblock-many").filter({ hasText: "2" }).click();
  await new Desk(page, weikefu.origin).undo(() => count(1));
  await count(3);
  await work.get("blocked-tick-all").check();
  await work.get("unblock-many").filter({ hasText: "3" }).click();
  await work.get("rail-desk").click();
  await until("nobody left", async () => (await agent.call("GET", "/blacklist")).customers.length === 0);
});
