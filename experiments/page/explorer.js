"use strict";
// The explorer: a model, a sentence, a layer and a head; the word under the pointer lights up what it looked at.
(() => {
  const place = document.getElementById("explorer");
  const looks = JSON.parse(document.getElementById("looks").textContent);
  if (!place || !looks.length) return;
  const element = (tag, inside = "", attributes = {}) => {
    const made = Object.assign(document.createElement(tag), { textContent: inside });
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const choice = (label, names, chosen) => {
    const select = element("select", "", { "aria-label": label });
    names.forEach((name, at) => select.append(element("option", name, { value: at })));
    select.value = String(Math.min(chosen, names.length - 1));
    select.addEventListener("change", draw);
    const whole = element("label", `${label} `);
    whole.append(select);
    return [whole, select];
  };
  const shown = { model: 0, sentence: 0, layer: 0, head: 0 };
  const bar = place.appendChild(element("p"));
  const view = place.appendChild(element("div", "", { class: "view" }));

  function draw(event) {
    if (event) for (const one of bar.querySelectorAll("select")) shown[one.getAttribute("aria-label")] = Number(one.value);
    const look = looks[shown.model];
    const seen = look.seen[Math.min(shown.sentence, look.seen.length - 1)];
    const titles = look.seen.map((one) => one.heading || one.over?.join(" ") || one.pieces.join(" "));
    bar.replaceChildren(choice("model", looks.map((one) => `${one.model}: ${one.kind}`), shown.model)[0], choice("sentence", titles, shown.sentence)[0]);
    view.replaceChildren();
    ({ attention, surprisal, cells, mixture })[look.kind](seen);
  }

  function attention(seen) {
    const [layers, heads, rows, columns] = seen.shape;
    const weights = bytes(seen.weights);
    const headNames = [...Array(heads).keys()].map((at) => `${at + 1}`).concat(heads > 1 ? ["mean"] : []);
    bar.append(
      choice("layer", [...Array(layers).keys()].map((at) => `${at + 1}`), shown.layer)[0],
      choice("head", headNames, shown.head)[0],
    );
    const layer = Math.min(shown.layer, layers - 1);
    const head = Math.min(shown.head, headNames.length - 1);
    const at = (row, column) => {
      const one = (number) => weights[((layer * heads + number) * rows + row) * columns + column] / 255;
      if (head < heads) return one(head);
      return [...Array(heads).keys()].reduce((sum, number) => sum + one(number), 0) / heads;
    };
    const gold = new Set((seen.gold || []).map((pair) => pair.join(" ")));
    const over = view.appendChild(element("p", "", { class: "words over" }));
    const pieces = view.appendChild(element("p", "", { class: "words pieces" }));
    const lit = seen.over.map((word) => over.appendChild(element("span", word)));
    seen.pieces.forEach((word, row) => {
      const span = pieces.appendChild(element("span", word, { tabindex: 0 }));
      const light = () => {
        pieces.querySelectorAll("span").forEach((one) => one.classList.toggle("here", one === span));
        lit.forEach((one, column) => {
          const weight = at(row, column);
          one.style.backgroundColor = `rgba(213, 94, 0, ${weight.toFixed(3)})`;
          one.classList.toggle("gold", gold.has(`${column} ${row}`));
          one.title = weight.toFixed(2);
        });
      };
      span.addEventListener("pointerenter", light);
      span.addEventListener("focus", light);
      if (row === 0) light();
    });
    const map = view.appendChild(element("table", "", { class: "map" }));
    const top = map.appendChild(element("tr"));
    top.append(element("th"), ...seen.over.map((word) => element("th", word, { class: "turned" })));
    seen.pieces.forEach((word, row) => {
      const line = map.appendChild(element("tr"));
      line.append(element("th", word, { scope: "row" }));
      seen.over.forEach((_, column) => {
        const weight = at(row, column);
        const cell = element("td", "", { title: `${word} → ${seen.over[column]}: ${weight.toFixed(2)}` });
        cell.style.backgroundColor = `rgba(213, 94, 0, ${weight.toFixed(3)})`;
        if (gold.has(`${column} ${row}`)) cell.className = "gold";
        line.append(cell);
      });
    });
  }

  function surprisal(seen) {
    const words = view.appendChild(element("p", "", { class: "words" }));
    seen.pieces.forEach((word, row) => {
      const span = words.appendChild(element("span", word, { title: `${seen.bits[row]} bits` }));
      span.style.backgroundColor = `rgba(213, 94, 0, ${Math.min(seen.bits[row] / 12, 1).toFixed(3)})`;
    });
  }

  function cells(seen) {
    const held = bytes(seen.held);
    const there = bytes(seen.there);
    const text = view.appendChild(element("pre", "", { class: "cells" }));
    [...seen.text].forEach((letter, at) => {
      const value = held[at] / 127.5 - 1;
      const span = text.appendChild(element(there[at] ? "u" : "span", letter));
      const colour = value > 0 ? "213, 94, 0" : "0, 114, 178";
      span.style.backgroundColor = `rgba(${colour}, ${(0.75 * Math.abs(value)).toFixed(2)})`;
    });
  }

  function mixture(seen) {
    const bars = view.appendChild(element("table", "", { class: "mixture" }));
    seen.layers.forEach((name, at) => {
      const line = bars.appendChild(element("tr"));
      const held = element("td");
      held.append(element("span", "", { style: `width: ${seen.shares[at]}%` }));
      line.append(element("th", name, { scope: "row" }), held, element("td", `${seen.shares[at]} %`));
    });
  }

  draw();
})();
