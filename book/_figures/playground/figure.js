// The interactive figure: the reader's own 2-3-1 network with f = ReLU, g = identity, squared error.
(() => {
  "use strict";

  // -- the network ------------------------------------------------------------------------------

  const relu = (s) => Math.max(s, 0);
  const reluDerivative = (s) => (s > 0 ? 1 : 0); // 0 at the kink, as in the text and in PyTorch
  const linear = (W, z, b) =>
    W.map((row, i) => row.reduce((sum, w, j) => sum + w * z[j], 0) + b[i]);
  const outer = (delta, z) => delta.map((d) => z.map((v) => d * v));

  /** Forward and backward pass: every value, every error and every gradient, in the parameters'
   *  shapes. `params` holds x, y, b1, b2 (arrays) and W1, W2 (arrays of rows), of any widths. */
  const compute = ({ x, y, W1, b1, W2, b2 }) => {
    const s1 = linear(W1, x, b1);
    const z1 = s1.map(relu);
    const s2 = linear(W2, z1, b2);
    const y_hat = [...s2];
    const loss = y_hat.reduce((sum, v, k) => sum + (v - y[k]) ** 2, 0);
    const delta2 = y_hat.map((v, k) => 2 * (v - y[k]));
    const delta1 = s1.map(
      (s, i) => reluDerivative(s) * delta2.reduce((sum, d, k) => sum + d * W2[k][i], 0),
    );
    const dx = x.map((_, j) => delta1.reduce((sum, d, i) => sum + d * W1[i][j], 0));
    const dy = delta2.map((d) => -d);
    return {
      s1, z1, s2, y_hat, loss, delta2, delta1, dx, dy,
      dW1: outer(delta1, x), db1: [...delta1], dW2: outer(delta2, z1), db2: [...delta2],
    };
  };

  // -- numbers and formulas ---------------------------------------------------------------------

  /** A number to be read: fixed decimals (12.345, or 1.234e5), the true minus sign, none at zero. */
  const format = (value, digits = 3) => {
    const text = Math.abs(value) < 1e4 ? value.toFixed(digits) : value.toExponential(digits).replace("+", "");
    return Number(text) === 0 ? text.replace("-", "") : text.replaceAll("-", "−");
  };

  const mo = (sign) =>
    "()".includes(sign) ? `<mo stretchy="false">${sign}</mo>` : `<mo>${sign}</mo>`;
  const mi = (name) => `<mi>${name}</mi>`;
  const row = (...parts) => `<mrow>${parts.join("")}</mrow>`;
  const num = (value) => {
    const text = format(value);
    return text.startsWith("−") ? row(mo("−"), `<mn>${text.slice(1)}</mn>`) : `<mn>${text}</mn>`;
  };
  const paren = (...parts) => row(mo("("), ...parts, mo(")"));
  const factor = (value) => (format(value).startsWith("−") ? paren(num(value)) : num(value));
  const product = (...factors) => row(factors.join(mo("·")));
  const sum = (terms) => terms.map((term, n) => (n ? `<mo form="infix">+</mo>${term}` : term)); // may break
  const component = (name, index, layer) => {
    const subscript = `<mn>${index}</mn>`;
    if (!layer) return `<msub>${mi(name)}${subscript}</msub>`;
    return `<msubsup>${mi(name)}${subscript}<mtext>(${layer})</mtext></msubsup>`;
  };
  const partial = (of, by) => `<mfrac>${row(mo("∂"), of)}${row(mo("∂"), by)}</mfrac>`;
  const yHat = `<msub><mover accent="true">${mi("y")}${mo("^")}</mover><mn>0</mn></msub>`;
  const ell = mi("ℓ");
  const W = (layer, i, j) => component("W", `${i}${j}`, layer);
  const square = (of) => `<msup>${of}<mn>2</mn></msup>`;
  const slope = (of) => row(`<msup>${mi("ReLU")}${mo("′")}</msup>`, paren(of));

  /** What stands beside the figure for one quantity: the lines of its formula, each a list of
   *  MathML pieces that are equal (a sum is a list of its terms), the same in words, and the edges
   *  of the path that it takes. */
  const describe = (item, params, result) => {
    const [kind, ...index] = item.split("-");
    const [i, j] = index.map(Number);
    const { x, y, W1, b1, W2, b2 } = params;
    const r = result;
    const hidden = r.s1.map((_, unit) => unit);
    const off = (unit) => r.s1[unit] <= 0;
    const into = (unit) => x.map((_, input) => `a-${unit}-${input}`);
    const allForward = [...hidden.flatMap(into), ...hidden.map((unit) => `c-${unit}`)];

    const error2 = [
      component("δ", 0, 2),
      row("<mn>2</mn>", paren(yHat, mo("−"), component("y", 0))),
      row("<mn>2</mn>", paren(num(r.y_hat[0]), mo("−"), factor(y[0]))),
      num(r.delta2[0]),
    ];
    const error1 = (unit) => [
      component("δ", unit, 1),
      row(component("δ", 0, 2), W(2, 0, unit), slope(component("s", unit, 1))),
      product(factor(r.delta2[0]), factor(W2[0][unit]), `<mn>${reluDerivative(r.s1[unit])}</mn>`),
      num(r.delta1[unit]),
    ];
    const stop = (unit) =>
      off(unit) ? ` Unit ${unit} is off, so that no error passes through it.` : "";
    const gradient = (parameter, ...rest) => [partial(ell, parameter), ...rest];

    switch (kind) {
      case "x":
        return {
          lines: [
            gradient(
              component("x", i),
              sum(hidden.map((unit) => row(component("δ", unit, 1), W(1, unit, i)))),
              sum(hidden.map((unit) => product(factor(r.delta1[unit]), factor(W1[unit][i])))),
              num(r.dx[i]),
            ),
          ],
          words: `The gradient of x ${i} is the sum of error times weight over the hidden units: ${format(r.dx[i])}.`,
          backward: ["l", ...hidden.flatMap((u) => [`c-${u}`, ...(off(u) ? [] : [`a-${u}-${i}`])])],
        };
      case "y":
        return {
          lines: [
            gradient(
              component("y", 0),
              row(mo("−"), "<mn>2</mn>", paren(yHat, mo("−"), component("y", 0))),
              row(mo("−"), "<mn>2</mn>", paren(num(r.y_hat[0]), mo("−"), factor(y[0]))),
              num(r.dy[0]),
            ),
          ],
          words: `The gradient of the target y is ${format(r.dy[0])}, the opposite of delta 2.`,
          backward: ["l"],
        };
      case "W1":
        return {
          lines: [
            gradient(
              W(1, i, j),
              row(component("δ", i, 1), component("x", j)),
              product(factor(r.delta1[i]), factor(x[j])),
              num(r.dW1[i][j]),
            ),
            error1(i),
            error2,
          ],
          words: `The gradient of W 1, row ${i}, column ${j}, is the error of unit ${i}, ${format(r.delta1[i])}, times x ${j}, ${format(x[j])}: ${format(r.dW1[i][j])}.${stop(i)}`,
          backward: ["l", `c-${i}`, ...(off(i) ? [] : [`a-${i}-${j}`])],
        };
      case "b1":
        return {
          lines: [
            gradient(component("b", i, 1), component("δ", i, 1), num(r.db1[i])),
            error1(i),
            error2,
          ],
          words: `The gradient of b 1, row ${i}, is the error of unit ${i}: ${format(r.db1[i])}.${stop(i)}`,
          backward: ["l", `c-${i}`],
        };
      case "W2":
        return {
          lines: [
            gradient(
              W(2, 0, j),
              row(component("δ", 0, 2), component("z", j, 1)),
              product(factor(r.delta2[0]), factor(r.z1[j])),
              num(r.dW2[0][j]),
            ),
            error2,
          ],
          words: `The gradient of W 2, column ${j}, is the error of the output, ${format(r.delta2[0])}, times z ${j}, ${format(r.z1[j])}: ${format(r.dW2[0][j])}.`,
          backward: ["l", `c-${j}`],
        };
      case "b2":
        return {
          lines: [gradient(component("b", 0, 2), component("δ", 0, 2), num(r.db2[0])), error2],
          words: `The gradient of b 2 is the error of the output: ${format(r.db2[0])}.`,
          backward: ["l"],
        };
      case "s1":
        return {
          lines: [
            [
              component("s", i, 1),
              sum([...x.map((_, k) => row(W(1, i, k), component("x", k))), component("b", i, 1)]),
              sum([...x.map((v, k) => product(factor(W1[i][k]), factor(v))), factor(b1[i])]),
              num(r.s1[i]),
            ],
          ],
          words: `s of hidden unit ${i} is ${format(r.s1[i])}.`,
          forward: into(i),
        };
      case "z1":
        return {
          lines: [
            [
              component("z", i, 1),
              row(mi("ReLU"), paren(component("s", i, 1))),
              row(mi("max"), paren("<mn>0</mn>", mo(","), num(r.s1[i]))),
              num(r.z1[i]),
            ],
          ],
          words: `z of hidden unit ${i} is ReLU of ${format(r.s1[i])}: ${format(r.z1[i])}.`,
          forward: into(i),
        };
      case "delta1":
        return {
          lines: [error1(i), error2],
          words: `The error of hidden unit ${i} is ${format(r.delta1[i])}.${stop(i)}`,
          backward: ["l", `c-${i}`],
        };
      case "s2":
        return {
          lines: [
            [
              component("s", 0, 2),
              sum([...hidden.map((u) => row(W(2, 0, u), component("z", u, 1))), component("b", 0, 2)]),
              sum([...hidden.map((u) => product(factor(W2[0][u]), factor(r.z1[u]))), factor(b2[0])]),
              num(r.s2[0]),
            ],
          ],
          words: `s of the output is ${format(r.s2[0])}.`,
          forward: allForward,
        };
      case "y_hat":
        return {
          lines: [[yHat, component("s", 0, 2), num(r.y_hat[0])]],
          words: `y hat is s of the output, because g is the identity: ${format(r.y_hat[0])}.`,
          forward: allForward,
        };
      case "delta2":
        return {
          lines: [error2],
          words: `The error of the output is ${format(r.delta2[0])}.`,
          backward: ["l"],
        };
      case "loss":
        return {
          lines: [
            [
              ell,
              square(paren(yHat, mo("−"), component("y", 0))),
              square(paren(num(r.y_hat[0]), mo("−"), factor(y[0]))),
              num(r.loss),
            ],
          ],
          words: `The loss is ${format(r.loss)}.`,
          forward: [...allForward, "l"],
        };
      default:
        throw new RangeError(`expected a quantity of the figure, given ${item}`);
    }
  };

  globalThis.handgradPlayground = { compute, describe, format };
  if (typeof document === "undefined") return;

  // -- the page ---------------------------------------------------------------------------------

  const root = document.getElementById("playground");
  const all = (selector) => [...root.querySelectorAll(selector)];
  const one = (selector) => root.querySelector(selector);
  const inputs = all("input[type=number]");
  const slider = one("input[type=range]");
  const LIMIT = Number(slider.max);
  const initial = new Map(inputs.map((input) => [input.dataset.item, input.defaultValue]));
  const params = { x: [], y: [], W1: [[], [], []], b1: [], W2: [[]], b2: [] };
  let selected = "W1-2-1";
  let parameter = selected;

  const at = (store, [name, ...index]) =>
    index.reduce((value, position) => value[position], store[name]);
  const set = (item, value) => {
    const [name, ...index] = item.split("-");
    const last = index.pop();
    at(params, [name, ...index])[last] = value;
  };
  /** The value of a quantity, or of its gradient, by its name in the page: `W1-2-1`, `delta2-0`. */
  const read = (store, item, prefix = "") => at(store, (prefix + item).split("-"));

  let announcement;
  const announce = (text) => {
    clearTimeout(announcement); // a held key or a drag is announced once, at its end
    announcement = setTimeout(() => { one(".playground-summary").textContent = text; }, 400);
  };

  const marks = ["forward", "backward"];
  const draw = () => {
    const result = compute(params);
    const { lines, words, ...path } = describe(selected, params, result);
    for (const element of all("[data-value]")) {
      const value = read(result, element.dataset.value);
      element.textContent = format(value, Number(element.dataset.digits ?? 3));
    }
    for (const element of all("[data-given]")) {
      element.textContent = format(read(params, element.dataset.given), 2);
    }
    result.s1.forEach((s, unit) => {
      for (const element of all(`[data-unit="${unit}"]`)) element.classList.toggle("playground-off", s <= 0);
    });
    for (const edge of all("[data-edge]")) {
      for (const mark of marks) {
        edge.classList.toggle(`playground-${mark}`, (path[mark] ?? []).includes(edge.dataset.edge));
      }
    }
    for (const element of all("[data-item]")) {
      element.classList.toggle("playground-selected", element.dataset.item === selected);
    }
    one(".playground-formula").innerHTML = lines
      .map((pieces) =>
        pieces
          .flatMap((piece, n) => [piece].flat().map((term, k) => (n && !k ? mo("=") : "") + term))
          .map((part) => `<math displaystyle="true">${part}</math>`)
          .join(" "),
      )
      .map((line) => `<p>${line}</p>`)
      .join("");
    const field = inputs.find((input) => input.dataset.item === parameter);
    one(".playground-slider-name").innerHTML = root.querySelector(`label[for="${field.id}"]`).innerHTML;
    if (document.activeElement !== slider) slider.value = read(params, parameter);
    one(".playground-slider-value").textContent = format(read(params, parameter), 2);
    return { result, words };
  };

  const select = (item) => {
    if (item === selected) return;
    selected = item;
    if (initial.has(item)) parameter = item;
    announce(draw().words);
  };

  const change = (item, value) => {
    set(item, value);
    selected = parameter = item;
    const { result, words } = draw();
    const units = result.s1.flatMap((s, unit) => (s > 0 ? [] : [unit]));
    const dead = units.length ? ` Off: ${units.join(", ")}.` : "";
    announce(`y hat ${format(result.y_hat[0])}, loss ${format(result.loss)}. ${words}${dead}`);
  };

  for (const input of inputs) {
    input.readOnly = false;
    set(input.dataset.item, input.valueAsNumber);
    input.addEventListener("focus", () => select(input.dataset.item));
    input.addEventListener("input", () => {
      const value = input.valueAsNumber;
      const valid = Math.abs(value) <= LIMIT; // false for an empty field, whose value is NaN
      if (valid) input.removeAttribute("aria-invalid");
      else input.setAttribute("aria-invalid", "true");
      if (valid) change(input.dataset.item, value);
      else announce(`Expected a number from −${LIMIT} to ${LIMIT}; the figure keeps the last one.`);
    });
    input.addEventListener("blur", () => {
      if (!input.hasAttribute("aria-invalid")) return;
      input.removeAttribute("aria-invalid");
      input.value = read(params, input.dataset.item);
    });
  }
  for (const button of all("button[data-item]")) {
    button.addEventListener("focus", () => select(button.dataset.item));
    button.addEventListener("click", () => select(button.dataset.item));
  }
  slider.addEventListener("focus", () => select(parameter));
  slider.addEventListener("input", () => {
    inputs.find((input) => input.dataset.item === parameter).value = slider.value;
    change(parameter, slider.valueAsNumber);
  });
  one(".playground-reset").addEventListener("click", () => {
    for (const input of inputs) {
      input.value = initial.get(input.dataset.item);
      input.removeAttribute("aria-invalid");
      set(input.dataset.item, input.valueAsNumber);
    }
    const { result } = draw();
    announce(`Back at the first numbers: loss ${format(result.loss)}.`);
  });

  // The first path waits until it is seen: a movement that nobody watches costs a phone power.
  const seen = new IntersectionObserver(([{ isIntersecting }]) => {
    if (!isIntersecting) return;
    root.classList.add("playground-seen");
    seen.disconnect();
  });
  seen.observe(one("svg"));

  for (const element of all("[hidden]")) element.hidden = false;
  root.dataset.live = "";
  draw();
})();
