// The customer's phone: one chat at a time, kept live by long polling.
"use strict";

const el = (id) => document.getElementById(id);
const state = { openid: "", revision: 0, lines: new Map(), info: null, people: [], seen: {}, account: {}, drift: 0, run: 0 };
try { state.seen = JSON.parse(localStorage.getItem("seen") || "{}"); } catch { /* private window */ }
const remember = (name, value) => { try { localStorage.setItem(name, value); } catch { /* private window */ } };

async function ask(path, options) {
  const response = await fetch(path, options);
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error || `HTTP ${response.status}`);
  return answer;
}
const post = (path, order) => ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(order) });

let toastTimer;
function toast(text) {
  el("toast").textContent = text;
  el("toast").hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { el("toast").hidden = true; }, 3200);
}

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}
function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "use"));
  svg.firstChild.setAttribute("href", `#i-${name}`);
  svg.setAttribute("aria-hidden", "true");
  return svg;
}
const nameOf = (person) => person.nickname || `顾客 ${person.openid.slice(-4)}`;
function face(person) {
  const node = make("span", "face", person ? [...nameOf(person)][person.nickname ? 0 : 3] || "顾" : undefined);
  node.setAttribute("aria-hidden", "true");
  if (!person) { node.classList.add("shop"); node.append(icon("shop")); return node; }
  let hue = 0;
  for (const sign of person.openid) hue = (hue * 131 + sign.codePointAt(0)) % 100003;
  node.style.setProperty("--hue", hue % 360);
  return node;
}
function clock(at) {
  const date = new Date(at), today = new Date();
  const time = date.toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });
  return date.toDateString() === today.toDateString() ? time : `${date.getMonth() + 1}月${date.getDate()}日 ${time}`;
}

// ---- lines ----

const EVENTS = {
  subscribe: (key) => (key ? "你扫码关注了公众号" : "你关注了公众号"), unsubscribe: () => "你取消了关注",
  SCAN: () => "你扫描了门店码", CLICK: (key) => `你点击了菜单「${MENU[key] || key}」`, VIEW: () => "你打开了菜单链接",
};
const MENU = Object.fromEntries([...document.querySelectorAll("[data-click]")].map((b) => [b.dataset.click, b.textContent]));
const web = (url) => (/^https?:\/\//.test(url || "") ? url : "");

/** Text with `<a href>` links as WeChat shows them; everything else stays text. */
function rich(text) {
  const node = make("span");
  const links = /<a\s[^>]*?href=["'](https?:\/\/[^"']+)["'][^>]*>([^<]*)<\/a>/gi;
  let at = 0;
  for (const found of text.matchAll(links)) {
    node.append(withFaces(text.slice(at, found.index)));
    const link = make("a", "", found[2]);
    Object.assign(link, { href: found[1], target: "_blank", rel: "noopener noreferrer" });
    node.append(link);
    at = found.index + found[0].length;
  }
  node.append(withFaces(text.slice(at)));
  return node;
}
function picture(src) {
  const image = make("img");
  image.alt = "图片";
  image.src = src;
  image.addEventListener("load", stick);
  image.addEventListener("error", () => image.remove());
  return image;
}
function card(line, body, foot) {
  const url = web(body.url);
  const node = make(url ? "a" : "div", "card");
  if (url) Object.assign(node, { href: url, target: "_blank", rel: "noopener noreferrer" });
  node.append(make("h3", "", body.title || "（无标题）"));
  const inner = make("div", "body");
  inner.append(make("p", "", body.description || ""));
  if (body.picurl) inner.append(picture(body.picurl));
  node.append(inner, make("small", "", foot));
  return node;
}
function place(body) {
  const node = make("div", "card place");
  node.append(make("h3", "", body.label || "我的位置"), make("p", "", `${Number(body.x).toFixed(4)}, ${Number(body.y).toFixed(4)}`), make("div", "map"));
  return node;
}
function menu(body) {
  const node = make("div", "bubble");
  const choices = make("div", "choices");
  for (const entry of body.list) {
    const button = make("button", "", entry.content);
    button.type = "button";
    button.addEventListener("click", () => act("/sim/menu-choice", { id: entry.id, content: entry.content }));
    choices.append(button);
  }
  node.append(rich(body.head_content || ""), choices, rich(body.tail_content || ""));
  return node;
}
function content(line) {
  const { kind, body } = line;
  if (kind === "image" && body.media) {
    const node = make("a", "pic");
    Object.assign(node, { href: body.media, target: "_blank", rel: "noopener" });
    node.append(picture(body.media));
    return node;
  }
  if ((kind === "video" || kind === "shortvideo") && body.media) {
    const node = make("div", "pic"), film = make("video");
    Object.assign(film, { controls: true, preload: "metadata", src: body.media });
    node.append(film);
    return node;
  }
  if (kind === "voice") {
    const node = make("div", "bubble"), inner = make("div", "voice");
    inner.append(icon("voice"), make("span", "", "语音"));
    node.append(inner);
    return node;
  }
  if (kind === "location") return place(body);
  if (kind === "msgmenu") return menu(body);
  if (kind === "news" || kind === "link") return card(line, body, line.from === "me" ? "链接" : state.account.name);
  if (kind === "mpnewsarticle" || kind === "music" || kind === "miniprogrampage" || kind === "wxcard") return card(line, body, { music: "音乐", miniprogrampage: "小程序", wxcard: "卡券" }[kind] || "文章");
  const node = make("div", "bubble");
  node.append(rich(body.content === undefined ? `[${kind}]` : String(body.content)));
  return node;
}
function draw(line) {
  if (line.from === "notice") return make("p", "notice bad", line.body.content);
  if (line.kind === "event") {
    const text = (EVENTS[line.body.event] || (() => `事件 ${line.body.event}`))(line.body.key);
    return make("p", line.fate === "failed" ? "notice bad" : "notice", line.fate === "failed" ? `${text}（商家服务器未响应）` : text);
  }
  const node = make("div", line.from === "me" ? "line me" : "line");
  const person = state.people.find((one) => one.openid === state.openid) || { openid: state.openid };
  node.append(face(line.from === "me" ? person : null), content(line));
  if (line.from === "me" && line.fate !== "done") {
    const fate = make("span", `fate ${line.fate}`, line.fate === "failed" ? "!" : "");
    fate.title = line.fate === "failed" ? "商家服务器没有接收" : "发送中";
    node.append(fate);
  }
  return node;
}

let pinned = true;
el("chat").addEventListener("scroll", () => {
  const chat = el("chat");
  pinned = chat.scrollHeight - chat.scrollTop - chat.clientHeight < 60;
});
function stick() { if (pinned) el("chat").scrollTop = el("chat").scrollHeight; }

const drawn = new Map();
function show() {
  const chat = el("chat");
  if (!state.lines.size) {
    drawn.clear();
    chat.replaceChildren(make("p", "empty", state.openid ? "还没有消息。发一句话，商家的客服就会看到。" : "先创建一位顾客。"));
    return;
  }
  chat.querySelector(".empty")?.remove();
  let before = 0;
  for (const line of [...state.lines.values()].sort((a, b) => a.id - b.id)) {
    const old = drawn.get(line.id);
    if (!old || old.revision !== line.revision) {
      const node = draw(line);
      if (old) old.node.replaceWith(node);
      else {
        if (line.at - before > 300000) chat.append(make("p", "notice", clock(line.at)));
        chat.append(node);
      }
      drawn.set(line.id, { node, revision: line.revision });
    }
    before = line.at;
  }
  stick();
}
function showHead() {
  const info = state.info;
  el("name").textContent = state.account.name || "";
  el("follow").textContent = info && info.following ? "取消关注" : "关注";
  const quota = el("quota");
  quota.classList.remove("low");
  if (!info) { quota.textContent = ""; return; }
  const now = Date.now() + state.drift;
  if (now < info.typing_until) quota.textContent = "对方正在输入…";
  else if (!info.following) quota.textContent = "未关注";
  else if (now >= info.quota.until) quota.textContent = "回复窗口已关闭";
  else {
    quota.textContent = `商家还可回复 ${info.quota.left} 条，至 ${clock(info.quota.until)}`;
    quota.classList.toggle("low", info.quota.left <= 1);
  }
}

// ---- live ----

async function follow(run) {
  while (run === state.run && state.openid) {
    try {
      const wait = state.info ? 20000 : 0;
      const answer = await ask(`/sim/messages?openid=${encodeURIComponent(state.openid)}&after=${state.revision}&wait=${wait}`);
      if (run !== state.run) return;
      for (const line of answer.lines) state.lines.set(line.id, line);
      Object.assign(state, { revision: answer.revision, info: answer, drift: answer.now - Date.now() });
      state.seen[state.openid] = answer.revision;
      remember("seen", JSON.stringify(state.seen));
      show();
      showHead();
    } catch {
      await new Promise((done) => setTimeout(done, 1000));
    }
  }
}
function open(openid) {
  Object.assign(state, { openid, revision: 0, info: null, run: state.run + 1 });
  state.lines.clear();
  drawn.clear();
  el("chat").replaceChildren();
  pinned = true;
  remember("openid", openid);
  document.body.classList.remove("listing");
  keyboard(true);
  follow(state.run);
  refresh();
}
function summary(line) {
  if (!line) return "";
  if (line.kind === "event") return (EVENTS[line.body.event] || (() => line.body.event))(line.body.key);
  const words = { image: "[图片]", voice: "[语音]", video: "[视频]", shortvideo: "[视频]", location: "[位置]", news: "[链接] ", link: "[链接] ", msgmenu: "[菜单消息]" };
  return (words[line.kind] || "") + withFaces(String(line.body.content || line.body.title || ""));
}
function showPeople() {
  el("list").replaceChildren(...state.people.map((person) => {
    const item = make("li"), button = make("button");
    button.type = "button";
    if (person.openid === state.openid) button.setAttribute("aria-current", "true");
    button.append(face(person), make("strong", "", nameOf(person)), make("time", "", person.last ? clock(person.last.at) : ""), make("em", "", summary(person.last)));
    const fresh = person.openid !== state.openid && person.last && person.last.from !== "me" && person.revision > (state.seen[person.openid] || 0);
    if (fresh) { const dot = make("span", "fresh"); dot.title = "有新消息"; button.append(dot); }
    button.addEventListener("click", () => open(person.openid));
    item.append(button);
    return item;
  }));
}
async function refresh() {
  try {
    const answer = await ask("/sim/state");
    state.account = answer;
    state.people = answer.customers;
    const mode = { plaintext: "明文", compatible: "兼容", secure: "安全" }[answer.mode];
    el("facts").textContent = answer.callback ? `${mode}模式，回调 ${new URL(answer.callback).host}` : `${mode}模式，尚未设置回调地址`;
    showPeople();
    showHead();
  } catch { /* the simulator is starting or gone; the next round tells */ }
}

// ---- acting ----

async function act(path, order) {
  if (!state.openid) return toast("先创建一位顾客");
  pinned = true;
  try {
    await post(path, { openid: state.openid, ...order });
  } catch (error) { toast(error.message); }
  refresh();
}
function panel(name) {
  for (const [id, key] of [["faces", "faces-key"], ["tools", "plus"]]) {
    el(id).hidden = id !== name || !el(id).hidden;
    el(key).setAttribute("aria-expanded", String(!el(id).hidden));
  }
  stick();
}
function typed() {
  const some = el("input").value.trim() !== "";
  el("send").hidden = !some;
  el("plus").hidden = some;
}
function submit() {
  const text = el("input").value;
  if (!text.trim()) return;
  el("input").value = "";
  typed();
  act("/sim/text", { content: text });
}
function insert(text) {
  const input = el("input");
  input.setRangeText(text, input.selectionStart, input.selectionEnd, "end");
  typed();
}
async function upload(file, kind) {
  if (!file || !state.openid) return;
  panel("");
  pinned = true;
  try {
    await ask(`/sim/file?openid=${encodeURIComponent(state.openid)}&kind=${kind}`, { method: "POST", body: file });
  } catch (error) { toast(error.message); }
}
const PLACES = [[23.1291, 113.3240, "珠江新城 · 花城广场"], [31.2304, 121.4737, "人民广场"], [39.9087, 116.3975, "东长安街"]];
const TOOLS = {
  photo: () => el("photo").click(),
  film: () => el("film").click(),
  place: () => { const [latitude, longitude, label] = PLACES[Math.floor(Math.random() * PLACES.length)]; panel(""); act("/sim/location", { latitude, longitude, label }); },
  scan: () => { panel(""); act("/sim/event", { event: state.info?.following ? "SCAN" : "subscribe", key: "store_1" }); },
  follow: () => { panel(""); act("/sim/event", { event: state.info?.following ? "unsubscribe" : "subscribe" }); },
};

el("form").addEventListener("submit", (event) => { event.preventDefault(); submit(); });
el("input").addEventListener("input", typed);
el("input").addEventListener("focus", () => { if (matchMedia("(pointer: coarse)").matches) panel(""); });
el("input").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); submit(); }
});
el("faces-key").addEventListener("click", () => panel("faces"));
el("plus").addEventListener("click", () => panel("tools"));
el("more").addEventListener("click", () => { keyboard(true); panel("tools"); });
function keyboard(on) { el("menu").hidden = on; el("form").hidden = !on; panel(""); }
el("to-menu").addEventListener("click", () => keyboard(false));
el("to-keys").addEventListener("click", () => keyboard(true));
el("back").addEventListener("click", () => { document.body.classList.add("listing"); refresh(); });
for (const button of document.querySelectorAll("[data-tool]")) button.addEventListener("click", TOOLS[button.dataset.tool]);
for (const button of document.querySelectorAll("[data-click]")) button.addEventListener("click", () => act("/sim/event", { event: "CLICK", key: button.dataset.click }));
for (const [id, kind] of [["photo", "image"], ["film", "video"]]) el(id).addEventListener("change", () => { upload(el(id).files[0], kind); el(id).value = ""; });
for (const [title, pairs] of [["微信表情", Object.entries(FACES)], ["Emoji", EMOJI.map((sign) => [sign, sign])]]) {
  el("faces").append(make("p", "", title));
  for (const [word, sign] of pairs) {
    const button = make("button", "", sign);
    Object.assign(button, { type: "button", title: word });
    button.addEventListener("click", () => insert(word));
    el("faces").append(button);
  }
}
el("add").addEventListener("click", () => {
  const names = ["小雨", "阿杰", "林晓", "陈叔", "Momo", "王小姐", "大鹏", "安安"];
  el("nickname").value = names[state.people.length % names.length];
  el("new").showModal();
});
el("new").addEventListener("close", async () => {
  if (el("new").returnValue !== "ok") return;
  try {
    const made = await post("/sim/customers", { nickname: el("nickname").value.trim() });
    open(made.openid);
    if (el("follows").checked) await act("/sim/event", { event: "subscribe" });
  } catch (error) { toast(error.message); }
});

(async () => {
  await refresh();
  let known = "";
  try { known = localStorage.getItem("openid") || ""; } catch { /* private window */ }
  const wanted = new URLSearchParams(location.search).get("openid") || known;
  const first = state.people.find((person) => person.openid === wanted) || state.people[0];
  if (first) open(first.openid); else { show(); el("add").click(); }
  setInterval(refresh, 3000);
  setInterval(showHead, 1000);
})();
