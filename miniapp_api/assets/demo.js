"use strict";

/* ---- making elements ---- */
const byId = (id) => document.getElementById(id);
function make(tag, properties, ...children) {
  const node = Object.assign(document.createElement(tag), properties || {});
  node.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}
const line = (...words) => make("p", {}, ...words);
const quiet = (...words) => make("p", { className: "quiet" }, ...words);
const heading = (words) => make("h2", {}, words);
const state = (words, alarm) => make("span", { className: alarm ? "state alarm" : "state" }, words);
const card = (title, ...rest) => make("section", { className: "card" }, make("strong", {}, title), ...rest);
const nothing = (words) => card("还没有内容", quiet(words));

/* ---- speaking to the servers ---- */
let cast = { simulator: null, people: [] };
let me = null;
let token = null;

class Refused extends Error {}
async function call(method, path, body) {
  const headers = {};
  if (token) headers.Authorization = "Bearer " + token;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method === "POST") headers["Idempotency-Key"] = "demo-" + Date.now() + "-" + Math.random().toString(36).slice(2);
  const answer = await fetch("/api/v1" + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const told = answer.status === 204 ? null : await answer.json();
  if (answer.ok) return told;
  const faults = ((told && told.errors) || []).map((fault) => fault.detail).join("；");
  throw new Refused((told && told.title || "没有成功") + "：" + (told && told.detail || "") + (faults ? "（" + faults + "）" : ""));
}
const get = (path) => call("GET", path);
const post = (path, body) => call("POST", path, body);
async function weixin(path, body) {
  const options = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(cast.simulator + "/_sim/" + path, options);
  if (!answer.ok) throw new Refused("微信模拟器没有回答");
  return answer.json();
}

async function become(person) {
  const { code } = await weixin("codes", { openid: person.openid });
  token = null;
  const door = person.role === "resident" ? "resident" : "staff";
  token = (await post("/open/" + door + "-sessions", { code })).access_token;
  me = person;
}

/* ---- words ---- */
const ROLES = { resident: "居民", doctor: "家庭医生", nurse: "护士", specialist: "专家", pharmacist: "药师", manager: "管理员" };
const WORDS = {};
const say = (code) => WORDS[code] || code;
const day = (text) => { const d = new Date(text.length === 10 ? text + "T00:00:00+08:00" : text);
  return d.toLocaleDateString("zh-CN", { timeZone: "Asia/Shanghai", month: "long", day: "numeric", weekday: "short" }); };
const hour = (text) => new Date(text).toLocaleTimeString("zh-CN", { timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit" });
const moment = (text) => day(text) + " " + hour(text);

/* ---- buttons that do something ---- */
function notice(words, bad) {
  const box = byId("notice");
  box.textContent = words;
  box.className = bad ? "bad" : "";
  box.hidden = false;
  clearTimeout(notice.timer);
  notice.timer = setTimeout(() => { box.hidden = true; }, bad ? 9000 : 5000);
}
function act(words, doing, plain) {
  const button = make("button", { type: "button", className: plain ? "plain" : "" }, words);
  button.onclick = async () => {
    button.disabled = true;
    try {
      const told = await doing();
      if (typeof told === "string") { await show(view); notice(told); }
    } catch (trouble) {
      notice(trouble instanceof Refused ? trouble.message : "没有成功，请再试一次", true);
    }
    button.disabled = false;
  };
  return button;
}
const go = (words, name, plain) => act(words, () => show(name), plain);
const field = (words, input) => make("label", {}, words, input);
const number = (value) => make("input", { type: "number", inputMode: "numeric", value });
const choose = (options) => make("select", {}, options.map(([value, words]) => make("option", { value }, words)));

/* ---- views ---- */
let view = "people";
const VIEWS = {};
const MENUS = { resident: [], doctor: [], nurse: [], specialist: [], pharmacist: [], manager: [] };
function offer(roles, name, words, about, draw) {
  VIEWS[name] = { words, draw };
  roles.forEach((role) => MENUS[role].push([name, words, about]));
}

VIEWS.people = { words: "家医 · 演示", draw: async () => [
  line("点一下，就用这个人的身份进入。"),
  cast.people.map((person) => {
    const button = make("button", { className: "person" }, make("em", {}, ROLES[person.role]), person.name,
      make("span", {}, person.about));
    button.onclick = () => enter(person).catch((trouble) => notice(trouble.message, true));
    return button;
  }),
  heading("演示时间"),
  await clockCard(),
] };
VIEWS.home = { words: "请选择", draw: async () => [
  MENUS[me.role].map(([name, words, about]) => {
    const button = make("button", { className: "person" }, words, make("span", {}, about));
    button.onclick = () => show(name);
    return button;
  }),
] };

async function clockCard() {
  const { now } = await get("/demo/clock");
  const ahead = (days) => async () => {
    const to = new Date(new Date(now).getTime() + days * 86400000).toISOString();
    await post("/demo/clock", { to });
    return "演示时间已向前 " + days + " 天";
  };
  return card("现在是 " + moment(now), quiet("只拨演示时间，电脑的时间不变。到期的随访和提醒会在一两秒后出现。"),
    make("div", { className: "pair" }, act("向前 1 天", ahead(1), true), act("向前 7 天", ahead(7), true)));
}

/* ---- entering ---- */
async function enter(person) {
  await become(person);
  await show("home");
}
async function show(name) {
  view = VIEWS[name] ? name : "people";
  if (view === "people") { me = null; token = null; }
  byId("title").textContent = VIEWS[view].words;
  byId("back").hidden = view === "people";
  byId("who").hidden = !me;
  byId("who").textContent = me ? ROLES[me.role] + " " + me.name : "";
  let drawn;
  try { drawn = await VIEWS[view].draw(); }
  catch (trouble) { drawn = [card("暂时打不开", line(trouble.message))]; }
  byId("main").replaceChildren(...[drawn].flat(9).filter(Boolean));
  const query = new URLSearchParams(me ? { as: me.key, view } : {});
  history.replaceState(null, "", "/demo" + (me ? "?" + query : ""));
  scrollTo(0, 0);
}
byId("back").onclick = () => show(view === "home" ? "people" : "home");

async function start() {
  cast = await get("/demo/people");
  const query = new URLSearchParams(location.search);
  const person = cast.people.find((one) => one.key === query.get("as"));
  if (person) await become(person);
  await show(person ? query.get("view") || "home" : "people");
}
addEventListener("DOMContentLoaded", () => start().catch((trouble) => {
  byId("main").replaceChildren(card("演示没有打开", line(trouble.message)));
}));
