"use strict";

const EVERY_MS = 10000;
const CHANNEL = { wechat: "微信", sms: "短信", call: "社区电话", family: "家人微信" };
const BECAUSE = { restored: "数据库恢复过", moved: "数据库换了地方", behind: "数据库退回到以前", by_hand: "由管理人员暂停" };

const byId = (id) => document.getElementById(id);
function make(tag, properties, ...children) {
  const node = Object.assign(document.createElement(tag), properties || {});
  node.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}
const line = (...words) => make("p", {}, ...words);
const quiet = (...words) => make("p", { className: "quiet" }, ...words);
const heading = (words) => make("h2", {}, words);
const card = (kind, title, ...rest) => make("section", { className: "card " + kind }, make("strong", {}, title), rest);
const clock = (text) => new Date(text).toLocaleString("zh-CN", { timeZone: "Asia/Shanghai", hour12: false, month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit" });

/* Kept in this page alone: closing it logs out. */
let session = null;
let view = null;
let timer = null;

class Refused extends Error {
  constructor(told, status) { super((told && (told.detail || told.title)) || "没有成功，请再试一次"); this.status = status; }
}
async function call(method, path, body) {
  const headers = {};
  if (session) headers.Authorization = "Bearer " + session.access_token;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch("/api/v1" + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const told = await answer.json().catch(() => null);
  if (!answer.ok) throw new Refused(told, answer.status);
  return told;
}
async function get(path) {
  try {
    return await call("GET", path);
  } catch (refusal) {
    if (refusal.status !== 401 || !session) throw refusal;
    const refresh_token = session.refresh_token;
    session = null;
    session = await call("POST", "/open/sessions/refresh", { refresh_token });
    return call("GET", path);
  }
}

function tell(words) {
  const notice = byId("notice");
  notice.hidden = !words;
  notice.textContent = words || "";
}
function show(title, back, ...parts) {
  byId("title").textContent = title;
  byId("back").hidden = !back;
  byId("back").onclick = back;
  byId("main").replaceChildren(...parts.flat(9).filter(Boolean));
}
async function go(next) {
  clearTimeout(timer);
  view = next;
  try {
    await next();
    tell("");
  } catch (refusal) {
    tell(refusal.message);
    if (refusal.status === 401) { session = null; view = logIn; await logIn(); return; }
  }
  if (view === next && session && next.again) timer = setTimeout(() => go(next), EVERY_MS);
}

/* ---- logging in ---- */
async function logIn() {
  const field = (name, words, rest) => make("label", {}, words, make("input", { name, required: true, ...rest }));
  const form = make("form", {},
    field("login", "登录名", { autocomplete: "username" }),
    field("password", "密码", { type: "password", autocomplete: "current-password" }),
    field("code", "动态口令（6 位）", { inputMode: "numeric", autocomplete: "one-time-code" }),
    make("button", {}, "登录"));
  form.onsubmit = (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(form));
    go(async () => { session = await call("POST", "/open/staff-web-sessions", given); await go(queue); });
  };
  show("消息队列", null, line("请管理人员登录。"), form, await demoDoor());
}
/* Only a demo answers this. */
async function demoDoor() {
  const cast = await call("GET", "/demo/people").catch(() => null);
  const chief = cast && cast.simulator && cast.people.find((one) => one.role.endsWith("manager"));
  if (!chief) return null;
  const enter = async () => {
    const answer = await fetch(cast.simulator + "/_sim/codes", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ openid: chief.openid }) });
    session = await call("POST", "/open/staff-sessions", { code: (await answer.json()).code });
    await go(queue);
  };
  return make("button", { className: "plain", onclick: () => go(enter) }, "演示：以管理员 " + chief.name + " 进入");
}

/* ---- the queue ---- */
async function queue() {
  const [told, troubles] = await Promise.all([get("/manager/messages"), get("/manager/messages/troubles?limit=20")]);
  show("消息队列", null, quiet(clock(told.at) + "，每 10 秒更新"), health(told), numbers(told), channels(told), reasons(told), list(troubles));
}
queue.again = true;

function waited(told) {
  return told.oldest_due_at ? Math.max(0, Math.round((new Date(told.at) - new Date(told.oldest_due_at)) / 60000)) : 0;
}
function health(told) {
  if (told.fence) {
    const held = told.fence.held.reduce((sum, one) => sum + one.number, 0);
    return card("alarm", "发送已暂停：" + BECAUSE[told.fence.because], line("自 " + clock(told.fence.raised_at) + " 起什么都不发送。"),
      line("有 " + held + " 条可能在丢失的时段里已经发出。"), quiet("请运维人员运行 manage.py messages fence。"));
  }
  const stuck = told.channels.flatMap((one) => Object.entries(one.held_back).map(([reason, number]) => [one.channel, reason, number]));
  if (waited(told) > 5) return card("alarm", "有消息等了 " + waited(told) + " 分钟", line(stuck.length ? "部分发送没有成功，正在自动再试。" : "发送程序可能没有运行。"), quiet("请联系运维人员；消息不会丢。"));
  if (stuck.length) return card("", "部分消息正在自动再试", line(stuck.map(([channel, , number]) => CHANNEL[channel] + " " + number + " 条").join("，")));
  return card("well", "发送正常", line(told.due ? "到期的消息正在发出。" : "没有积压。"));
}
function numbers(told) {
  const box = (words, number, alarm) => make("div", {}, make("b", { className: alarm ? "alarm" : "" }, String(number)), make("span", {}, words));
  return make("div", { className: "numbers" }, box("到期待发", told.due), box("今天已发", told.states.sent || 0),
    box("七天内失败", told.states.failed || 0, told.states.failed), box("不确定", told.states.unknown || 0, told.states.unknown));
}
function channels(told) {
  const cells = (tag, words) => make("tr", {}, words.map((word) => make(tag, {}, String(word))));
  const used = told.channels.filter((one) => one.channel === "wechat" || one.due + one.later + one.sending + one.sent_today + one.failed + one.in_doubt > 0);
  return [heading("各渠道"), make("section", { className: "card" }, make("table", {},
    make("thead", {}, cells("th", ["", "待发", "以后", "今天", "失败", "不确定"])),
    make("tbody", {}, used.map((one) => cells("td", [CHANNEL[one.channel], one.due + one.sending, one.later, one.sent_today, one.failed, one.in_doubt])))))];
}
function reasons(told) {
  if (!told.explained.length) return null;
  return [heading("原因（七天内）"), told.explained.map((one) => card("", one.number + " 条：" + one.words, quiet(one.todo)))];
}
function list(troubles) {
  if (!troubles.items.length) return null;
  return [heading("最近的失败和不确定"), troubles.items.map((one) => make("button", { className: "row", onclick: () => go(() => story(one)) },
    make("strong", {}, one.title + " · " + CHANNEL[one.channel]), one.words, make("br"), make("span", { className: "quiet" }, "应发 " + clock(one.due_at))))];
}
async function story(one) {
  const told = await get("/manager/messages/" + one.id + "/history");
  show("一条消息的经过", () => go(queue), card("", one.title, line(told.verdict), told.todo ? quiet(told.todo) : null),
    heading("经过"), make("section", { className: "card" }, make("ol", {}, told.steps.map((step) => make("li", {}, make("span", { className: "quiet" }, clock(step.at) + " "), step.words)))),
    quiet("编号 " + one.id + (one.rid ? "，rid " + one.rid : "")));
}

go(logIn);
