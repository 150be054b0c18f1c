"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  const rows = [...document.querySelectorAll("#lines tbody tr")];
  const firstLine = rows.length ? lineOf(rows[0]) : 0;
  const tools = $("tools"), search = $("search"), panel = $("panel");
  let matching = rows; // rows that the filters leave, in order
  let begin = 0; // the first of them that is shown
  let shown = [];
  let selected = null;

  function lineOf(row) { return Number(row.id.slice(1)); }
  function rowOf(line) { return rows[line - firstLine]; }

  // Which rows are shown.

  function chosen(name) {
    return new Set([...tools.querySelectorAll(`[name=${name}]`)].filter((box) => box.checked).map((box) => box.value));
  }

  function filter() {
    const topics = chosen("topic"), servers = chosen("server"), words = search.value.trim().toLowerCase();
    matching = rows.filter((row) =>
      (row.dataset.s === "-1" || servers.has(row.dataset.s)) &&
      row.dataset.topics.split(" ").some((topic) => topics.has(topic)) &&
      (!words || row.textContent.toLowerCase().includes(words)));
  }

  function show(from) {
    begin = Math.max(0, Math.min(from, matching.length - 1));
    const wanted = new Set(matching.slice(begin, begin + data.window));
    for (const row of rows) row.hidden = !wanted.has(row);
    shown = [...wanted];
    $("earlier").disabled = begin === 0;
    $("later").disabled = begin + data.window >= matching.length;
    $("count").textContent = `${shown.length} of ${matching.length} lines` +
      (matching.length < rows.length ? ` (${rows.length} without filters)` : "");
    draw();
  }

  // The first matching line from a line on.
  function placeOf(line) {
    const place = matching.findIndex((row) => lineOf(row) >= line);
    return place < 0 ? matching.length - 1 : place;
  }

  function refilter() {
    const at = shown.length ? lineOf(shown[0]) : data.first;
    filter();
    show(placeOf(at));
  }

  // The picture: lanes, bands and arrows beside the rows.

  function draw() {
    const svg = $("picture"), main = svg.parentElement.getBoundingClientRect();
    const head = document.querySelector("#lines th.l").getBoundingClientRect();
    const dots = [...document.querySelectorAll("th.l i")].map((dot) => {
      const box = dot.getBoundingClientRect();
      return box.left - main.left + box.width / 2;
    });
    const places = new Map(); // line to where it is
    for (const row of shown) {
      const box = row.getBoundingClientRect(), top = box.top - main.top;
      places.set(lineOf(row), { top, bottom: top + box.height, y: top + Math.min(13, box.height / 2) });
    }
    svg.setAttribute("width", main.width);
    svg.setAttribute("height", main.height);
    const lines = [...places.keys()];
    const near = dots.length > 1 ? dots[1] - dots[0] : 40;
    $("bands").innerHTML = dots.map((x, server) => bands(x, server, lines, places, near)).join("");
    $("bars").innerHTML = data.bars.map((bar, i) => barOf(bar, i, dots, places, near)).join("");
    $("arrows").innerHTML = data.arrows.map((arrow, i) => arrowOf(arrow, i, dots, places, near)).join("");
    svg.dataset.left = head.left - main.left;
    highlight();
  }

  function bands(x, server, lines, places, near) {
    const changes = data.states[server];
    let out = "", next = 0, state = [0, 0, 0, 0, 0, -1], open = null;
    const close = (bottom) => { if (open) out += band(x, open, bottom, near); };
    for (const line of lines) {
      const before = state;
      while (next < changes.length && changes[next][0] <= line) state = changes[next++];
      const place = places.get(line);
      if (!open || state !== before) {
        close(place.y);
        open = { top: open === null ? place.top : place.y, y: place.y, state };
      }
    }
    if (lines.length) close(places.get(lines[lines.length - 1]).bottom);
    return out;
  }

  function band(x, { top, y, state }, bottom, near) {
    const [, up, paused, cut, leads, term] = state;
    const height = Math.max(bottom - top, 1), half = Math.min(1, near / 20) * (leads ? 7 : 3);
    const kind = !up ? "down" : term < 0 ? "unknown" : leads ? "leads" : "";
    let out = `<rect class="${kind}" style="--hue:${(term * 67) % 360}" x="${x - half}" y="${top}" width="${2 * half}" height="${height}"/>`;
    if (cut) out += `<rect class="cut" x="${x - 10}" y="${top}" width="20" height="${height}"/>`;
    const label = !up ? "" : paused ? "II" : term < 0 ? "" : (leads ? "L" : "t") + term;
    // Beside the dot if there is room between the lanes, else below it.
    if (label && near > 36) out += `<text class="beside" x="${x + 12}" y="${y + 4}">${label}</text>`;
    else if (label && near > 20 && bottom - y > 24) out += `<text x="${x}" y="${y + 21}">${label}</text>`;
    return out;
  }

  // An operation, from the line of its call to that of its return.
  function barOf([lane, beginLine, endLine, label, marks, returned], i, dots, places, near) {
    // In a server's lane beside the band.
    const server = lane < data.servers.length - data.clients, half = Math.min(1, near / 20) * (server ? 3 : 6);
    const x = dots[lane] - (server ? Math.min(13, near / 2) : 0), first = lineOf(shown[0] || rows[0]), last = lineOf(shown[shown.length - 1] || rows[0]);
    if (endLine <= first || beginLine >= last) return "";
    const inside = [...places.keys()].filter((line) => line >= beginLine && line <= endLine);
    if (inside.length < 2) return "";
    const top = places.get(inside[0]).y, bottom = places.get(inside[inside.length - 1]).y;
    const kind = (marks ? "fact" : "") + (returned ? "" : " open");
    let out = `<rect class="${kind}" x="${x - half}" y="${top}" width="${2 * half}" height="${bottom - top}" rx="4"/>`;
    // Between the dots at both ends, as much of the label as has room.
    const room = Math.floor((bottom - top - 24) / 6), text = (marks ? marks + " " : "") + label;
    if (near > 28 && room > 6) {
      const words = text.length > room ? text.slice(0, room - 1) + "…" : text, y = (top + bottom) / 2;
      const label = words.replace(/&/g, "&amp;").replace(/</g, "&lt;");
      out += `<text transform="translate(${dots[lane] + 15} ${y}) rotate(90)">${label}</text>`;
    }
    return `<g data-i="${i}">${out}</g>`;
  }

  function arrowOf([rpc, reply, beginLine, beginServer, endLine, endServer, why], i, dots, places, near) {
    const from = places.get(beginLine), to = places.get(endLine);
    if (!from && !to) return "";
    const last = shown.length ? places.get(lineOf(shown[shown.length - 1])) : null;
    let x1 = dots[beginServer], y1 = from ? from.y : places.get(lineOf(shown[0])).top;
    let x2 = dots[endServer], y2 = to ? to.y : last.bottom;
    if (x1 === undefined || x2 === undefined) return "";
    // Between two rows that the filters or the window took out, an arrow would mislead.
    if ((!from && beginLine > lineOf(shown[0])) || (!to && endLine < lineOf(shown[shown.length - 1]))) return "";
    const way = Math.sign(x2 - x1) || 1, gap = 10;
    if (why) {
      if (beginLine === endLine) { x2 = x1 + way * Math.min(near * .62, 22); y2 = y1 + 7; }
      const mark = `<text class="x" x="${x2 + way * 4}" y="${y2 + 4}">✗</text>`;
      return `<g data-i="${i}" data-rpc="${rpc}"><line class="gone" x1="${x1 + way * gap}" y1="${y1}" x2="${x2}" y2="${y2}"/>${mark}</g>`;
    }
    const at = `x1="${x1 + way * gap}" y1="${y1}" x2="${x2 - way * gap}" y2="${y2}"`;
    return `<g data-i="${i}" data-rpc="${rpc}"><line class="${reply ? "reply" : "request"}" marker-end="url(#head)" ${at}/><line class="hit" ${at}/></g>`;
  }

  // Selecting a line or a message.

  function rpcsOf(row) {
    return [...row.querySelectorAll("[data-rpc]")].flatMap((phrase) => phrase.dataset.rpc.split(" "));
  }

  function highlight() {
    const rpcs = new Set(selected === null ? [] : rpcsOf(selected));
    for (const arrow of document.querySelectorAll("#arrows g")) {
      const [rpc, , beginLine, , endLine] = data.arrows[arrow.dataset.i];
      const touches = selected !== null && (rpcs.has(String(rpc)) || [beginLine, endLine].includes(lineOf(selected)));
      arrow.firstElementChild.classList.toggle("chosen", touches);
    }
    for (const row of rows) {
      row.classList.toggle("selected", row === selected);
      const related = row !== selected && rpcs.size > 0 &&
        rpcsOf(row).some((rpc) => rpcs.has(rpc));
      row.classList.toggle("related", related);
    }
  }

  function select(row, scroll = true) {
    selected = row;
    if (row === null) {
      panel.hidden = true;
      highlight();
      return;
    }
    if (row.hidden) {
      if (!matching.includes(row)) { clearFilters(); }
      show(Math.max(0, placeOf(lineOf(row)) - Math.floor(data.window / 4)));
    }
    const texts = data.details[lineOf(row)] || [row.cells[2].textContent];
    const where = row.cells[0].textContent + " s, " + (row.dataset.s === "-1" ? "the test" : data.servers[row.dataset.s]);
    $("details").replaceChildren(...[where, ...texts].map((text) => Object.assign(document.createElement("p"), { textContent: text })));
    panel.hidden = false;
    history.replaceState(null, "", "#" + row.id);
    highlight();
    if (scroll) row.scrollIntoView({ block: "center" });
  }

  function clearFilters() {
    for (const box of tools.querySelectorAll("[type=checkbox]")) box.checked = true;
    search.value = "";
    filter();
  }

  // Keys.

  function step(by) {
    const at = selected === null ? -1 : shown.indexOf(selected);
    const next = shown[at < 0 ? (by > 0 ? 0 : shown.length - 1) : at + by];
    if (next) select(next);
    else if (by > 0 && begin + data.window < matching.length) { show(begin + data.window); select(shown[0]); }
    else if (by < 0 && begin > 0) { show(begin - data.window); select(shown[shown.length - 1]); }
  }

  const roles = [...new Set(data.states.flatMap((changes) =>
    changes.filter((change, i) => i && change[4] !== changes[i - 1][4]).map((change) => change[0])))]
    .filter((line) => line >= firstLine).sort((a, b) => a - b);

  function jump(lines, forwards) {
    const at = selected === null ? (forwards ? -1 : Infinity) : lineOf(selected);
    const found = forwards ? lines.find((line) => line > at) : lines.filter((line) => line < at).pop();
    const line = found === undefined ? (forwards ? lines[0] : lines[lines.length - 1]) : found;
    if (line !== undefined && rowOf(line)) select(rowOf(line));
  }

  const calls = [...new Set(data.bars.map((bar) => bar[1]))].sort((a, b) => a - b);

  const keys = {
    j: () => step(1), ArrowDown: () => step(1), k: () => step(-1), ArrowUp: () => step(-1),
    n: () => jump(roles, true), p: () => jump(roles, false), f: () => jump([...data.facts].sort((a, b) => a - b), true),
    o: () => jump(calls, true),
    "/": () => search.focus(), Escape: () => select(null),
  };

  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input[type=search]");
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing && event.key === "Escape") search.blur();
    if (typing || !(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  });

  // Begin.

  function fromHash() {
    const row = location.hash.startsWith("#r") ? $(location.hash.slice(1)) : null;
    if (row && rows.includes(row)) select(row);
    return row;
  }

  tools.hidden = false;
  tools.addEventListener("submit", (event) => event.preventDefault());
  tools.addEventListener("input", refilter);
  $("earlier").addEventListener("click", () => show(begin - data.window));
  $("later").addEventListener("click", () => show(begin + data.window));
  $("close").addEventListener("click", () => select(null));
  $("lines").addEventListener("click", (event) => {
    const row = event.target.closest("tbody tr");
    if (row && !String(getSelection())) select(row, false);
  });
  $("arrows").addEventListener("click", (event) => {
    const arrow = event.target.closest("g[data-i]");
    if (arrow) select(rowOf(data.arrows[arrow.dataset.i][2]) || rowOf(data.arrows[arrow.dataset.i][4]), false);
  });
  $("bars").addEventListener("click", (event) => {
    const bar = event.target.closest("g[data-i]");
    if (bar) select(rowOf(data.bars[bar.dataset.i][1]) || rowOf(data.bars[bar.dataset.i][2]), false);
  });
  addEventListener("hashchange", fromHash);
  new ResizeObserver(() => draw()).observe($("lines"));
  filter();
  show(placeOf(data.first));
  fromHash();
})();
