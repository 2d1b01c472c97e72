// What each role sees of the merchant's pages: pages, buttons, and what the server says to who asks nevertheless.
import assert from "node:assert/strict";
import { Work, named, writer } from "../harness/people.js";
import { scene } from "../harness/stage.js";
import { until } from "../harness/until.js";

/** An administrator who serves three customers, a senior and an agent who serve nobody. */
async function shop(stage) {
  const weikefu = await stage.weikefu({ agents: ["小林", "小陈", "小周"] });
  const [admin, senior, agent] = weikefu.agents;
  await admin.call("PATCH", `/agents/${senior.id}`, { role: "senior" });
  await admin.online();
  for (const text of ["想买龙井", "想买普洱"]) await writer(weikefu, text);
  await until("two chats", async () => (await admin.desk()).conversations.length === 2);
  await named(admin, { 想买龙井: "龙井先生", 想买普洱: "普洱女士" });
  const { id } = await admin.call("POST", "/tags", { name: "老客户" });
  const { rows } = await admin.call("GET", "/customers");
  await admin.call("PUT", `/customers/${rows[0].id}/tags`, { tags: [id] });
  return { weikefu, roles: { administrator: admin, senior, agent }, tag: id };
}

/** Which of these are on the page now. */
async function seen(work, ids) {
  const there = [];
  for (const id of ids) if (await work.get(id).first().isVisible()) there.push(id);
  return there;
}

const status = async (agent, method, path, body) => {
  try {
    await agent.call(method, path, body);
    return 200;
  } catch (error) {
    return Number(/: (\d{3}) /.exec(error.message)[1]);
  }
};

scene("every role sees exactly the pages and buttons it may use", async (stage) => {
  const { weikefu, roles, tag } = await shop(stage);
  const [me] = (await roles.administrator.desk()).conversations;
  for (const [role, agent] of Object.entries(roles)) {
    const manages = role !== "agent";
    const page = await stage.page({ agent });
    const work = new Work(page, weikefu.origin);
    await work.customers();
    // Who has nothing to do with a customer does not find them; seniors find all.
    await until(`the customers of the ${role}`, async () => (await work.people().count()) === (manages ? 2 : 0));
    assert.deepEqual(await seen(work, ["rail-customers", "rail-search", "people-menu"]), ["rail-customers", "rail-search", ...(manages ? ["people-menu"] : [])], role);
    assert.equal(await work.get("rail-broadcasts").count() > 0 && !manages, false, `${role}: broadcasts`);

    await work.open("settings/tags");
    await work.get("tag-row").first().waitFor();
    const tools = ["tag-new", "tag-rename", "tag-remove", "tags-files"];
    assert.deepEqual(await seen(work, tools), manages ? tools : [], role);
    const admins = ["settings-agents", "settings-roles", "settings-channels"];
    assert.deepEqual(await seen(work, ["settings-blacklist", "settings-tags", ...admins]), ["settings-blacklist", "settings-tags", ...(role === "administrator" ? admins : [])], role);

    await work.open("settings/quick-replies");
    await work.get("quick-mine").getByTestId("quick-add").waitFor();
    assert.equal(await work.get("quick-shared").getByTestId("quick-add").count(), role === "administrator" ? 1 : 0, role);

    // Hidden is not all: the server refuses.
    const may = manages ? 200 : 403;
    assert.equal(await status(agent, "PATCH", `/tags/${tag}`, { name: `老客户 ${role}` }), may, role);
    assert.equal(await status(agent, "POST", "/customers/tags", { filter: {}, add: [tag], dry: true }), may, role);
    assert.equal(await status(agent, "GET", "/exports/customers?format=json"), may, role);
    assert.equal((await agent.call("GET", `/search?q=${encodeURIComponent("想买")}`)).hits.length, manages ? 2 : 0, role);
    assert.equal(await status(agent, "GET", `/customers/${me.customer.id}/behaviours`), may, role);
    await page.context().close();
  }
});

scene("an agent tags and searches among those he serves", async (stage) => {
  const { weikefu, roles: { administrator, agent } } = await shop(stage);
  await administrator.online(false);
  await agent.online();
  await writer(weikefu, "小周的客户想要红茶");
  await until("a chat", async () => (await agent.desk()).conversations.some(({ owner }) => owner === agent.id));
  const page = await stage.page({ agent });
  const work = new Work(page, weikefu.origin);
  await work.customers();
  await work.shown(1);
  await work.get("person-tick").check();
  assert.deepEqual(await seen(work, ["tag-people", "export-people", "tick-matching"]), ["tag-people"]);
  await work.get("tag-people").click();
  await work.get("tag-give").click();
  await work.get("tag-save").click();
  await work.people().getByText("老客户").waitFor();
  await until("it in the index", async () => (await agent.call("GET", `/search?q=${encodeURIComponent("想要")}`)).hits.length === 1);
  await work.open(`search?q=${encodeURIComponent("想要")}`);
  await until("one hit", async () => (await work.get("found").count()) === 1);
});
