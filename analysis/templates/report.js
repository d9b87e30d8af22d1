"use strict";
(() => {
  const all = (place, what) => [...place.querySelectorAll(what)];
  const tip = document.getElementById("tip");
  const say = document.getElementById("say");
  const make = (name, text) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    return made;
  };

  /* The little window beside the pointer. */
  const show = (blocks, x, y) => {
    const block = (lines) => lines.map((line, index) => make(index ? "span" : "b", line));
    tip.replaceChildren(...blocks.flatMap(block));
    tip.hidden = false;
    const { width, height } = tip.getBoundingClientRect();
    const left = x + 14 + width > innerWidth ? x - 14 - width : x + 14;
    tip.style.transform = `translate(${Math.max(4, left)}px,${Math.max(4, Math.min(innerHeight - height - 4, y + 14))}px)`;
  };
  const hide = () => { tip.hidden = true; };
  /* A finger that is lifted has not left: what it has pointed at stays until another place is touched. */
  const stays = (leave) => (event) => { if (event.pointerType !== "touch") leave(); };

  /* Tables whose headings sort: numbers by their value, all else by its letters. */
  const sortable = (table) => {
    const body = table.tBodies[0];
    all(table, "thead th").forEach((head, column) => {
      const button = make("button", head.textContent);
      button.type = "button";
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const isUp = head.getAttribute("aria-sort") === "ascending";
        const isNumber = head.classList.contains("n");
        const isDown = head.hasAttribute("aria-sort") ? isUp : isNumber;
        all(table, "thead th").forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", isDown ? "descending" : "ascending");
        const key = (row) => {
          const cell = row.cells[column];
          const value = cell.dataset.v;
          return value === undefined ? [1, cell.textContent] : [0, Number(value)];
        };
        const compare = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true }));
        const rows = [...body.rows].map((row) => [key(row), row]);
        /* Rows without a value stay at the end whichever way the others go. */
        rows.sort(([a], [b]) => a[0] - b[0] || (isDown ? -1 : 1) * compare(a[1], b[1]));
        body.append(...rows.map(([, row]) => row));
      });
    });
  };
  all(document, "table.sortable").forEach(sortable);
  const table = document.getElementById("table");
  if (table) {
    sortable(table);
    const shown = document.getElementById("shown");
    document.getElementById("filter").addEventListener("input", (event) => {
      const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
      const rows = [...table.tBodies[0].rows];
      rows.forEach((row) => {
        const cells = [...row.cells].map((cell, place) =>
          (place ? cell.firstChild?.textContent ?? "" : cell.innerText).toLowerCase());
        row.hidden = !words.every((word) => cells.some((cell) => cell.includes(word)));
      });
      const count = rows.filter((row) => !row.hidden).length;
      shown.textContent = words.length ? `${count} of ${rows.length} rows` : "";
    });
  }

  /* Values of figures. */
  const place = ([low, high, isLog], value) =>
    isLog ? (value > 0 ? Math.log(value / low) / Math.log(high / low) : NaN) : (value - low) / (high - low);
  const number = (value) => (value === null || value === undefined ? "–" : String(value));

  /* What can be pointed at in a frame: where it lies, in points, and what is said of it. */
  const targets = (frame, keys) => {
    const [left, top, width, height] = frame.rect;
    const across = (x) => left + place(frame.x, x) * width;
    const up = (y) => top + (1 - place(frame.y, y)) * height;
    const [xName, yName] = frame.labels.map((label) => label || "value");
    const found = [];
    frame.marks.forEach((mark, curve) => {
      const name = mark.key === null ? frame.note || "value" : keys[mark.key];
      const add = (x, y, lines, rect) => {
        const isInside = x >= left - 1 && x <= left + width + 1 && y >= top - 1 && y <= top + height + 1;
        if (isInside) found.push({ x, y, rect, frame, key: mark.key, curve, lines: [name, ...lines] });
      };
      mark.values.forEach((value) => {
        if (mark.kind === "points") {
          const [x, mean, low, high, events] = value;
          const band = low === undefined || (low === mean && high === mean) ? "" : ` [${number(low)}, ${number(high)}]`;
          const lines = [`${xName}: ${number(x)}`, `${yName}: ${number(mean)}${band}`];
          if (events !== undefined && events !== null) lines.push(`background events: ${number(events)}`);
          add(across(x), up(mean), lines, null);
        } else if (mark.kind === "bins") {
          const [low, high, tall] = value;
          const foot = frame.y[2] ? top + height : up(0);
          const head = tall > 0 || !frame.y[2] ? up(tall) : foot;
          const rect = [across(low), Math.min(head, foot), across(high), Math.max(head, foot)];
          add((rect[0] + rect[2]) / 2, head, [`${xName}: ${number(low)} to ${number(high)}`, `${yName}: ${number(tall)}`], rect);
        } else {
          const [x0, x1, y0, y1, text] = value;
          const rect = [across(x0), up(y1), across(x1), up(y0)];
          add((rect[0] + rect[2]) / 2, (rect[1] + rect[3]) / 2, [text], rect);
        }
      });
    });
    return found;
  };

  const REACH = 30;
  const figure = (card) => {
    const { keys, tiles } = JSON.parse(card.querySelector("script").textContent);
    const off = new Set();
    const buttons = all(card, ".keys button");
    buttons.forEach((button) => button.addEventListener("click", () => {
      const key = Number(button.dataset.k);
      const isOn = button.getAttribute("aria-pressed") === "true";
      button.setAttribute("aria-pressed", String(!isOn));
      if (isOn) off.add(key); else off.delete(key);
      all(card, `.tile g[data-k="${key}"]`).forEach((mark) => mark.classList.toggle("off", isOn));
      hide();
    }));
    all(card, ".tile").forEach((tile, index) => {
      const { width, frames } = tiles[index];
      const svg = tile.querySelector("svg");
      const ring = document.createElementNS("http://www.w3.org/2000/svg", "circle");
      Object.entries({ r: 6, fill: "none", stroke: "#1d2127", "stroke-width": 2, visibility: "hidden" })
        .forEach(([name, value]) => ring.setAttribute(name, value));
      svg.append(ring);
      let points = null;
      const there = () => {
        points ??= frames.flatMap((frame) => targets(frame, keys));
        return points.filter((point) => !off.has(point.key));
      };
      const point = (target, isSaid, others = []) => {
        ring.setAttribute("cx", target.x);
        ring.setAttribute("cy", target.y);
        ring.setAttribute("visibility", "visible");
        const box = svg.getBoundingClientRect();
        const scale = box.width / width;
        show([target, ...others].slice(0, 5).map(({ lines }) => lines), box.left + target.x * scale, box.top + target.y * scale);
        if (isSaid) say.textContent = target.lines.join(", ");
      };
      const leave = () => { ring.setAttribute("visibility", "hidden"); hide(); };
      let at = null;
      const hover = (event) => {
        const box = svg.getBoundingClientRect();
        const scale = width / box.width;
        const [x, y] = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
        const far = ({ x: px, y: py, rect }) =>
          rect && x >= rect[0] && x < rect[2] ? Math.min(Math.abs(py - y), y > rect[1] && y < rect[3] ? REACH - 1 : Infinity)
            : rect ? Infinity : Math.hypot(px - x, py - y);
        const ready = there();
        const near = ready.reduce((best, target) => {
          const distance = far(target);
          return distance < best[0] ? [distance, target] : best;
        }, [REACH, null])[1];
        if (!near) { leave(); return; }
        at = near;
        /* Points that lie on each other are told together. */
        const isUnder = (target) => target !== near && !target.rect && Math.hypot(target.x - near.x, target.y - near.y) < 1;
        point(near, false, ready.filter(isUnder));
      };
      tile.addEventListener("pointermove", hover);
      tile.addEventListener("pointerdown", hover);
      tile.addEventListener("pointerleave", stays(leave));
      tile.addEventListener("blur", leave);
      tile.addEventListener("keydown", (event) => {
        const steps = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1], Home: [-Infinity, 0], End: [Infinity, 0] };
        const step = steps[event.key];
        if (event.key === "Escape") leave();
        const ready = there();
        if (!step || !ready.length || event.ctrlKey || event.altKey || event.metaKey) return;
        event.preventDefault();
        /* Curves of all frames in turn, each from its first point to its last. */
        const curves = [];
        ready.forEach((target) => {
          const last = curves.at(-1)?.[0];
          if (last && last.curve === target.curve && last.frame === target.frame) curves.at(-1).push(target);
          else curves.push([target]);
        });
        let row = curves.findIndex((curve) => curve.includes(at));
        if (row < 0) { at = curves[0][0]; point(at, true); return; }
        const order = curves[row].indexOf(at);
        if (step[1]) {
          row = (row + step[1] + curves.length) % curves.length;
          at = curves[row].reduce((best, target) => (Math.abs(target.x - at.x) < Math.abs(best.x - at.x) ? target : best));
        } else {
          at = curves[row][Math.max(0, Math.min(curves[row].length - 1, order + step[0]))];
        }
        point(at, true);
      });
    });
    /* The values as a table, made when somebody asks for it. */
    const details = card.querySelector(".values");
    details.addEventListener("toggle", () => {
      if (!details.open || details.querySelector("table")) return;
      const box = make("div");
      box.className = "wide";
      box.tabIndex = 0;
      const made = make("table");
      const line = (parent, cells, kind) => {
        const row = parent.insertRow();
        cells.forEach((cell) => row.append(make(kind, cell)));
      };
      line(made.createTHead(), ["frame", "curve", "across", "up", "low", "high", "background events"], "th");
      const body = made.createTBody();
      tiles.forEach((tile) => tile.frames.forEach((frame) => {
        const title = [frame.labels[1], frame.note].filter(Boolean).join(", ");
        frame.marks.forEach((mark) => mark.values.forEach((value) => {
          const cells = mark.kind === "points" ? value.map(number)
            : mark.kind === "bins" ? [`${number(value[0])} to ${number(value[1])}`, number(value[2])]
              : [`${number(value[0])} to ${number(value[1])}`, value[4]];
          line(body, [title, mark.key === null ? "" : keys[mark.key], ...cells], "td");
        }));
      }));
      box.append(made);
      details.append(box);
    });
  };
  all(document, "figure.card").forEach(figure);

  /* Bars of tasks. */
  const lanes = document.querySelector(".lanes");
  if (lanes) {
    const bars = all(lanes, ".track i");
    let here = -1;
    const mark = (index) => {
      bars[here]?.classList.remove("here");
      here = index;
      bars[here]?.classList.add("here");
    };
    const hover = (event) => {
      const bar = event.target.closest("[data-t]");
      if (bar) { mark(bars.indexOf(bar)); show([[bar.dataset.t]], event.clientX, event.clientY); } else { mark(-1); hide(); }
    };
    lanes.addEventListener("pointermove", hover);
    lanes.addEventListener("pointerdown", hover);
    lanes.addEventListener("pointerleave", stays(() => { mark(-1); hide(); }));
    lanes.addEventListener("blur", () => { mark(-1); hide(); });
    lanes.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      mark(Math.max(0, Math.min(bars.length - 1, here + step)));
      const { left, bottom } = bars[here].getBoundingClientRect();
      show([[bars[here].dataset.t]], left, bottom);
      say.textContent = bars[here].dataset.t;
    });
  }
  addEventListener("scroll", hide, { passive: true });

  /* A scan that runs writes its page again every minute. */
  const pause = document.getElementById("pause");
  if (pause) {
    pause.hidden = false;
    pause.addEventListener("click", () => {
      pause.setAttribute("aria-pressed", String(pause.getAttribute("aria-pressed") !== "true"));
    });
    /* A run that was killed cannot say so: its last page grows old. */
    const age = () => (Date.now() - Date.parse(document.body.dataset.running)) / 60000;
    const stale = document.getElementById("stale");
    const look = () => {
      stale.hidden = !(age() > 3);
      if (!stale.hidden) {
        const old = Math.floor(age());
        const told = old < 120 ? `${old} minutes` : `${Math.floor(old / 60)} hours`;
        stale.textContent = `This page was written ${told} ago, and a run writes it every minute: it has ended, was killed, or this is a copy. drapes status tells.`;
      }
    };
    look();
    setInterval(() => {
      look();
      if (pause.getAttribute("aria-pressed") !== "true" && !document.hidden) location.reload();
    }, 60000);
  }
})();
