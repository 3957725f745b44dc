"use strict";
// Walks through the derivation: the step, its place in the figure and its lines of code light up together.
(() => {
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const root = document.documentElement;
  const facts = JSON.parse($("#facts").textContent);
  const adjoints = new Set(facts.adjoints);
  let steps, labels;
  const collect = () => { steps = $$("[data-step]"); labels = steps.map((step) => step.dataset.step); };
  collect();
  const listing = $("aside.code .listing");
  const lines = $$("aside.code .line");
  const strip = $(".strip");
  const card = $("#card");
  let at = -1; // the step, none before the first
  let told = ""; // the symbol that the card tells of

  const remembered = (name) => { try { return localStorage.getItem(`symnet.${name}`); } catch { return null; } };
  const remember = (name, value) => { try { localStorage.setItem(`symnet.${name}`, value); } catch { /* shut */ } };
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  const filled = (template, parts) => template.replace(/\{(\w+)\}/g, (_, name) => parts[name]);

  // the figure

  const layers = $$("[data-layer]", strip ?? document.createElement("div"));
  const edges = $$("[data-edge]", strip ?? document.createElement("div"));
  const ends = (edge) => edge.dataset.edge.split(">");

  function lightFigure() {
    const step = facts.steps[labels[at]] ?? {};
    const from = new Set(step.from ?? []);
    const done = new Set(labels.slice(0, at).map((label) => facts.steps[label]).filter((step) => step?.from).map((step) => step.to));
    for (const layer of layers) {
      const name = layer.dataset.layer;
      layer.classList.toggle("from", from.has(name));
      layer.classList.toggle("to", Boolean(step.from) && step.to === name && !from.has(name));
      layer.classList.toggle("forward", at >= 0 && !step.from && step.to === name);
      layer.classList.toggle("done", Boolean(step.from) && done.has(name));
    }
    for (const edge of edges) {
      const [source, target] = ends(edge);
      const crossing = from.has(target) && (step.to === source || isParameter(step.blames));
      edge.classList.toggle("from", crossing);
      edge.classList.toggle("forward", at >= 0 && !step.from && step.to === target);
      edge.classList.toggle("done", Boolean(step.from) && done.has(source) && done.has(target));
    }
    root.classList.toggle("walking", at >= 0);
    const legend = $(".legend");
    if (legend) {
      legend.hidden = at < 0;
      legend.classList.toggle("backward", Boolean(step.from));
    }
    const lit = layers.find((layer) => layer.matches(".to, .forward")) ?? layers.find((layer) => layer.matches(".from"));
    if (lit && strip.scrollHeight > strip.clientHeight + 4) {
      const [place, frame] = [lit.getBoundingClientRect(), strip.getBoundingClientRect()];
      strip.scrollTop += place.top + place.height / 2 - frame.top - frame.height / 2;
    }
  }

  // a parameter is given: no equation defines it
  const isParameter = (name) => Boolean(name) && facts.symbols[name] !== undefined && !facts.symbols[name][2];

  // the code

  const computes = (line, label) => line.dataset.eq.split(" ").some((eq) => label.split("-").some((own) => own === eq || own === eq.replace(/[a-z]$/, "")));

  function lightCode() {
    const now = lines.filter((line) => at >= 0 && computes(line, labels[at]));
    lines.forEach((line) => line.classList.toggle("now", now.includes(line)));
    $$(".incode").forEach((old) => old.remove());
    if (!now.length) return;
    const group = groupOf(now);
    const middle = (group[0].offsetTop + group.at(-1).offsetTop) / 2 - listing.offsetTop;
    listing.scrollTo({ top: middle - listing.clientHeight * 0.4, behavior: still() ? "auto" : "smooth" });
    const here = document.createElement("pre");
    here.className = "listing incode";
    here.tabIndex = 0;
    here.append(...group.map((line) => line.cloneNode(true)));
    here.querySelectorAll(".now").forEach((line) => line.classList.remove("now"));
    $(".equation", steps[at])?.append(here);
  }

  // a module may compute an equation twice, number by number and as arrays: which one depends on the form that is shown
  function groupOf(now) {
    const all = [[now[0]]];
    for (const [before, line] of now.slice(1).map((line, k) => [now[k], line])) {
      if (lines.indexOf(line) === lines.indexOf(before) + 1) all.at(-1).push(line);
      else all.push([line]);
    }
    return shown.has("scalars") && !shown.has("matrix") ? all[0] : all.at(-1);
  }

  // the walk

  function go(place, { quiet = false, push = false } = {}) {
    at = Math.max(-1, Math.min(steps.length - 1, place));
    steps.forEach((step, k) => step.classList.toggle("now", k === at));
    steps.forEach((step, k) => (k === at ? step.setAttribute("aria-current", "step") : step.removeAttribute("aria-current")));
    const step = steps[at];
    for (let fold = step?.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    name();
    lightFigure();
    lightCode();
    lightSymbols();
    if (!quiet) bring(step);
    const address = step ? `#step-${labels[at]}` : location.pathname + location.search;
    if (!quiet || step) history[push ? "pushState" : "replaceState"](null, "", address);
  }

  function bring(step) {
    if (!step) return scrollTo({ top: 0, behavior: still() ? "auto" : "smooth" });
    const tall = step.offsetHeight > innerHeight * 0.6;
    step.scrollIntoView({ block: tall ? "start" : "center", behavior: still() ? "auto" : "smooth" });
  }

  function name() {
    const count = $("#count");
    count.textContent = at < 0 ? filled(count.dataset.steps, { count: steps.length })
      : filled(count.dataset.template, { step: at + 1, count: steps.length });
    const heading = steps[at]?.closest("section")?.querySelector("h2, h3");
    $("#title").replaceChildren(...(heading ? [...heading.childNodes].map((node) => node.cloneNode(true)) : []));
    $("#back").disabled = at < 0;
    $("#next").disabled = at === steps.length - 1;
    const anchor = steps[at]?.closest("section")?.id;
    for (const link of $$("nav a")) {
      if (anchor && link.hash === `#${anchor}`) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  // symbols

  function lightSymbols() {
    $$("math .from, math .to").forEach((symbol) => symbol.classList.remove("from", "to"));
    $$(".symbols").forEach((old) => old.remove());
    const step = facts.steps[labels[at]];
    if (!step) return;
    const buttons = new Map();
    for (const symbol of $$("[data-of]", steps[at])) {
      const of = symbol.dataset.of;
      const origin = facts.symbols[of]?.[3] ?? "";
      if (adjoints.has(of) && step.from) {
        if (of === step.of ? step.from.includes(step.to) : step.from.includes(origin)) symbol.classList.add("from");
        else if (of === step.of || origin === step.to) symbol.classList.add("to");
      }
      if (facts.symbols[of] && !buttons.has(of) && symbol.closest(".forms > .form")) buttons.set(of, buttonFor(symbol));
    }
    const row = document.createElement("p");
    row.className = "symbols";
    row.append(...buttons.values());
    $(".equation .forms", steps[at])?.after(row);
  }

  // a formula is one thing to who listens to it, so that its symbols have buttons beside it, to be seen when one has the focus
  function buttonFor(symbol) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.symbol = symbol.dataset.of;
    button.setAttribute("aria-label", `${symbol.dataset.of}: ${facts.symbols[symbol.dataset.of][0]}`);
    button.append(formulaOf(symbol));
    return button;
  }

  function formulaOf(symbol) {
    const math = document.createElementNS("http://www.w3.org/1998/Math/MathML", "math");
    const twin = symbol.cloneNode(true);
    twin.removeAttribute("class");
    math.append(twin);
    return math;
  }

  const namesakes = (of) => $$(`math [data-of="${CSS.escape(of)}"]`);

  function tell(of, beside) {
    const known = facts.symbols[of];
    if (!known) return;
    hush();
    const [what, shape, label, origin] = known;
    told = of;
    const paragraph = (kind, ...inside) => {
      const p = document.createElement("p");
      p.className = kind;
      p.append(...inside);
      return p;
    };
    card.replaceChildren(paragraph("of", formulaOf(namesakes(of)[0])));
    if (shape) card.append(paragraph("size", shape));
    card.append(paragraph("what", what));
    if (label) card.append(paragraph("size", filled(card.dataset.defined, { label })));
    namesakes(of).forEach((other) => other.classList.add("lit"));
    layers.forEach((layer) => layer.classList.toggle("lit", layer.dataset.layer === origin || layer.dataset.layer === of));
    card.hidden = false;
    const [place, size] = [beside.getBoundingClientRect(), card.getBoundingClientRect()];
    const below = place.bottom + 8 + size.height < innerHeight;
    card.style.left = `${Math.max(8, Math.min(place.left, innerWidth - size.width - 8))}px`;
    card.style.top = `${below ? place.bottom + 8 : Math.max(8, place.top - size.height - 8)}px`;
  }

  function hush() {
    card.hidden = true;
    told = "";
    $$("math .lit, [data-layer].lit").forEach((lit) => lit.classList.remove("lit"));
  }

  function define(of) {
    const label = facts.symbols[of]?.[2];
    hush();
    if (label && labels.includes(label)) return go(labels.indexOf(label), { push: true });
    const row = $(`td [data-of="${CSS.escape(of)}"]`)?.closest("tr");
    row?.scrollIntoView({ block: "center" });
    row?.animate?.([{ background: "var(--mark)" }, { background: "transparent" }], 1600);
  }

  const symbolAt = (target) => (target instanceof Element ? target.closest("[data-symbol], math [data-of]") : null);
  const nameOf = (symbol) => symbol.dataset.symbol ?? symbol.dataset.of;
  const on = (kind, act) => document.addEventListener(kind, (event) => {
    const symbol = symbolAt(event.target);
    if (symbol && event.pointerType !== "touch") act(nameOf(symbol), symbol);
  });
  on("pointerover", tell);
  on("pointerout", hush);
  on("focusin", tell);
  on("focusout", hush);
  document.addEventListener("click", (event) => {
    const symbol = symbolAt(event.target);
    if (symbol) {
      event.preventDefault();
      const first = event.pointerType === "touch" && told !== nameOf(symbol); // a finger does not hover
      return first ? tell(nameOf(symbol), symbol) : define(nameOf(symbol));
    }
    hush();
    const link = event.target.closest?.('a[href^="#"]');
    const label = link && /^#(?:step|eq)-([\w-]+)$/.exec(link.hash)?.[1];
    if (label && labels.includes(label)) {
      event.preventDefault();
      go(labels.indexOf(label), { push: true });
    }
  });

  // views and levels

  const views = $$("#views input");
  const levels = $$("#levels input");
  let shown = new Set();

  function show() {
    shown = new Set(views.filter((view) => view.checked).map((view) => view.value));
    for (const all of $$(".forms")) {
      const found = [...all.children].filter((form) => shown.has(form.dataset.view));
      const visible = found.length ? found : [...all.children].filter((form) => form.dataset.view === "index");
      for (const form of all.children) {
        form.hidden = !visible.includes(form);
        if (form.matches(".scalars")) form.open = !form.hidden;
      }
    }
    remember("views", [...shown].join(" "));
    lightCode();
  }

  function detail() {
    root.dataset.level = levels.find((level) => level.checked)?.value ?? "reasons";
    remember("level", root.dataset.level);
  }

  function theme() {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    remember("theme", root.dataset.theme);
  }

  views.forEach((view) => view.addEventListener("change", () => {
    if (!views.some((other) => other.checked)) view.checked = true;
    keepPlace(show);
  }));
  levels.forEach((level) => level.addEventListener("change", () => keepPlace(detail)));

  // what changes above the step must not move it away
  function keepPlace(change) {
    change();
    if (at >= 0) bring(steps[at]);
  }

  // buttons and keys

  $("#next").addEventListener("click", () => go(at + 1));
  $("#back").addEventListener("click", () => go(at - 1));
  $("#theme").addEventListener("click", theme);
  $("#help").addEventListener("click", () => $("#keys").showModal());
  $("#options").addEventListener("click", (event) => {
    const open = $(".bar").classList.toggle("open");
    event.currentTarget.setAttribute("aria-expanded", String(open));
  });

  const toggle = (view) => { if (view) { view.checked = !view.checked; view.dispatchEvent(new Event("change")); } };
  const keys = {
    ArrowRight: () => go(at + 1), j: () => go(at + 1), ArrowLeft: () => go(at - 1), k: () => go(at - 1),
    Home: () => go(0), End: () => go(steps.length - 1), t: theme, "?": () => $("#keys").showModal(),
    Escape: () => (card.hidden ? go(-1, { quiet: true }) : hush()),
    d: () => { levels[(levels.findIndex((level) => level.checked) + 1) % levels.length].checked = true; keepPlace(detail); },
  };
  views.forEach((view, k) => { keys[k + 1] = () => toggle(view); });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
    const target = event.target;
    if (target.matches("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])")) return;
    if (/^(Arrow|Home|End)/.test(event.key) && target.matches("input[type=radio], .listing, .scroll, .strip, .form, .shape")) return;
    const act = Object.hasOwn(keys, event.key) ? keys[event.key] : undefined;
    if (!act) return;
    event.preventDefault();
    act();
  });

  // the beginning

  function arrive() {
    const label = /^#(?:step|eq)-([\w-]+)$/.exec(location.hash)?.[1];
    if (labels.includes(label)) go(labels.indexOf(label));
  }
  addEventListener("hashchange", arrive);
  addEventListener("popstate", arrive);

  // what is too wide for the screen is scrolled by keys, too
  function reach() {
    const wide = $$(".form, .shape").map((part) => [part, part.scrollWidth > part.clientWidth + 1]);
    wide.forEach(([part, over]) => (over ? part.setAttribute("tabindex", "0") : part.removeAttribute("tabindex")));
  }
  addEventListener("resize", reach);

  // a layer that is unfolded has steps, too
  document.addEventListener("unfolded", () => {
    const label = labels[at];
    collect();
    at = labels.indexOf(label);
    show();
    name();
    reach();
    if (location.hash && location.hash !== `#step-${label}`) arrive();
  });

  const drawing = strip && $("svg", strip)?.viewBox.baseVal;
  if (drawing && drawing.height > drawing.width) strip.classList.add("tall");
  const wanted = (remembered("views") ?? "").split(" ").filter((view) => views.some((input) => input.value === view));
  if (wanted.length) views.forEach((view) => { view.checked = wanted.includes(view.value); });
  const level = levels.find((input) => input.value === remembered("level"));
  if (level) level.checked = true;
  $(".bar").hidden = false;
  detail();
  show();
  name();
  arrive();
  reach();
})();
