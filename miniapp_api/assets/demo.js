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
function card(title, ...rest) {
  const parts = rest.flat(9), badge = parts.filter((part) => part instanceof Node && part.classList.contains("state"));
  return make("section", { className: "card" }, make("div", { className: "head" }, make("strong", {}, title), badge),
    parts.filter((part) => !badge.includes(part)));
}
const nothing = (words) => card("还没有内容", quiet(words));

/* ---- speaking to the servers ---- */
let cast = { simulator: null, people: [] };
let served = new Set();
let me = null;
let token = null;
let person = null;
let folk = [];

class Refused extends Error {}
async function call(method, path, body) {
  const headers = {};
  if (token) headers.Authorization = "Bearer " + token;
  if (person && !path.startsWith("/resident/me")) headers["Jiayi-Person"] = person;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method === "POST") headers["Idempotency-Key"] = "demo-" + Date.now() + "-" + Math.random().toString(36).slice(2);
  const answer = await fetch("/api/v1" + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const told = answer.status === 204 ? null : await answer.json();
  if (answer.ok) return told;
  const faults = ((told && told.errors) || []).map((fault) => fault.detail).join("；");
  throw new Refused((told && told.title || "没有成功") + "：" + (faults || (told && told.detail) || "请再试一次"));
}
const get = (path) => call("GET", path);
const post = (path, body) => call("POST", path, body);
async function weixin(path, body) {
  const options = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(cast.simulator + "/_sim/" + path, options);
  if (!answer.ok) throw new Refused("微信模拟器没有回答");
  return answer.json();
}

async function become(somebody) {
  const { code } = await weixin("codes", { openid: somebody.openid });
  token = person = null;
  folk = [];
  const door = somebody.role === "resident" ? "resident" : "staff";
  token = (await post("/open/" + door + "-sessions", { code })).access_token;
  if (door === "resident") {
    person = (await get("/resident/me")).resident_id;
    folk = (await get("/resident/me/people")).items;
  }
  me = somebody;
}

/* ---- words ---- */
const ROLES = { resident: "居民", doctor: "家庭医生", nurse: "护士", specialist: "专家", pharmacist: "药师", manager: "管理员",
  public_health: "公卫医师", coordinator: "转诊协调员", consortium_manager: "医共体管理员", auditor: "审计员" };
const WORDS = {};
const say = (code) => WORDS[code] || code;
let now = new Date();
const yearOf = (instant) => instant.toLocaleDateString("zh-CN", { timeZone: "Asia/Shanghai", year: "numeric" });
function day(text) {
  const at = new Date(text.length === 10 ? text + "T00:00:00+08:00" : text);
  return (yearOf(at) === yearOf(now) ? "" : yearOf(at)) +
    at.toLocaleDateString("zh-CN", { timeZone: "Asia/Shanghai", month: "long", day: "numeric", weekday: "short" });
}
const whole = (text) => text.slice(0, 4) + "年" + Number(text.slice(5, 7)) + "月" + Number(text.slice(8)) + "日";
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
const NEEDS = { sign: "/resident/contracts", book: "/open/clinics/sessions",
  bookings: "/resident/bookings", follow: "/resident/follow-ups", readings: "/resident/readings", drugs: "/resident/prescriptions",
  inbox: "/resident/messages", tasks: "/doctor/follow-ups", applications: "/doctor/contracts", signed: "/doctor/residents",
  prescriptions: "/doctor/prescriptions", clinic: "/doctor/clinics/sessions", rosters: "/manager/clinics/rosters",
  sessions: "/manager/clinics/sessions", teams: "/manager/teams", staff: "/manager/staff", chain: "/auditor/chain", contracts: "/manager/contracts/counts", family: "/resident/me/proxies" };
const MENUS = Object.fromEntries(Object.keys(ROLES).map((role) => [role, []]));
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
  clockCard(),
] };
VIEWS.home = { words: "请选择", draw: async () => [
  folk.length > 1 ? [heading("为谁办理"), folk.map(personButton), heading("办什么")] : null,
  MENUS[me.role].filter(([name]) => !(name === "family" && forWhom()) && served.has("/api/v1" + NEEDS[name])).map(([name, words, about]) => {
    const button = make("button", { className: "person" }, words, make("span", {}, about));
    button.onclick = () => show(name);
    return button;
  }),
  heading("演示时间"),
  clockCard(),
] };

/* ---- 家人 ---- */
const KIN = { son: "儿子", daughter: "女儿", spouse: "配偶", father: "父亲", mother: "母亲", grandchild: "孙辈", sibling: "兄弟姐妹", guardian: "监护人", other: "家人" };
const SCOPES = { book: "预约挂号", results: "看健康记录", sign: "签约续方", reminders: "收提醒" };
const DOING = { invited: "等家人接受", asked: "等您确认", recorded: "等见证", active: "有效", ended: "已结束" };
const forWhom = () => folk.find((one) => one.resident_id === person && one.kinship);
const scopesOf = (one) => one.scopes.map((scope) => SCOPES[scope]).join("、");
function personButton(one) {
  const chosen = one.resident_id === person;
  const button = make("button", { className: "person", ariaPressed: String(chosen) },
    make("em", {}, chosen ? "正在为此人办理" : ""), one.kinship ? one.name + "（" + KIN[one.kinship] + "代办）" : one.name + "（本人）",
    make("span", {}, one.kinship ? "可办：" + scopesOf(one) + "，到 " + whole(one.until) : "办自己的事"));
  button.onclick = () => { person = one.resident_id; show("home"); };
  return button;
}
function mandateCard(one) {
  const path = "/resident/me/proxies/" + one.id;
  return card((one.family_member || "家人") + "（" + one.kinship_text + "）", state(DOING[one.state], one.state === "ended"),
    line("可办：" + scopesOf(one)), quiet(whole(one.starts_on) + " 到 " + whole(one.ends_on)),
    one.state === "asked" ? act("同意", async () => { await post(path + "/confirmation"); return "已同意，即刻生效"; }) : null,
    one.state === "ended" || one.is_guardian ? null
      : act(one.state === "active" ? "停止代办" : "取消", async () => { await call("DELETE", path); return "已停止，即刻生效"; }, true));
}
offer(["resident"], "family", "我的家人", "谁能为我代办，随时停止", async () => {
  const name = make("input", { placeholder: "家人的真实姓名", autocomplete: "off" });
  const kin = choose(["son", "daughter", "spouse", "grandchild", "sibling", "other"].map((one) => [one, KIN[one]]));
  const code = make("input", { placeholder: "8位邀请码", autocapitalize: "characters", autocomplete: "off" });
  const until = new Date(now.getTime() + 180 * 86400000).toISOString().slice(0, 10);
  return [heading("谁能为我代办"), list((await get("/resident/me/proxies")).items, mandateCard, "还没有家人为您代办。"),
    card("请家人代办", field("姓名", name), field("是我的", kin), act("生成邀请码", async () => {
      const made = await post("/resident/me/proxies/invitations", { name: name.value, kinship: kin.value, scopes: Object.keys(SCOPES), ends_on: until });
      return "邀请码 " + made.code + "，请告诉家人，24小时内有效";
    })),
    card("家人请我代办", field("邀请码", code), act("接受邀请", async () => {
      await post("/resident/me/people", { code: code.value });
      folk = (await get("/resident/me/people")).items;
      return "已接受，在首页选择为谁办理";
    }, true))];
});

/* ---- 居民 ---- */
const resident = ["resident"], team = ["doctor", "nurse", "public_health"],
  clinical = [...team, "specialist", "pharmacist", "coordinator"], managers = ["manager", "consortium_manager"];
Object.assign(WORDS, {
  applied: "等团队答复", accepted: "等您确认", active: "签约有效", declined: "未通过", withdrawn: "已撤回", ended: "已结束",
  booked: "已预约", cancelled: "已取消",
  requested: "等医生评估", issued: "等药师审核", returned: "退回医生", reviewed: "可以取药", in_use: "用药中", renewed: "已续方",
  finished: "已用完", terminated: "已终止", refused: "未开具", expired: "已过期",
  queued: "等待发送", sending: "正在发送", sent: "已送达微信", unknown: "不确定是否送达", failed: "没有送达",
  bookable: "可预约", full: "已约满", not_released: "未放号", closed: "已截止", open: "开诊",
  own_wish: "个人意愿", disputed: "本人异议", moved: "迁出", changed_team: "更换团队", other: "其他",
});
const list = (items, draw, empty) => items.length ? items.map(draw) : [nothing(empty)];
const OPEN = new Set(["requested", "issued", "returned", "reviewed"]);
const bad = (code) => ["declined", "refused", "terminated", "failed", "unknown", "cancelled", "escalated"].includes(code);

offer(resident, "sign", "家庭医生签约", "看离家最近的团队，申请、确认", async () => {
  const mine = (await get("/resident/contracts")).items;
  const live = mine.filter((one) => ["applied", "accepted", "active"].includes(one.state));
  const parts = [];
  for (const one of live) parts.push(await contractCard(one));
  if (!live.length) {
    const near = await nearest();
    parts.push(heading("离您最近的团队"), near.slice(0, 5).map(teamCard));
  }
  const past = mine.filter((one) => !live.includes(one));
  if (past.length) parts.push(heading("以前的签约"), past.map((one) => card(one.team.name, state(say(one.state)))));
  return parts;
});
const nearest = () => get("/open/teams/nearest?" + new URLSearchParams(cast.home));
async function contractCard(one) {
  const detail = await get("/resident/contracts/" + one.id);
  const body = [state(say(one.state)), line(one.institution.name)];
  if (one.doctor) body.push(line("家庭医生：" + one.doctor.name + " " + one.doctor.title));
  if (one.ends_on) body.push(line("有效期到 " + whole(one.ends_on)));
  if (one.acts.includes("confirm")) {
    body.push(make("details", {}, make("summary", {}, "先读《" + detail.agreement.title + "》"), make("pre", {}, detail.agreement.text)),
      act("我已读完，确认签约", async () => {
        await post("/resident/contracts/" + one.id + "/confirmation", { version: detail.agreement.version, sha256: detail.agreement.sha256 });
        return "签约成功，从今天起有效";
      }));
  }
  if (one.acts.includes("withdraw")) body.push(act("撤回申请", async () => {
    await post("/resident/contracts/" + one.id + "/withdrawal"); return "已撤回";
  }, true));
  return card(one.team.name, body);
}
const teamCard = (one) => card(one.name, line(one.institution.name + "，约 " + one.metres + " 米"),
  quiet(one.members.map((member) => member.name + (member.is_lead ? "（团队长）" : "")).join("、")),
  act("申请签约一年", async () => {
    await post("/resident/contracts", { team_id: one.id, months: 12 });
    return "已申请，等团队答复";
  }));

offer(resident, "book", "专家门诊预约", "中心医院专家每周来社区坐诊", async () => {
  const house = await centre();
  const found = (await get("/open/clinics/sessions?limit=100&institution_id=" + house)).items.filter((one) => one.state === "open");
  return [heading("最近的门诊"), list(found.slice(0, 20), (one) => card(one.specialty + " " + one.expert_name,
    state(say(one.standing), one.standing === "full"), line(one.expert_title), line(moment(one.starts_at) + " 到 " + hour(one.ends_at)),
    quiet(one.institution_name + " " + one.room + "，还有 " + one.free + " 个号"),
    one.standing === "bookable" ? act("预约这一场", async () => {
      const got = await post("/resident/bookings", { session_id: one.id });
      return "已预约 " + got.seat_number + " 号，" + moment(got.starts_at);
    }) : null), "这两周没有门诊安排。")];
});
async function centre() {
  const near = await nearest();
  return near[0].institution.id;
}
offer(resident, "bookings", "我的预约", "查看、取消", async () => list((await get("/resident/bookings")).items, (one) =>
  card(one.specialty + " " + one.expert_name, state(say(one.state)), line(moment(one.starts_at) + "，" + one.seat_number + " 号"),
    quiet(one.institution_name + " " + one.room),
    one.acts.includes("cancel") ? act("取消这个预约", async () => {
      await post("/resident/bookings/" + one.id + "/cancellation"); return "已取消，号已退回";
    }, true) : null), "您还没有预约。"));

offer(resident, "follow", "我的随访", "什么时候随访，在家量血压", async () => list((await get("/resident/follow-ups")).items, (one) => {
  const upper = number(""), lower = number("");
  return card(one.occasion_text, state(one.state_text), line("应在 " + day(one.due_on) + " 前完成"),
    one.advice_text ? line("结果：" + one.advice_text) : null,
    one.acts.includes("answer") ? [make("div", { className: "pair" }, field("高压（收缩压）", upper), field("低压（舒张压）", lower)),
      act("记录在家量的血压", async () => (await post("/resident/follow-ups/" + one.id + "/answer",
        { systolic: Number(upper.value), diastolic: Number(lower.value) })).text)] : null);
}, "还没有随访安排。"));
offer(resident, "readings", "血压记录", "随访和在家测量的都在这里", async () => list((await get("/resident/readings")).items,
  (one) => card(one.systolic + " / " + one.diastolic + " 毫米汞柱", quiet(day(one.taken_on) + "，" + one.source_text)), "还没有血压记录。"));

offer(resident, "drugs", "长处方", "申请、确认、取药、用到哪天", async () => {
  const mine = (await get("/resident/prescriptions")).items;
  const parts = [];
  for (const one of mine) parts.push(await ownPrescription(one));
  const open = mine.some((one) => OPEN.has(one.state));
  if (!open) parts.unshift(await wishCard());
  return parts;
});
async function wishCard() {
  const drugs = (await get("/resident/formulary?limit=50")).items;
  const drug = choose(drugs.map((one) => [one.code, one.name + " " + one.strength]));
  const days = choose([[28, "28 天"], [56, "56 天"], [84, "84 天"]]);
  const house = await centre();
  return card("申请长处方", field("药品", drug), field("用药天数", days), act("向家庭医生申请", async () => {
    await post("/resident/prescription-requests", { drugs: [drug.value], days: Number(days.value), institution_id: house });
    return "已申请，等医生评估";
  }));
}
async function ownPrescription(one) {
  const wanted = (one.lines.length ? one.lines.map((each) => each.drug) : one.drugs_wanted).map((drug) => drug.name).join("、");
  const body = [state(say(one.state), bad(one.state)), line((one.days || one.days_wanted) + " 天")];
  if (one.runs_out_on) body.push(line("药够用到 " + day(one.runs_out_on) + " 前"));
  if (one.end_note) body.push(line(one.end_note));
  if (one.acts.includes("confirm")) {
    const text = (await get("/resident/prescriptions/" + one.id)).to_confirm;
    if (text) body.push(make("details", {}, make("summary", {}, "先读《" + text.title + "》"), make("pre", {}, text.body)),
      act("我已读完，确认", async () => {
        await post("/resident/prescriptions/" + one.id + "/confirmation", { digest: text.digest }); return "已确认";
      }));
  }
  if (one.acts.includes("withdraw")) body.push(act("撤回申请", async () => {
    await post("/resident/prescriptions/" + one.id + "/withdrawal"); return "已撤回";
  }, true));
  return card(wanted, body);
}

/* ---- 消息 ---- */
offer([...resident, ...clinical], "inbox", "消息", "系统发给您的提醒", async () => {
  const audience = me.role === "resident" ? "resident" : "doctor";
  const found = (await get("/" + audience + "/messages")).items;
  const phone = make("a", { href: cast.simulator + "/?openid=" + me.openid, target: "_blank", rel: "noopener" }, "在模拟的微信里看这些提醒");
  return [await allowCard(audience), line(phone), heading("收到的提醒"), list(found, messageCard, "还没有提醒。")];
});
const messageCard = (one) => card(one.title, state(say(one.state), bad(one.state)),
  one.lines.map((each) => line(each.value)), one.why ? quiet(one.why) : null);
async function allowCard(audience) {
  const { items } = await get("/" + audience + "/subscriptions");
  const wanted = items.filter((one) => one.ask).map((one) => one.template_id);
  if (!wanted.length) return null;
  return card("允许微信提醒", quiet("每点一次“允许”，微信可以各提醒您一次。"), act("允许提醒", async () => {
    const results = await weixin("popups", { openid: me.openid, template_ids: wanted });
    await post("/" + audience + "/subscriptions", { report_id: crypto.randomUUID(), results });
    return "谢谢，已允许";
  }, true));
}

/* ---- 医护 ---- */
offer(team, "tasks", "随访任务", "接手、记录血压", async () => list((await get("/doctor/follow-ups?limit=50")).items, (task) => {
  const one = task.follow_up, path = "/doctor/follow-ups/" + one.id, upper = number(""), lower = number("");
  return card(task.resident_name + "，" + task.age + " 岁", state(one.state_text, one.state === "escalated" || task.is_overdue),
    line(one.occasion_text + "，" + day(one.due_on) + " 前"),
    one.escalated_at ? line(make("b", { className: "alarm" }, "逾时未应答，已上报 " + moment(one.escalated_at))) : null,
    one.acts.includes("acknowledge") && one.state !== "scheduled" ? act("我来接手", async () => { await post(path + "/acknowledgement"); return "已接手"; }, true) : null,
    one.acts.includes("complete") ? make("details", {}, make("summary", {}, "记录血压"),
      make("div", { className: "pair" }, field("高压", upper), field("低压", lower)),
      act("保存", async () => {
        const told = await post(path + "/result", { way: 1, systolic: Number(upper.value), diastolic: Number(lower.value) });
        return told.control_text + "，" + told.advice_text + (told.next ? "；下次随访 " + day(told.next.due_on) : "");
      })) : null);
}, "没有待办的随访。"));
offer(["doctor"], "applications", "签约申请", "看谁申请，接受或婉拒", async () => list(
  (await get("/doctor/contracts?state=applied")).items, (one) => card((one.resident_name || "居民") + (one.age ? "，" + one.age + " 岁" : ""),
    state("待答复"), line(one.team.name), quiet("申请于 " + moment(one.applied_at) + "，" + one.months + " 个月"),
    one.acts.includes("accept") ? act("接受", async () => { await post("/doctor/contracts/" + one.id + "/acceptance"); return "已接受，等居民确认"; }) : null,
    one.acts.includes("decline") ? act("婉拒（名额已满）", async () => {
      await post("/doctor/contracts/" + one.id + "/refusal", { because: "本团队名额已满，请选择附近其他团队。" }); return "已婉拒";
    }, true) : null), "没有等待答复的申请。"));
offer([...team, "coordinator"], "signed", "签约居民", "本团队的签约名单", async () => list((await get("/doctor/residents?limit=50")).items,
  (one) => card(one.name + "，" + one.age + " 岁", quiet("有效期到 " + whole(one.ends_on))), "还没有签约居民。"));
offer(["doctor", "pharmacist"], "prescriptions", "长处方", "评估、开具、审核、发药", async () => list(
  (await get("/doctor/prescriptions?limit=50")).items.sort((one, other) => OPEN.has(other.state) - OPEN.has(one.state)), staffPrescription, "没有长处方。"));
function staffPrescription(one) {
  const path = "/doctor/prescriptions/" + one.id, drugs = one.lines.length ? one.lines.map((each) => each.drug) : one.drugs_wanted;
  const days = one.days || one.days_wanted, doctor = me.role === "doctor", pharmacist = me.role === "pharmacist";
  const body = [state(say(one.state), bad(one.state)), line(drugs.map((drug) => drug.name + " " + drug.strength).join("、") + "，" + days + " 天"),
    quiet(one.confirmation ? "居民已确认 " + one.confirmation.days + " 天" : "居民还没有确认（超过 28 天须先确认）")];
  if (doctor && one.acts.includes("issue")) {
    const stable = make("input", { type: "checkbox" }), taught = make("input", { type: "checkbox" });
    const readings = make("p", {}, "正在读取…");
    body.push(make("details", { ontoggle: async () => {
      const found = (await get("/doctor/residents/" + one.resident.id + "/readings")).items;
      readings.textContent = found.map((each) => day(each.taken_on) + " " + each.systolic + "/" + each.diastolic).join("；") || "还没有血压记录";
    } }, make("summary", {}, "看血压记录"), readings));
    body.push(make("label", { className: "tick" }, stable, "病情稳定，依从性好"), make("label", { className: "tick" }, taught, "已做用药教育"),
      act("评估并开具 " + days + " 天", async () => {
        await post(path + "/issue", { diagnoses: ["I10"], days,
          lines: drugs.map((drug) => ({ drug: drug.code, dose: 1, times_per_day: 1, quantity: days, usage: "口服，每日一次，每次1" + drug.unit })),
          assessment: { stable: stable.checked, adherent: stable.checked, plan_fits: stable.checked, educated: taught.checked, note: "血压稳定，方案不变。" } });
        return "已开具，等药师审核";
      }),
      act("不予开具", async () => { await post(path + "/refusal", { reason: "请先到社区复查血压。" }); return "已告知居民"; }, true));
  }
  if (pharmacist && one.acts.includes("approve")) body.push(act("审核通过", async () => { await post(path + "/review", {}); return "审核通过"; }),
    act("退回医生", async () => { await post(path + "/return", { reason: "请核对用法用量。" }); return "已退回"; }, true));
  if (pharmacist && one.acts.includes("dispense")) body.push(act("本人取药，发药", async () => {
    const told = await post(path + "/dispensing", { collector: { kind: "self" } }); return "已发药，用到 " + day(told.runs_out_on) + " 前";
  }));
  return card(one.resident.name, body);
}
offer(["specialist"], "clinic", "我的门诊", "哪天坐诊，谁来看", async () => {
  const found = (await get("/doctor/clinics/sessions")).items, parts = [];
  for (const one of found.slice(0, 6)) {
    const people = await get("/doctor/clinics/sessions/" + one.id + "/bookings");
    parts.push(card(moment(one.starts_at), line(one.institution_name + " " + one.room), quiet("还有 " + one.free + " 个号"),
      people.map((person) => line(person.seat_number + " 号 " + hour(person.starts_at) + " " + (person.name || "")))));
  }
  return parts.length ? parts : [nothing("这段时间没有坐诊安排。")];
});

/* ---- 管理员 ---- */
const WEEK = ["", "周一", "周二", "周三", "周四", "周五", "周六", "周日"];
offer(managers, "rosters", "每周门诊安排", "哪位专家，星期几", async () => list((await get("/manager/clinics/rosters?limit=50")).items,
  (one) => card(one.specialty + " " + one.expert_name, line("每" + WEEK[one.weekday] + " " + one.begins + " 到 " + one.ends),
    quiet(one.room + "，" + one.capacity + " 个号")), "还没有排班。"));
offer(managers, "sessions", "门诊场次", "约了多少，停诊", async () => list((await get("/manager/clinics/sessions?limit=50")).items,
  (one) => card(one.specialty + " " + one.expert_name, state(one.state === "cancelled" ? "已停诊" : "开诊", one.state === "cancelled"), line(moment(one.starts_at)),
    line("已约或保留中 " + one.taken + " / " + one.capacity), one.acts.includes("cancel") ? make("details", {}, make("summary", {}, "停诊"),
      act("确认停诊并通知已约居民", async () => {
        await post("/manager/clinics/sessions/" + one.id + "/cancellation", { reason: "专家临时有会诊任务" }); return "已停诊，已通知";
      }, true)) : null), "还没有场次。"));
offer(managers, "teams", "家庭医生团队", "签约人数，还缺什么", async () => list((await get("/manager/teams")).items,
  (one) => card(one.name, line("签约 " + one.signed + " 人"), quiet(one.members.map((member) => member.name + " " + member.title).join("、"))), "还没有团队。"));
offer(managers, "contracts", "签约人数", "各团队签了多少", async () => list((await get("/manager/contracts/counts")).items,
  (one) => card(one.team_name, line("签约有效 " + one.active + " 人，最多 " + one.capacity + " 人"),
    quiet("等团队答复 " + one.applied + " 人，等居民确认 " + one.accepted + " 人")), "还没有签约。"));

offer(managers, "staff", "人员", "谁在这里工作", async () => list((await get("/manager/staff?limit=100")).items,
  (one) => card(one.name, line(ROLES[one.role]), quiet(one.title)), "还没有人员。"));

/* ---- 审计 ---- */
offer(["auditor"], "chain", "日志封存", "查阅日志封存到哪里", async () => {
  const chain = await get("/auditor/chain");
  return [card("第 " + chain.number + " 号封条", line("等待封存 " + chain.waiting + " 条"), quiet(chain.root))];
});

/* ---- 演示时间 ---- */
function clockCard() {
  const ahead = (days) => async () => {
    await post("/demo/clock", { to: new Date(now.getTime() + days * 86400000).toISOString() });
    return "演示时间已向前 " + days + " 天";
  };
  return card("现在是 " + yearOf(now) + moment(now.toISOString()), quiet("只拨演示时间，电脑的时间不变。到期的随访和提醒会在一两秒后出现。"),
    make("div", { className: "pair" }, act("向前 1 天", ahead(1), true), act("向前 7 天", ahead(7), true)));
}

/* ---- entering ---- */
async function enter(person) {
  await become(person);
  await show("home");
}
async function show(name) {
  const before = view;
  view = VIEWS[name] ? name : "people";
  if (view === "people") { me = token = person = null; }
  byId("title").textContent = VIEWS[view].words;
  byId("back").hidden = view === "people";
  byId("who").hidden = !me;
  const other = forWhom();
  byId("who").textContent = me ? ROLES[me.role] + " " + me.name + (other ? "，正在为 " + other.name + " 办理（" + KIN[other.kinship] + "代办）" : "") : "";
  let drawn;
  now = new Date((await get("/demo/clock")).now);
  try { drawn = await VIEWS[view].draw(); }
  catch (trouble) { drawn = [card("暂时打不开", line(trouble.message))]; }
  byId("main").replaceChildren(...[drawn].flat(9).filter(Boolean));
  const query = new URLSearchParams(me ? { as: me.key, view } : {});
  history.replaceState(null, "", "/demo" + (me ? "?" + query : ""));
  if (view !== before) scrollTo(0, 0);
}
byId("back").onclick = () => show(view === "home" ? "people" : "home");

async function start() {
  cast = await get("/demo/people");
  served = new Set(Object.keys((await (await fetch("/openapi.json")).json()).paths));
  const query = new URLSearchParams(location.search);
  const person = cast.people.find((one) => one.key === query.get("as"));
  if (person) await become(person);
  await show(person ? query.get("view") || "home" : "people");
}
addEventListener("DOMContentLoaded", () => start().catch((trouble) => {
  byId("main").replaceChildren(card("演示没有打开", line(trouble.message)));
}));
