// Keeps the sections current by server-sent events, draws the charts, and filters without a reload.
"use strict";

const connection = document.getElementById("connection");

function say(text, state) {
  if (connection.textContent !== text) connection.textContent = text;
  connection.className = state;
}

// What stands in a section came from the server, where every value was escaped.
function replace(place, html) {
  if (!place) return;
  const open = [...place.querySelectorAll("details[open][id]")].map((one) => one.id);
  const scrolled = [...place.querySelectorAll(".scroll")].map((one) => one.scrollTop);
  const focused = place.contains(document.activeElement) ? address(place, document.activeElement) : null;
  place.innerHTML = html;
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  place.querySelectorAll(".scroll").forEach((one, number) => (one.scrollTop = scrolled[number] ?? 0));
  if (focused) place.querySelectorAll(focused.selector)[focused.number]?.focus({ preventScroll: true });
}

// Where an element is among its like, to find its successor after a replacement.
function address(place, element) {
  const selector = element.tagName.toLowerCase();
  return { selector, number: [...place.querySelectorAll(selector)].indexOf(element) };
}

// Puts the colours of the style sheet where a figure names them.
function coloured(value, style) {
  if (typeof value === "string") {
    return value.startsWith("var(") ? style.getPropertyValue(value.slice(4, -1)).trim() : value;
  }
  if (Array.isArray(value)) return value.map((one) => coloured(one, style));
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, coloured(one, style)]));
  }
  return value;
}

async function draw() {
  if (!window.Plotly) return;
  const answer = await fetch("/charts.json" + window.location.search);
  if (!answer.ok) return;
  const style = getComputedStyle(document.documentElement);
  const options = { displayModeBar: false, responsive: true };
  for (const [name, figure] of Object.entries(await answer.json())) {
    const place = document.getElementById("chart-" + name);
    if (!place) continue;
    const filled = figure.data.some((trace) => (trace.y ?? []).length > 0);
    place.classList.toggle("drawn", filled);
    if (!filled) continue;
    const { data, layout } = coloured(figure, style);
    await window.Plotly.react(place, data, layout, options);
  }
}

async function refreshPart(name) {
  const answer = await fetch("/part/" + name + window.location.search);
  if (answer.ok) replace(document.getElementById("part-" + name), await answer.text());
}

// The address keeps what is filtered, so a reload or a link shows the same.
function filter(form) {
  const query = new URLSearchParams(window.location.search);
  for (const [name, value] of new FormData(form)) {
    if (form.elements[name].type === "hidden") continue;
    if (value) query.set(name, value);
    else query.delete(name);
  }
  query.delete("feedback");
  history.replaceState(null, "", "?" + query + window.location.hash);
  refreshPart(form.dataset.part);
  draw();
}

for (const form of document.querySelectorAll("form[data-part]")) {
  let waiting = 0;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => filter(form), 250);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    filter(form);
  });
}

function listen() {
  const source = new EventSource("/events");
  let charts = null;
  source.addEventListener("sections", (event) => {
    say("Live", "live");
    for (const [name, text] of Object.entries(JSON.parse(event.data))) {
      if (name !== "charts") replace(document.getElementById(name), text);
      else if (text !== charts) {
        if (charts !== null) refreshPart("curve");
        charts = text;
        draw();
      }
    }
  });
  source.addEventListener("error", () => say("The connection is lost; trying again", "lost"));
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
listen();
