// SPDX-License-Identifier: MIT
// The explorer's front: it puts questions and draws answers. What a policy means is decided in Python, by the core.

/** An element with properties, and children that are text unless they are elements. */
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function field(words, control) {
  return make("label", { className: "field" }, make("span", {}, words), control);
}

function choice(values, onchange, name) {
  const options = values.map((value) => make("option", { value }, value.replaceAll("_", " ")));
  return make("select", { onchange, name }, ...options);
}

/** Whatever is asked within a moment is asked once. */
function later(run, pause = 250) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, pause);
  };
}

// the ladder ----------------------------------------------------------------------------------------------------------------------

function rung(step) {
  const note = step.note && make("span", { className: "note" }, step.note);
  return make(
    "li",
    { className: step.note === "down" ? "down" : step.note ? "asked" : "", value: step.number },
    make("b", {}, step.source),
    note || "",
    make("code", {}, step.url),
    make("small", {}, step.route),
  );
}

function stage(part) {
  const left = part.left_out.map((one) => make("li", {}, make("b", {}, one.source), ` ${one.why}`));
  if (part.more_left_out) left.push(make("li", {}, `and ${part.more_left_out} more`));
  const steps = part.steps.length || part.more ? make("ol", {}, ...part.steps.map(rung)) : make("p", {}, "nobody of it can be asked");
  const box = make("section", { className: "stage" }, make("h4", {}, part.heading), steps);
  box.style.borderColor = part.color;
  if (part.more) box.append(make("p", {}, `and ${part.more} more`));
  if (left.length) box.append(make("p", { className: "aside" }, "left out, and why"), make("ul", {}, ...left));
  return box;
}

function ladder(answer) {
  if (!answer.ladder) return [make("p", { className: "aside" }, "Type an address, or click on the map.")];
  const { why, stages, nobody, end } = answer.ladder;
  return [
    make("p", {}, why),
    ...stages.map(stage),
    nobody ? make("p", { className: "nobody" }, nobody) : "",
    make("p", { className: "end" }, end),
    make("details", {}, make("summary", {}, "All of it as text"), make("pre", {}, answer.text)),
  ];
}

// the map -------------------------------------------------------------------------------------------------------------------------

const PIXELS = 1024;
const rgb = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));

/** Colours and hatching of the cells; if a list is to be seen, the rest lets the page shine through; a line is where cells differ. */
function paint(context, map, cells, zoom) {
  const { width, height, rows } = map;
  const count = width * height;
  const listed = cells.subarray(count).includes(1);
  const plain = rows.map((row) => rgb(row.color));
  const dark = rows.map((row) => rgb(row.dark));
  const image = context.createImageData(width * zoom, height * zoom);
  for (let y = 0, at = 0; y < height * zoom; y++) {
    const row = Math.floor(y / zoom) * width;
    for (let x = 0; x < width * zoom; x++, at += 4) {
      const cell = row + Math.floor(x / zoom);
      const key = cells[cell];
      const { hatch } = rows[key];
      const lined =
        (hatch & 1 && (x + y) % 8 < 2) || (hatch & 2 && (x - y + PIXELS) % 8 < 2) || (hatch & 4 && y % 8 < 2) || (hatch & 8 && x % 8 < 2);
      const color = (lined ? dark : plain)[key];
      const edge = zoom > 1 && ((x % zoom === 0 && x && cells[cell - 1] !== key) || (y % zoom === 0 && y && cells[cell - width] !== key));
      const faded = listed && !cells[count + cell];
      for (let part = 0; part < 3; part++) image.data[at + part] = edge ? color[part] * 0.6 : color[part];
      image.data[at + 3] = faded ? 0.4 * 255 : 255;
    }
  }
  context.putImageData(image, 0, 0);
}

/** Lines between the blocks with the prefix of each, and a ring around the client. */
function annotate(context, map, zoom) {
  context.lineWidth = 1;
  context.textBaseline = "top";
  for (const { at: [x, y, across, down], prefix } of map.blocks) {
    context.strokeStyle = "rgba(60, 60, 60, .55)";
    context.strokeRect(x * zoom + 0.5, y * zoom + 0.5, across * zoom, down * zoom);
    context.font = `${Math.min(20, (across * zoom) / 9)}px sans-serif`;
    const wide = context.measureText(prefix).width;
    context.fillStyle = "rgba(255, 255, 255, .75)";
    context.fillRect(x * zoom + 2, y * zoom + 2, wide + 6, parseFloat(context.font) + 4);
    context.fillStyle = "#222";
    context.fillText(prefix, x * zoom + 5, y * zoom + 4);
  }
  if (!map.spot) return;
  const [x, y] = map.spot.map((place) => (place + 0.5) * zoom);
  for (const [color, width] of [["#fff", 7], ["#000", 3]]) {
    context.beginPath();
    context.arc(x, y, 14, 0, 2 * Math.PI);
    context.strokeStyle = color;
    context.lineWidth = width;
    context.stroke();
  }
}

const HATCHES = { 1: [45], 2: [135], 3: [45, 135], 4: [0], 8: [90] };

function swatch(row) {
  const lines = (HATCHES[row.hatch] || []).map((angle) => `repeating-linear-gradient(${angle}deg, ${row.dark} 0 2px, transparent 2px 5px)`);
  const box = make("span", { className: "swatch" });
  box.style.backgroundColor = row.color;
  if (lines.length) box.style.backgroundImage = lines.join(", ");
  return box;
}

function legend(map) {
  const rows = map.rows.map((row) =>
    make("tr", {}, make("td", {}, swatch(row)), make("td", {}, row.words), make("td", { className: "number" }, row.addresses)),
  );
  const head = make("tr", {}, make("th"), make("th", {}, map.legend), make("th", { className: "number" }, "addresses"));
  return make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows));
}

// all of it -----------------------------------------------------------------------------------------------------------------------

function render({ model, el }) {
  const fixed = model.get("fixed");
  let asked = model.get("answer").question;
  const ask = (change) => {
    asked = { ...asked, ...change, number: asked.number + 1 };
    model.set("question", asked);
    model.save_changes();
  };

  const address = make("input", { type: "text", name: "address", spellcheck: false, placeholder: "10.20.3.4" });
  const within = make("input", { type: "text", name: "within", spellcheck: false });
  address.oninput = later(() => ask({ address: address.value }));
  within.onchange = () => ask({ within: within.value });
  const location = choice(fixed.locations, () => ask({ location: location.value }), "location");
  const service = choice(["file_reputation", "web_reputation"], () => ask({ service: service.value }), "service");
  const by = choice(fixed.by, () => ask({ by: by.value }), "by");
  const family = choice(["ipv4", "ipv6"], () => ask({ family: family.value }), "family");
  const out = make("button", { type: "button", onclick: () => ask({ within: "" }) }, "whole");

  const error = make("p", { className: "error", role: "alert" });
  const rungs = make("div", { className: "ladder", ariaLive: "polite" });
  const canvas = make("canvas", { role: "img" });
  const picture = make("img", { alt: "the map of IPv6" });
  const under = make("p", { className: "aside" });
  const rows = make("div", { className: "legend" });

  const filter = make("input", { type: "search", name: "filter", placeholder: "name or host" });
  const boxes = make("div", { className: "boxes" });
  function sources() {
    const down = new Set(asked.down);
    const wanted = filter.value.toLowerCase();
    const matching = fixed.sources.filter((one) => `${one.name} ${one.words}`.toLowerCase().includes(wanted));
    const shown = matching.slice(0, fixed.most).map(({ name, shown: said, words }) => {
      const box = make("input", { type: "checkbox", checked: down.has(name), value: name });
      box.onchange = () => ask({ down: box.checked ? [...asked.down, name] : asked.down.filter((one) => one !== name) });
      return make("label", { title: words }, box, make("span", {}, said));
    });
    if (matching.length > shown.length) shown.push(make("span", { className: "aside" }, `and ${matching.length - shown.length} more`));
    boxes.replaceChildren(...shown);
  }
  filter.oninput = sources;

  const cell = (event) => {
    const { width, height } = model.get("map");
    const { left, top, width: across, height: down } = canvas.getBoundingClientRect();
    const place = [Math.floor(((event.clientX - left) / across) * width), Math.floor(((event.clientY - top) / down) * height)];
    return place[0] >= 0 && place[1] >= 0 && place[0] < width && place[1] < height ? place : null;
  };
  const words = () => {
    const { cell: size, title } = model.get("map");
    return `${title}; a cell is ${size.toLocaleString("en")} address${size === 1 ? "" : "es"}. Click for the client there, twice to zoom.`;
  };
  canvas.onmousemove = (event) => {
    const place = cell(event);
    const map = model.get("map");
    if (place) under.textContent = map.rows[bytes()[place[1] * map.width + place[0]]].words;
  };
  canvas.onmouseleave = () => (under.textContent = words());
  canvas.onclick = (event) => cell(event) && ask({ cell: cell(event) });
  canvas.ondblclick = (event) => {
    const place = cell(event);
    const block = model.get("map").blocks.find(
      ({ at: [x, y, across, down] }) => place && place[0] >= x && place[1] >= y && place[0] < x + across && place[1] < y + down,
    );
    if (block) ask({ within: block.prefix });
  };

  const bytes = () => {
    const view = model.get("cells");
    return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  };

  function client() {
    const answer = model.get("answer");
    const { question } = answer;
    error.textContent = answer.error;
    if (question.number < asked.number) return; // the last question was none, or its answer is on its way
    asked = question;
    if (document.activeElement !== address) address.value = question.address;
    location.value = question.location;
    service.value = question.service;
    by.value = question.by;
    family.value = question.family;
    within.value = question.within;
    rungs.classList.toggle("stale", answer.error !== ""); // the last ladder stays while an address is being typed
    if (!answer.error || !rungs.hasChildNodes()) rungs.replaceChildren(...ladder(answer));
    sources();
  }

  function map() {
    const now = model.get("map");
    const still = now.svg !== "";
    canvas.hidden = still;
    picture.hidden = !still;
    if (still) {
      picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(now.svg)}`;
    } else {
      const zoom = Math.max(1, Math.floor(PIXELS / Math.max(now.width, now.height)));
      Object.assign(canvas, { width: now.width * zoom, height: now.height * zoom });
      canvas.setAttribute("aria-label", `${now.title}, along a Hilbert curve`);
      const context = canvas.getContext("2d");
      paint(context, now, bytes(), zoom);
      annotate(context, now, zoom);
    }
    under.textContent = still ? "" : words();
    rows.replaceChildren(...(still ? [] : [legend(now)]));
  }

  model.on("change:answer", client);
  model.on("change:cells change:map", later(map, 0));
  el.classList.add("smplist-explorer");
  el.append(
    make("header", {}, make("b", {}, fixed.title), make("small", {}, fixed.revision.slice(0, 19))),
    make("div", { className: "bar" }, field("address", address), field("location", location), field("service", service)),
    error,
    make(
      "div",
      { className: "columns" },
      make("div", {}, make("fieldset", {}, make("legend", {}, "switched off"), filter, boxes), rungs),
      make("div", {},
        make("div", { className: "bar" }, field("colours", by), field("family", family), field("within", within), out),
        canvas, picture, under, rows),
    ),
  );
  client();
  map();
}

export default { render };
