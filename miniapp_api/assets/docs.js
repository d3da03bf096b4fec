"use strict";
const make = (tag, text, className) => {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (className) node.className = className;
  return node;
};
const resolve = (api, node) => node && node.$ref
  ? node.$ref.split("/").slice(1).reduce((at, key) => at[key], api) : node;
function example(api, schema, depth = 0) {
  const found = resolve(api, schema) || {};
  if (depth > 6) return "…";
  if (found.enum) return found.enum.join(" | ");
  if (found.properties) return Object.fromEntries(Object.entries(found.properties).map(
    ([name, inner]) => [(found.required || []).includes(name) ? name : name + "?", example(api, inner, depth + 1)]));
  if (found.items) return [example(api, found.items, depth + 1)];
  const limits = [found.minimum, found.maximum].filter((limit) => limit !== undefined).join("…");
  return [[].concat(found.type || "any").join(" | "), found.format, limits].filter(Boolean).join(" ");
}
function body(api, content) {
  const schema = content && Object.values(content)[0] && Object.values(content)[0].schema;
  return schema ? make("pre", JSON.stringify(example(api, schema), null, 2)) : make("span");
}
function operation(api, path, method, facts) {
  const card = make("details");
  const line = make("summary");
  line.append(make("span", method.toUpperCase(), "verb " + method), make("code", path), " ", facts.summary || "");
  card.append(line, make("p", facts.description || ""));
  for (const parameter of (facts.parameters || []).map((each) => resolve(api, each)))
    card.append(make("p", `${parameter.in}: ${parameter.name}${parameter.required ? "" : "?"}: ${JSON.stringify(example(api, parameter.schema))}`));
  if (facts.requestBody) card.append(make("strong", "takes"), body(api, resolve(api, facts.requestBody).content));
  const table = make("table");
  for (const [status, answer] of Object.entries(facts.responses)) {
    const row = make("tr"), told = resolve(api, answer), cell = make("td", told.description);
    if (status < "400") cell.append(body(api, told.content));
    row.append(make("td", status), cell);
    table.append(row);
  }
  card.append(table);
  return card;
}
fetch("/openapi.json").then((answer) => answer.json()).then((api) => {
  const main = document.getElementById("operations"), groups = {};
  for (const [path, methods] of Object.entries(api.paths))
    for (const [method, facts] of Object.entries(methods))
      if (method !== "parameters") (groups[path.split("/")[3]] ||= []).push(operation(api, path, method, facts));
  for (const [audience, cards] of Object.entries(groups)) main.append(make("h2", audience), ...cards);
  document.getElementById("filter").addEventListener("input", (event) => {
    for (const card of main.querySelectorAll("details"))
      card.hidden = !card.textContent.toLowerCase().includes(event.target.value.toLowerCase());
  });
});
