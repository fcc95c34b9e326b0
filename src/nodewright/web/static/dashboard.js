// Keeps the sections current by server-sent events, and draws the charts.
"use strict";

const connection = document.getElementById("connection");

// What stands in a section came from the server, where every value was escaped.
function replace(name, html) {
  const place = document.getElementById(name);
  if (!place) return;
  const open = [...place.querySelectorAll("details[open][id]")].map((one) => one.id);
  const focused = place.contains(document.activeElement) && document.activeElement.closest("[id]");
  place.innerHTML = html;
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (focused && focused !== place) document.getElementById(focused.id)?.querySelector("summary")?.focus();
}

async function draw() {
  if (!window.Plotly) return;
  const answer = await fetch("/charts.json" + window.location.search);
  if (!answer.ok) return;
  const options = { displayModeBar: false, responsive: true };
  for (const [name, figure] of Object.entries(await answer.json())) {
    const place = document.getElementById("chart-" + name);
    if (!place) continue;
    place.classList.add("drawn");
    await window.Plotly.react(place, figure.data, figure.layout, options);
  }
}

function listen() {
  const source = new EventSource("/events");
  let charts = null;
  source.addEventListener("sections", (event) => {
    connection.textContent = "Live.";
    for (const [name, text] of Object.entries(JSON.parse(event.data))) {
      if (name !== "charts") replace(name, text);
      else if (text !== charts) {
        charts = text;
        draw();
      }
    }
  });
  source.addEventListener("error", () => {
    connection.textContent = "The connection is lost; trying again.";
  });
}

listen();
