// The part of the page in which its network is trained: `Trainer` is the module's above.
{
  const part = document.querySelector("#live .live");
  const { data, inputs, weights, seed, words } = JSON.parse(document.getElementById("live-given").textContent);
  const calm = matchMedia("(prefers-reduced-motion: reduce)"), dark = matchMedia("(prefers-color-scheme: dark)");
  const find = (query) => part.querySelector(query), view = (name) => find(`[data-view="${name}"]`);
  const said = (sentence, parts) => sentence.replace(/\{(\w+)\}/g, (_, name) => parts[name]);
  const short = (x) => (x === 0 ? "0" : Math.abs(x) >= 1e-3 && Math.abs(x) < 1e4 ? x.toPrecision(4) : x.toExponential(2));

  const trainer = new Trainer(), given = Object.fromEntries(Object.entries(data).map(([name, rows]) => [name, array(rows)]));
  const all = Object.values(given), reads = inputs.map((name) => given[name]);
  const target = Object.entries(given).find(([name]) => !inputs.includes(name))?.[1];
  let steps = 0, drawn = seed, playing = false, curve = [], every = 1;

  // --- what the samples are told

  const samples = reads[0]?.shape[0] ?? 0, [low, high] = target ? [Math.min(...target.data), Math.max(...target.data)] : [0, 1];
  const middle = (low + high) / 2, twoValued = target !== undefined && target.data.every((x) => x === low || x === high);
  const row = ({ shape, data }, n) => { const size = data.length / shape[0]; return [...data.subarray(n * size, (n + 1) * size)]; };
  const largest = (numbers) => numbers.indexOf(Math.max(...numbers));

  /** Whether a sample is told right; null where its target says no class. */
  function isRight(wanted, found) {
    if (!twoValued || wanted.length !== found.length)
      return null;
    if (wanted.length > 1 && wanted.filter((x) => x === high).length === 1)
      return largest(wanted) === largest(found);
    return wanted.every((x, k) => x > middle === found[k] > middle);
  }

  // --- drawing

  const probe = part.appendChild(document.createElement("i"));
  const colour = (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const rgb = (text) => text.match(/[\d.]+/g).slice(0, 3).map(Number);

  /** A canvas as large as it is shown, and its pen in units of the page. */
  function paper(canvas) {
    const { width, height } = canvas.getBoundingClientRect(), scale = window.devicePixelRatio || 1;
    const [across, down] = [Math.round(width * scale), Math.round(height * scale)];
    if (canvas.width !== across || canvas.height !== down)
      [canvas.width, canvas.height] = [across, down];
    const pen = canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.font = "12px system-ui, sans-serif";
    return { pen, width, height };
  }

  /** The losses, on a logarithmic scale where they are all above zero. */
  function drawCurve() {
    const { pen, width, height } = paper(view("curve")), left = 48, bottom = height - 24, top = 8, right = width - 8;
    const scale = curve.every((loss) => loss > 0) ? Math.log10 : (loss) => loss, told = curve.map(scale);
    const [least, most] = [Math.min(...told), Math.max(...told)], edge = 0.05 * (most - least) || 0.1;
    const last = Math.max(every * (curve.length - 1), 10);
    const y = (value) => bottom - ((bottom - top) * (value - least + edge)) / (most - least + 2 * edge);
    pen.strokeStyle = colour("--line");
    pen.fillStyle = colour("--soft");
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    for (const mark of scale === Math.log10 ? marksOfPowers(least - edge, most + edge) : marks(least - edge, most + edge)) {
      pen.beginPath();
      pen.moveTo(left, y(scale(mark)));
      pen.lineTo(right, y(scale(mark)));
      pen.stroke();
      pen.fillText(Number(mark.toPrecision(6)).toString(), left - 7, y(scale(mark)));
    }
    pen.textBaseline = "alphabetic";
    pen.fillText(last.toLocaleString(document.documentElement.lang), right, height - 6);
    pen.textAlign = "left";
    pen.fillText("0", left, height - 6);
    pen.strokeStyle = colour("--blue");
    pen.lineWidth = 2;
    pen.lineJoin = "round";
    pen.beginPath();
    told.forEach((loss, k) => pen.lineTo(left + ((right - left) * k * every) / last, y(loss)));
    pen.stroke();
  }

  /** Numbers with few digits from `from` to `to`: a few of them, evenly. */
  function marks(from, to) {
    const wanted = (to - from) / 4, power = 10 ** Math.floor(Math.log10(wanted));
    const size = [1, 2, 5, 10].map((k) => k * power).find((one) => one >= wanted * 0.999);
    const first = Math.ceil(from / size);
    return Array.from({ length: Math.floor(to / size) - first + 1 }, (_, k) => (first + k) * size);
  }

  /** Numbers with one digit whose logarithms are from `from` to `to`: powers of ten, and where those are few others as well. */
  function marksOfPowers(from, to) {
    const digits = to - from > 2.5 ? [1] : to - from > 0.8 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9], every = Math.ceil((to - from) / 6);
    const found = [];
    for (let power = Math.floor(from); power <= to; power++)
      if (power % every === 0 || digits.length > 1)
        found.push(...digits.map((digit) => digit * 10 ** power));
    return found.filter((mark) => Math.log10(mark) >= from && Math.log10(mark) <= to);
  }

  // The plane: two of the inputs' columns change from sample to sample, any others stay as they are.
  const across = reads.length === 1 && reads[0].shape.length === 2 ? reads[0].shape[1] : 0;
  const column = (k) => Array.from({ length: samples }, (_, n) => reads[0].data[n * across + k]);
  const moving = [...Array(across).keys()].filter((k) => new Set(column(k)).size > 1);
  const hasPlane = moving.length === 2 && target?.shape[0] === samples;
  const CELLS = 60;

  /** The first and last place of an axis of the plane. */
  function ends(k) {
    const [first, last] = [Math.min(...column(k)), Math.max(...column(k))], edge = 0.25 * (last - first);
    return [first - edge, last + edge];
  }

  const plane = hasPlane ? planePoints() : null;

  function planePoints() {
    const [[x0, x1], [y0, y1]] = moving.map(ends), points = new Float64Array(CELLS * CELLS * across);
    for (let row = 0; row < CELLS; row++)
      for (let k = 0; k < CELLS; k++) {
        const at = (row * CELLS + k) * across;
        points.set(reads[0].data.subarray(0, across), at);
        points[at + moving[0]] = x0 + ((x1 - x0) * k) / (CELLS - 1);
        points[at + moving[1]] = y1 - ((y1 - y0) * row) / (CELLS - 1);
      }
    return { shape: [CELLS * CELLS, across], data: points };
  }

  /** The colours of what is told: from low to high, or one for each class. */
  function shades() {
    const [one, other, third, back] = ["--blue", "--accent", "--green", "--back"].map((name) => rgb(colour(name)));
    const mix = (a, b, t) => a.map((x, k) => x + (b[k] - x) * t);
    return (told) => {
      if (told.length > 1)
        return mix([one, other, third][largest(told) % 3], back, 0.45);
      const t = Math.max(-1, Math.min(1, (2 * (told[0] - middle)) / (high - low || 1)));
      return mix(back, t < 0 ? one : other, Math.abs(t) * 0.75);
    };
  }

  function drawPlane() {
    const { pen, width, height } = paper(view("plane")), found = trainer.predict(plane), shade = shades();
    const image = new ImageData(CELLS, CELLS), size = found.data.length / (CELLS * CELLS);
    for (let k = 0; k < CELLS * CELLS; k++)
      image.data.set([...shade(found.data.subarray(k * size, (k + 1) * size)), 255], 4 * k);
    const small = new OffscreenCanvas(CELLS, CELLS);
    small.getContext("2d").putImageData(image, 0, 0);
    pen.imageSmoothingEnabled = true;
    pen.drawImage(small, 0.5, 0.5, CELLS - 1, CELLS - 1, 0, 0, width, height);
    if (size === 1)
      drawBorder(pen, found.data, width / (CELLS - 1), height / (CELLS - 1));
    const [[x0, x1], [y0, y1]] = moving.map(ends);
    for (let n = 0; n < samples; n++) {
      const [x, y] = moving.map((k) => reads[0].data[n * across + k]), wanted = row(target, n);
      pen.beginPath();
      pen.arc(((x - x0) / (x1 - x0)) * width, ((y1 - y) / (y1 - y0)) * height, samples > 40 ? 4 : 8, 0, 2 * Math.PI);
      pen.fillStyle = colour(wanted.length > 1 ? ["--blue", "--accent", "--green"][largest(wanted) % 3] : wanted[0] > middle ? "--accent" : "--blue");
      pen.fill();
      pen.lineWidth = 2;
      pen.strokeStyle = colour("--back");
      pen.stroke();
    }
  }

  /** The line on which the network is undecided: straight through each cell that it crosses. */
  function drawBorder(pen, told, dx, dy) {
    pen.strokeStyle = colour("--text");
    pen.lineWidth = 1.6;
    pen.beginPath();
    for (let row = 0; row < CELLS - 1; row++)
      for (let k = 0; k < CELLS - 1; k++) {
        const corners = [[k, row], [k + 1, row], [k + 1, row + 1], [k, row + 1]];
        const values = corners.map(([i, j]) => told[j * CELLS + i] - middle), cuts = [];
        corners.forEach(([i, j], c) => {
          const next = (c + 1) % 4, [a, b] = [values[c], values[next]];
          if (a > 0 !== b > 0) {
            const t = a / (a - b), [p, q] = corners[next];
            cuts.push([(i + (p - i) * t) * dx, (j + (q - j) * t) * dy]);
          }
        });
        for (let c = 0; c + 1 < cuts.length; c += 2) {
          pen.moveTo(...cuts[c]);
          pen.lineTo(...cuts[c + 1]);
        }
      }
    pen.stroke();
  }

  // The weights: on a copy of the network's figure.
  const figure = [...document.querySelectorAll("svg")].find((svg) => svg.querySelector("[data-edge] [data-from]"));
  const edges = [];
  if (figure !== undefined) {
    const copy = figure.cloneNode(true);
    view("weights").append(copy);
    copy.querySelectorAll("[data-layer]").forEach((layer) => delete layer.dataset.layer); // the steps light up the other one
    for (const group of copy.querySelectorAll("[data-edge]")) {
      const name = weights[group.dataset.edge.split(">")[1]], matrix = trainer.parameters[name];
      for (const line of matrix ? group.querySelectorAll("[data-from]") : [])
        edges.push({ line, matrix, at: Number(line.dataset.from) * matrix.shape[1] + Number(line.dataset.to) });
    }
  }

  function drawWeights() {
    const most = Math.max(1, ...edges.map(({ matrix, at }) => Math.abs(matrix.data[at])));
    for (const { line, matrix, at } of edges) {
      const weight = matrix.data[at];
      line.style.stroke = weight < 0 ? "var(--accent)" : "var(--blue)";
      line.style.strokeWidth = 0.6 + (5.4 * Math.abs(weight)) / most;
      line.classList.toggle("below", weight < 0);
    }
  }

  const hasTable = target !== undefined && samples <= 16 && target.shape[0] === samples && reads.every((one) => one.shape[0] === samples);
  const cells = [];
  if (hasTable)
    for (let n = 0; n < samples; n++) {
      const line = find("tbody").insertRow();
      line.insertCell().textContent = reads.flatMap((one) => row(one, n)).join(", ");
      line.insertCell().textContent = row(target, n).join(", ");
      cells.push(line.insertCell());
    }

  function drawTable(answers) {
    let right = 0, known = false;
    for (let n = 0; n < samples; n++) {
      const verdict = target ? isRight(row(target, n), row(answers, n)) : null;
      known ||= verdict !== null;
      right += verdict === true;
      if (!hasTable)
        continue;
      const mark = document.createElement("span");
      mark.className = verdict ? "said-right" : "said-wrong";
      mark.textContent = verdict === null ? "" : verdict ? " ✓" : " ✗";
      mark.setAttribute("role", "img");
      mark.setAttribute("aria-label", verdict === null ? "" : verdict ? words.yes : words.no);
      cells[n].replaceChildren(row(answers, n).map((x) => x.toFixed(3)).join(", "), ...(verdict === null ? [] : [mark]));
    }
    find('[data-if="right"]').hidden = !known;
    find('[data-shows="right"]').textContent = `${right} / ${samples}`;
  }

  function draw() {
    find('[data-shows="steps"]').textContent = steps.toLocaleString(document.documentElement.lang);
    find('[data-shows="loss"]').textContent = short(trainer.loss(...all));
    drawTable(trainer.predict(...reads));
    drawCurve();
    drawWeights();
    if (hasPlane)
      drawPlane();
  }

  // --- training

  /** So many steps, or as many as a moment allows; the words for an end, where the loss has left the numbers or is zero. */
  function train(count) {
    const ends = performance.now() + 50;
    for (let k = 0; k < count && performance.now() < ends; k++) {
      const loss = trainer.step(...all);
      if (!Number.isFinite(loss))
        return words.lost;
      if (steps++ % every === 0)
        curve.push(loss);
      if (curve.length > 2000) {
        curve = curve.filter((_, at) => at % 2 === 0);
        every *= 2;
      }
      if (loss === 0)
        return words.learnt;
    }
    return "";
  }

  const button = (name) => find(`[data-do="${name}"]`), speed = find('[name="speed"]'), rate = find('[name="rate"]');
  const tell = (sentence, parts = {}) => (find(".said").textContent = said(sentence, { loss: short(trainer.loss(...all)), steps: steps.toLocaleString(document.documentElement.lang), ...parts }));

  function play(on) {
    playing = on;
    button("play").textContent = on ? words.pause : words.play;
    if (on) {
      find(".said").textContent = "";
      turn();
    } else
      tell(words.paused);
  }

  function turn() {
    if (!playing)
      return;
    const end = train(Number(speed.value));
    draw();
    if (end) {
      play(false);
      tell(end);
    }
    calm.matches ? setTimeout(turn, 500) : requestAnimationFrame(turn);
  }

  function reset(by) {
    playing = false;
    button("play").textContent = words.play;
    [drawn, steps, curve, every] = [by, 0, [], 1];
    trainer.initialize(drawn);
    curve.push(trainer.loss(...all));
    draw();
  }

  const usual = trainer.settings.learning_rate;
  function setRate() {
    const value = usual * 10 ** Number(rate.value);
    trainer.settings.learning_rate = value;
    find(".rate output").textContent = Number(value.toPrecision(2)).toString();
    rate.setAttribute("aria-valuetext", find(".rate output").textContent);
  }

  button("play").addEventListener("click", () => play(!playing));
  button("step").addEventListener("click", () => {
    const end = train(1);
    draw();
    play(false);
    if (end)
      tell(end);
  });
  for (const [name, change] of [["reset", () => seed], ["again", () => drawn + 1]])
    button(name).addEventListener("click", () => {
      reset(change());
      tell(words.fresh, { seed: drawn });
    });
  rate.addEventListener("input", setRate);
  dark.addEventListener("change", draw);
  new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  new ResizeObserver(draw).observe(part);
  for (const [name, there] of [["plane", hasPlane], ["weights", edges.length > 0], ["table", hasTable]])
    find(`[data-if="${name}"]`).hidden = !there;
  if (usual > 0) {
    rate.value = 0;
    setRate();
  } else
    find(".rate").hidden = true;
  if (hasPlane) {
    const [across, up] = moving.map((k) => `${inputs[0]}[n,${k}]`);
    view("plane").nextElementSibling.append(` ${said(words.axes, { across, up })}`);
  }
  part.hidden = false;
  part.trainer = trainer; // for whoever wants to look closer
  reset(seed);
}
