// The bench: the running network forwards and backwards, in the three parts of the homework.
(() => {
  "use strict";

  const PARTS = {
    "1.2": { f: "relu", g: "identity", loss: "square", eta: 0.05 },
    "1.3a": { f: "sigmoid", g: "sigmoid", loss: "square", eta: 1 },
    "1.3b": { f: "sigmoid", g: "sigmoid", loss: "entropy", eta: 1 },
  };
  const LIMIT = 1000; // largest absolute value of a number that is given
  const MOST_UNDO = 50;

  // -- the network ------------------------------------------------------------------------------

  const sigma = (s) => 1 / (1 + Math.exp(-s));
  const ACTIVATION = {
    relu: [(s) => Math.max(s, 0), (s) => (s > 0 ? 1 : 0)], // slope 0 at the kink, by convention
    identity: [(s) => s, () => 1],
    sigmoid: [sigma, (s) => sigma(s) * (1 - sigma(s))],
  };
  const sum = (terms) => terms.reduce((total, term) => total + term, 0);
  const linear = (W, z, b) => W.map((row, i) => sum(row.map((w, j) => w * z[j])) + b[i]);
  const transposed = (W, delta) => W[0].map((_, j) => sum(W.map((row, i) => row[j] * delta[i])));
  const outer = (z, delta) => z.map((v) => delta.map((d) => v * d));

  /** Every number of a part, under the names of `handgrad.running.values`; gradients in the text's
   *  layout. `params` holds x, y, b1, b2 and W1, W2 (rows). With `open`, ReLU's slope is taken as 1:
   *  a mistake that the reader may look at. The logarithm and the denominator of the cross-entropy
   *  are bounded as in PyTorch. */
  const compute = ({ x, y, W1, b1, W2, b2 }, part, open = false) => {
    const { f, g, loss: kind } = PARTS[part];
    const s1 = linear(W1, x, b1);
    const z1 = s1.map(ACTIVATION[f][0]);
    const s2 = linear(W2, z1, b2);
    const y_hat = s2.map(ACTIVATION[g][0]);
    const diff = y_hat.map((v, k) => v - y[k]);
    const entropy = kind === "entropy";
    const log = (v) => Math.max(Math.log(v), -100);
    const loss = entropy
      ? -sum(y_hat.map((v, k) => y[k] * log(v) + (1 - y[k]) * log(1 - v))) / y.length
      : sum(diff.map((d) => d * d));
    const dl_dy_hat = diff.map((d, k) =>
      entropy ? d / Math.max(y_hat[k] * (1 - y_hat[k]), 1e-12) / y.length : 2 * d,
    );
    const g_slope = s2.map(ACTIVATION[g][1]);
    const delta2 = dl_dy_hat.map((d, k) => (entropy ? diff[k] / y.length : d * g_slope[k]));
    const dl_dz1 = transposed(W2, delta2);
    const f_slope = s1.map(open ? () => 1 : ACTIVATION[f][1]);
    const delta1 = dl_dz1.map((d, i) => d * f_slope[i]);
    const dW2 = outer(z1, delta2);
    const dW1 = outer(x, delta1);
    const square = sum([...dW1.flat(), ...dW2.flat(), ...delta1, ...delta2].map((d) => d * d));
    return {
      s1, z1, s2, y_hat, diff, loss, dl_dy_hat, g_slope, delta2, dl_dz1, f_slope, delta1,
      dW2, db2: [...delta2], dW1, db1: [...delta1], dx: transposed(W1, delta1), square,
    };
  };

  // -- quantities by name: `W1-0-1`, `delta2-3`, `loss` -------------------------------------------

  const at = (store, name, index) => index.reduce((value, position) => value?.[position], store[name]);
  const split = (item) => {
    const [name, ...index] = item.split("-");
    return [name, index.map(Number)];
  };
  const GIVEN = ["x", "y", "W1", "b1", "W2", "b2"];
  const isGiven = (item) => GIVEN.includes(split(item)[0]);
  const range = (array) => array.map((_, index) => index);
  const valueOf = (item, params, r) => at(isGiven(item) ? params : r, ...split(item));
  /** The gradient of what is given, every other quantity itself; a target has none. */
  const resultOf = (item, r) => {
    const [name, index] = split(item);
    if (name === "y") return NaN;
    return GIVEN.includes(name) ? at(r, `d${name}`, index.reverse()) : at(r, name, index);
  };
  const exists = (item, params) => {
    const [name, index] = split(item);
    const like = { s1: "b1", z1: "b1", dl_dz1: "b1", delta1: "b1" }[name];
    if (name === "loss") return index.length === 0;
    const known = ["s2", "y_hat", "dl_dy_hat", "delta2"].includes(name) ? "b2" : like ?? name;
    return GIVEN.includes(known) && typeof at(params, known, index) === "number";
  };

  // The stage at which a number is known: 1 to 5 forward, 6 to 10 backward.
  const STAGES = ["x-0", "s1-0", "z1-0", "s2-0", "y_hat-0", "loss", "dl_dy_hat-0", "delta2-0", "dl_dz1-0", "delta1-0", "x-0"];
  const STAGE = {
    s1: 1, z1: 2, s2: 3, y_hat: 4, loss: 5, dl_dy_hat: 6, g_slope: 7, delta2: 7, dW2: 7, db2: 7, dl_dz1: 8,
    f_slope: 9, delta1: 9, dW1: 9, db1: 9, dx: 10,
  };
  const LAST = 10;
  const resultStage = (item) => {
    const [name] = split(item);
    return STAGE[name] ?? STAGE[`d${name}`] ?? 0;
  };

  // -- state --------------------------------------------------------------------------------------

  /** Everything that the reader sees follows from this. */
  const start = (params, selected = "loss") => ({
    part: "1.2", stage: LAST, selected, path: null, params, eta: PARTS["1.2"].eta, gate: false,
    predict: null, report: null, history: [],
  });

  const allowed = (item, value, part) => {
    const probability = item.startsWith("y") && PARTS[part].g === "sigmoid";
    return probability ? value >= 0 && value <= 1 : Math.abs(value) <= LIMIT;
  };
  const replaced = (params, item, value) => {
    const put = (store, [key, ...rest]) =>
      Array.isArray(store)
        ? store.map((old, n) => (n === key ? (rest.length ? put(old, rest) : value) : old))
        : { ...store, [key]: put(store[key], rest) };
    const [name, index] = split(item);
    return put(params, [name, ...index]);
  };
  /** A target is a probability in 1.3. */
  const withPart = (params, part) =>
    PARTS[part].g === "sigmoid" ? { ...params, y: params.y.map((v) => Math.min(Math.max(v, 0), 1)) } : params;

  const stepped = ({ params, part, eta }) => {
    const r = compute(params, part);
    const next = { ...params };
    for (const name of ["W1", "W2"]) {
      next[name] = params[name].map((row, i) => row.map((w, j) => w - eta * r[`d${name}`][j][i]));
    }
    for (const name of ["b1", "b2"]) next[name] = params[name].map((b, i) => b - eta * r[`d${name}`][i]);
    return next;
  };

  /** The next state. What changes a number, the part, the stage or the rate can be undone; looking
   *  around cannot. An action that does not fit leaves the state as it is. */
  const reduce = (state, action) => {
    const { history, ...now } = state;
    const change = (changes) => ({
      ...state, path: null, predict: null, report: null, ...changes,
      history: [...history, now].slice(-MOST_UNDO),
    });
    const look = (changes) => ({ ...state, path: null, predict: null, report: null, ...changes });
    const { params, part, stage } = state;
    switch (action.type) {
      case "select":
        return exists(action.item, params) ? look({ selected: action.item }) : state;
      case "path": {
        const count = pathsOf(state.selected, params, compute(params, part)).length;
        const next = (state.path ?? -1) + 1;
        return look({ path: next < count ? next : null });
      }
      case "set": {
        if (!exists(action.item, params) || !allowed(action.item, action.value, part)) return state;
        const next = { params: replaced(params, action.item, action.value), selected: action.item };
        return action.more ? look(next) : change(next); // a drag is undone as a whole
      }
      case "part":
        if (!PARTS[action.part] || action.part === part) return state;
        return change({
          part: action.part, eta: PARTS[action.part].eta, gate: false, params: withPart(params, action.part),
        });
      case "eta":
        return action.eta > 0 && action.eta <= 1 ? change({ eta: action.eta }) : state;
      case "forward": {
        const next = stage >= 5 ? 1 : stage + 1;
        return change({ stage: next, selected: STAGES[next] });
      }
      case "back":
        if (stage < 5 || stage === LAST) return state;
        return change({ stage: stage + 1, selected: STAGES[stage + 1] });
      case "gate":
        return part === "1.2" ? change({ gate: !state.gate }) : state;
      case "step": {
        const next = stepped(state);
        const fits = GIVEN.every((name) => next[name].flat().every((v) => Math.abs(v) <= LIMIT));
        if (!fits) return look({ report: { refused: true } });
        const before = compute(params, part);
        const after = compute(next, part);
        const report = { before: before.loss, after: after.loss, estimate: state.eta * before.square, square: before.square, still: still(params, before) };
        return change({ params: next, gate: false, stage: LAST, report });
      }
      case "predict":
        if (Number.isNaN(resultOf(state.selected, compute(params, part)))) return state;
        return look({ predict: state.predict ? null : { tries: 0, verdict: null } });
      case "guess": {
        if (!state.predict) return state;
        const verdict = judge(state, action.value);
        return { ...state, predict: { tries: state.predict.tries + 1, verdict } };
      }
      case "undo":
        return history.length ? { ...history.at(-1), history: history.slice(0, -1) } : state;
      case "reset":
        return change({ ...start(action.params, state.selected), part, eta: PARTS[part].eta });
      default:
        throw new RangeError(`expected an action of the bench, given ${action.type}`);
    }
  };

  /** The parameters whose gradient is 0: the name, and the row, entry or column. */
  const still = (params, r) => [
    ...range(params.b1).filter((i) => r.dW1.every((row) => row[i] === 0)).map((i) => ["W1", `row ${i}`]),
    ...range(params.b1).filter((i) => r.db1[i] === 0).map((i) => ["b1", `entry ${i}`]),
    ...range(params.b1).filter((i) => r.dW2[i].every((d) => d === 0)).map((i) => ["W2", `column ${i}`]),
    ...range(params.b2).filter((k) => r.db2[k] === 0).flatMap((k) => [["W2", `row ${k}`], ["b2", `entry ${k}`]]),
  ];

  // -- the address: #bench=1.2,delta1-1,W1-0-1=0.7 ---------------------------------------------------

  const entries = (params) =>
    GIVEN.flatMap((name) =>
      params[name].flatMap((row, i) =>
        Array.isArray(row) ? row.map((v, j) => [`${name}-${i}-${j}`, v]) : [[`${name}-${i}`, row]],
      ),
    );
  const encode = (state, first) => {
    const old = new Map(entries(first));
    const changed = entries(state.params).filter(([item, value]) => value !== old.get(item));
    return ["#bench=" + state.part, state.selected, ...changed.map((pair) => pair.join("="))].join(",");
  };
  /** The state of an address; what does not fit in it is left out. */
  const decode = (address, first) => {
    const state = start(first);
    if (!address.startsWith("#bench=")) return state;
    const [part, selected, ...changed] = address.slice(7).split(",");
    if (PARTS[part]) Object.assign(state, { part, eta: PARTS[part].eta });
    for (const pair of changed) {
      const [item, text] = pair.split("=");
      const value = text ? Number(text) : NaN;
      if (isGiven(item) && exists(item, state.params) && allowed(item, value, state.part)) {
        state.params = replaced(state.params, item, value);
      }
    }
    if (selected && exists(selected, first)) state.selected = selected;
    return state;
  };

  // -- paths ----------------------------------------------------------------------------------------

  /** Every path from a quantity to the loss: the rates along it, its edges, the units it meets. */
  const pathsOf = (item, params, r) => {
    const [name, [i, j]] = split(item);
    const from = {
      y_hat: (k) => [{ rates: [r.dl_dy_hat[k]], edges: [`dl_dy_hat-${k}`], via: [`output ${k}`] }],
      s2: (k) => ahead(r.g_slope[k], null, from.y_hat(k)),
      z1: (u) => range(r.s2).flatMap((k) => ahead(params.W2[k][u], `W2-${k}-${u}`, from.s2(k))),
      s1: (u) => ahead(r.f_slope[u], null, from.z1(u)).map((p) => ({ ...p, via: [`unit ${u}`, ...p.via] })),
      x: (q) => range(r.s1).flatMap((u) => ahead(params.W1[u][q], `W1-${u}-${q}`, from.s1(u))),
      W1: (u) => ahead(params.x[j], `W1-${u}-${j}`, from.s1(u)),
      W2: (k) => ahead(r.z1[j], `W2-${k}-${j}`, from.s2(k)),
      b1: (u) => ahead(1, null, from.s1(u)),
      b2: (k) => ahead(1, null, from.s2(k)),
    };
    from.delta1 = from.s1;
    from.dl_dz1 = from.z1;
    from.delta2 = from.s2;
    from.dl_dy_hat = from.y_hat;
    return from[name]?.(i) ?? [];
  };
  const ahead = (rate, edge, rest) =>
    rest.map(({ rates, edges, via }) => ({ rates: [rate, ...rates], edges: edge ? [edge, ...edges] : edges, via }));
  const productOf = ({ rates }) => rates.reduce((product, rate) => product * rate, 1);

  // -- words and formulas ---------------------------------------------------------------------------

  /** A number to be read: four decimals, fewer if it has fewer and `fixed` is not set. */
  const format = (value, fixed = false, digits = 4) => {
    let text = Math.abs(value) < 1e5 ? value.toFixed(digits) : value.toExponential(2).replace("+", "");
    if (!fixed && text.includes(".") && !text.includes("e")) text = text.replace(/\.?0+$/, "");
    return Number(text) === 0 ? text.replace("-", "") : text.replaceAll("-", "−");
  };

  const mo = (sign) => ("()".includes(sign) ? `<mo stretchy="false">${sign}</mo>` : `<mo>${sign}</mo>`);
  const mi = (name) => `<mi>${name}</mi>`;
  const mn = (text) => `<mn>${text}</mn>`;
  const row = (...parts) => `<mrow>${parts.join("")}</mrow>`;
  const paren = (...parts) => row(mo("("), ...parts, mo(")"));
  const signed = (text) => (text.startsWith("−") ? row(mo("−"), mn(text.slice(1))) : mn(text));
  const factor = (text) => (text.startsWith("−") ? paren(signed(text)) : mn(text));
  const hat = `<mover accent="true">${mi("y")}${mo("^")}</mover>`;
  /** One or two indices, each a letter or a digit. */
  const indices = (index) => row(...[...String(index)].map((one) => (/\d/.test(one) ? mn(one) : mi(one))));
  const component = (letter, index, layer) =>
    layer
      ? `<msubsup>${mi(letter)}${indices(index)}<mtext>(${layer})</mtext></msubsup>`
      : `<msub>${letter === hat ? hat : mi(letter)}${indices(index)}</msub>`;
  const ofLayer = ([letter, layer]) => `<msup>${mi(letter)}<mtext>(${layer})</mtext></msup>`;
  const rate = (by) => `<mfrac>${row(mo("∂"), mi("ℓ"))}${row(mo("∂"), by)}</mfrac>`;
  const prime = (f, of) => row(`<msup>${mi(f)}${mo("′")}</msup>`, paren(of));
  const over = (letter, body) => row(`<munder>${mo("∑")}${mi(letter)}</munder>`, body);

  /** The symbol of a quantity; of its gradient if it is given and `gradient` is set. */
  const symbolOf = (item, gradient = false) => {
    const [name, [i, j]] = split(item);
    const own = {
      x: () => component("x", i), y: () => component("y", i), y_hat: () => component(hat, i),
      W1: () => component("W", `${i}${j}`, 1), W2: () => component("W", `${i}${j}`, 2),
      b1: () => component("b", i, 1), b2: () => component("b", i, 2),
      s1: () => component("s", i, 1), s2: () => component("s", i, 2), z1: () => component("z", i, 1),
      delta1: () => component("δ", i, 1), delta2: () => component("δ", i, 2), loss: () => mi("ℓ"),
      dl_dy_hat: () => rate(component(hat, i)), dl_dz1: () => rate(component("z", i, 1)),
    }[name]();
    return gradient && GIVEN.includes(name) ? rate(own) : own;
  };

  const wordsOf = (item) => {
    const [name, [i, j]] = split(item);
    return {
      x: `x ${i}`, y: `target y ${i}`, y_hat: `y hat ${i}`, loss: "loss",
      W1: `W of layer 1, row ${i}, column ${j}`, W2: `W of layer 2, row ${i}, column ${j}`, b1: `b of layer 1, entry ${i}`, b2: `b of layer 2, entry ${i}`,
      s1: `s of layer 1, unit ${i}`, z1: `z of layer 1, unit ${i}`, s2: `s of layer 2, output ${i}`,
      delta1: `delta of layer 1, unit ${i}`, delta2: `delta of layer 2, output ${i}`,
      dl_dy_hat: `rate of loss at y hat ${i}`, dl_dz1: `rate of loss at z, unit ${i}`,
    }[name];
  };

  /** What enters a quantity; for what is given, what enters its gradient. */
  const needsOf = (item, params) => {
    const [name, [i, j]] = split(item);
    const each = (array, text) => range(array).map(text);
    return {
      s1: () => [...each(params.x, (q) => [`W1-${i}-${q}`, `x-${q}`]).flat(), `b1-${i}`],
      z1: () => [`s1-${i}`],
      s2: () => [...each(params.b1, (u) => [`W2-${i}-${u}`, `z1-${u}`]).flat(), `b2-${i}`],
      y_hat: () => [`s2-${i}`],
      loss: () => each(params.y, (k) => [`y_hat-${k}`, `y-${k}`]).flat(),
      dl_dy_hat: () => [`y_hat-${i}`, `y-${i}`],
      delta2: () => [`dl_dy_hat-${i}`, `s2-${i}`],
      dl_dz1: () => each(params.y, (k) => [`W2-${k}-${i}`, `delta2-${k}`]).flat(),
      delta1: () => [`dl_dz1-${i}`, `s1-${i}`],
      W2: () => [`delta2-${i}`, `z1-${j}`],
      b2: () => [`delta2-${i}`],
      W1: () => [`delta1-${i}`, `x-${j}`],
      b1: () => [`delta1-${i}`],
      x: () => each(params.b1, (u) => [`W1-${u}-${i}`, `delta1-${u}`]).flat(),
      y: () => [],
    }[name]();
  };
  const allItems = (params) => [
    ...entries(params).map(([item]) => item),
    ...["s1", "z1", "dl_dz1", "delta1"].flatMap((name) => range(params.b1).map((i) => `${name}-${i}`)),
    ...["s2", "y_hat", "dl_dy_hat", "delta2"].flatMap((name) => range(params.b2).map((k) => `${name}-${k}`)),
    "loss",
  ];
  const usersOf = (item, params) => allItems(params).filter((user) => needsOf(user, params).includes(item));

  /** A formula in symbols and in numbers, and the reason in words. */
  const formulaOf = (item, { part, params, gate }, r) => {
    const [name, [i, j]] = split(item);
    const { f, g, loss } = PARTS[part];
    const fixed = part !== "1.2";
    const n = (value) => factor(format(value, fixed && !Number.isInteger(value)));
    const p = (value) => factor(format(value));
    // The sign begins a formula of its own, and is infix all the same: its spaces stay.
    const plus = (terms) => terms.map((term, k) => (k ? `<mo form="infix">+</mo>${term}` : term));
    const times = (...factors) => row(factors.join(mo("·")));
    const apply = (name_, of) => row(mi({ relu: "ReLU", sigmoid: "σ" }[name_]), paren(of));
    const entropy = loss === "entropy";
    const K = params.y.length;
    const d1 = component("δ", "i", 1);
    switch (name) {
      case "s1":
        return [
          [row(over("j", row(component("W", `${i}j`, 1), component("x", "j"))), mo("+"), component("b", i, 1))],
          plus([...params.x.map((v, q) => times(p(params.W1[i][q]), p(v))), p(params.b1[i])]),
          "It is the sum of weight times input, plus the bias.",
        ];
      case "z1":
        return [
          [apply(f, component("s", i, 1))],
          [f === "relu" ? row(mi("max"), paren(mn(0), mo(","), signed(format(r.s1[i])))) : apply(f, signed(format(r.s1[i])))],
          f === "relu" ? "ReLU keeps what is positive and makes 0 of the rest." : "The sigmoid is applied to s.",
        ];
      case "s2":
        return [
          [row(over("j", row(component("W", `${i}j`, 2), component("z", "j", 1))), mo("+"), component("b", i, 2))],
          plus([...r.z1.map((v, u) => times(p(params.W2[i][u]), n(v))), p(params.b2[i])]),
          "It is the sum of weight times z, plus the bias.",
        ];
      case "y_hat":
        return [
          [g === "identity" ? component("s", i, 2) : apply(g, component("s", i, 2))],
          g === "identity" ? [] : [apply(g, signed(format(r.s2[i], true)))],
          g === "identity" ? "The identity changes nothing." : "The sigmoid is applied to s.",
        ];
      case "loss":
        return entropy
          ? [
              [row(mo("−"), `<mfrac>${mn(1)}${mn(K)}</mfrac>`), over("k", row(component("y", "k"), mi("ln"), component(hat, "k"), mo("+"), paren(mn(1), mo("−"), component("y", "k")), mi("ln"), paren(mn(1), mo("−"), component(hat, "k"))))],
              [...plus(r.y_hat.map((v, k) => n(-params.y[k] * Math.max(Math.log(v), -100) - (1 - params.y[k]) * Math.max(Math.log(1 - v), -100)))).map((term, k) => (k ? term : mo("(") + term)), mo(")") + mo("/") + mn(K)],
              "It is the mean over the outputs.",
            ]
          : [
              [over("k", `<msup>${paren(component(hat, "k"), mo("−"), component("y", "k"))}${mn(2)}</msup>`)],
              plus(r.diff.map((v) => `<msup>${n(v)}${mn(2)}</msup>`)),
              "It is the sum of the squared differences.",
            ];
      case "dl_dy_hat":
        return entropy
          ? [
              [`<mfrac>${row(component(hat, i), mo("−"), component("y", i))}${row(mi("K"), component(hat, i), paren(mn(1), mo("−"), component(hat, i)))}</mfrac>`],
              [row(n(r.diff[i]), mo("/"), paren(times(mn(K), n(r.y_hat[i]), n(1 - r.y_hat[i]))))],
              "The mean divides by K, the logarithms by y hat and 1 − y hat.",
            ]
          : [
              [row(mn(2), paren(component(hat, i), mo("−"), component("y", i)))],
              [times(mn(2), paren(n(r.y_hat[i]), mo("−"), p(params.y[i])))],
              "The square puts a 2 before prediction minus target.",
            ];
      case "delta2":
        return [
          [row(rate(component(hat, i)), prime("g", component("s", i, 2)))],
          [times(n(r.dl_dy_hat[i]), n(r.g_slope[i]))],
          "It is the derivative of the loss times the slope of g.",
        ];
      case "dl_dz1":
        return [
          [over("k", row(component("δ", "k", 2), component("W", `k${i}`, 2)))],
          plus(r.delta2.map((d, k) => times(n(d), p(params.W2[k][i])))),
          "It is the sum over the outputs of error times weight.",
        ];
      case "delta1":
        return [
          [row(rate(component("z", i, 1)), prime("f", component("s", i, 1)))],
          [times(n(r.dl_dz1[i]), n(r.f_slope[i]))],
          gateWords(part, r.s1[i], gate),
        ];
      case "W2":
        return [
          [row(component("δ", i, 2), component("z", j, 1))],
          [times(n(r.delta2[i]), n(r.z1[j]))],
          "It is the error of the output times what the weight is given.",
        ];
      case "b2":
        return [[component("δ", i, 2)], [], "A bias is a weight whose input is 1."];
      case "W1":
        return [
          [row(component("δ", i, 1), component("x", j))],
          [times(n(r.delta1[i]), p(params.x[j]))],
          "It is the error of the unit times the input.",
        ];
      case "b1":
        return [[component("δ", i, 1)], [], "A bias is a weight whose input is 1."];
      case "x":
        return [
          [over("i", row(d1, component("W", `i${i}`, 1)))],
          plus(r.delta1.map((d, u) => times(n(d), p(params.W1[u][i])))),
          "It is the sum over the hidden units of error times weight.",
        ];
      default:
        return [[], [], "The target is given."];
    }
  };

  const gateWords = (part, s, gate) => {
    if (part !== "1.2") return "What comes back is multiplied by the slope of the sigmoid.";
    if (gate) return s > 0 ? "The gate is open." : "Wrong: the gate is shut, but its slope was taken as 1.";
    if (s === 0) return "At 0 ReLU has no slope; 0 is the convention. The gate is shut.";
    return s > 0 ? "The gate is open." : "The gate is shut.";
  };

  /** What a screen reader is told about the selected quantity. */
  const statusOf = (state) => {
    const { selected: item, params, part, gate, report, predict, path } = state;
    if (report?.refused) return `The step would lead beyond ${LIMIT}. Take a smaller learning rate.`;
    if (report) return `The loss goes from ${format(report.before)} to ${format(report.after)}.`;
    if (predict) return predict.verdict?.text ?? `Predict ${wordsOf(item)}.`;
    const r = compute(params, part, gate);
    if (path !== null) {
      const found = pathsOf(item, params, r)[path];
      return `Path ${path + 1}, through ${found.via.join(" and ")}: product ${format(productOf(found))}.`;
    }
    const [name, [i]] = split(item);
    const known = (stage, value) => (state.stage >= stage ? format(value) : "not computed yet");
    const result = resultOf(item, r);
    const text = `${wordsOf(item)}: ${isGiven(item) ? format(at(params, ...split(item))) : known(resultStage(item), result)}.`;
    if (name === "delta1" && state.stage >= 9) return `${text} ${gateWords(part, r.s1[i], gate)}`;
    if (name === "z1" && part === "1.2" && r.s1[i] <= 0 && state.stage >= 2) return `${text} The unit is off.`;
    return isGiven(item) && name !== "y" && state.stage >= resultStage(item) ? `${text} Gradient ${format(result)}.` : text;
  };

  // -- prediction -----------------------------------------------------------------------------------

  /** Wrong results that have a known cause. */
  const mistakes = (item, { part, params, gate }, r) => {
    const [name, [i, j]] = split(item);
    const right = resultOf(item, r);
    const K = params.y.length;
    const square = PARTS[part].loss === "square";
    const slope = part === "1.2" ? "The gate is shut: ReLU’s slope is 0 here." : "The slope of the sigmoid is missing.";
    const two = [right / 2, "The 2 of the square is missing."];
    return {
      s1: () => [[right - params.b1[i], "The bias is missing."]],
      z1: () => [[r.s1[i], part === "1.2" ? "ReLU makes 0 of what is not positive." : "That is s: the sigmoid is missing."]],
      s2: () => [[right - params.b2[i], "The bias is missing."]],
      y_hat: () => [[r.s2[i], "That is s: the sigmoid is missing."]],
      loss: () => [square ? [right / K, "That is the mean. This loss is the sum."] : [right * K, "The mean over the outputs is missing."], [-right, "The sign is turned."]],
      dl_dy_hat: () => [square ? two : [right * K, "The mean divides by K."], [-right, "The sign is turned: prediction minus target."]],
      delta2: () => [[r.dl_dy_hat[i], "The slope of the sigmoid is missing."], square ? two : [r.diff[i], "The mean divides by K."], [-right, "The sign is turned: prediction minus target."]],
      dl_dz1: () => [[sum(r.delta2), "The weights are missing."], ...(square ? [two] : [])],
      delta1: () => [[r.dl_dz1[i], slope]],
      W2: () => [[r.delta2[i], "That is the error alone. Multiply it by z."], [r.dW2[i]?.[j] ?? NaN, "Rows and columns are swapped."]],
      W1: () => [[r.delta1[i], "That is the error alone. Multiply it by x."], [r.dl_dz1[i] * params.x[j], slope], [r.dW1[i]?.[j] ?? NaN, "Rows and columns are swapped."]],
      b2: () => [],
      b1: () => [[r.dl_dz1[i], slope]],
      x: () => [[sum(r.dl_dz1.map((d, u) => d * params.W1[u][i])), slope], [sum(params.W1.map((w) => w[i])), "The errors are missing."]],
    }[name]();
  };
  const near = (a, b) => Math.abs(a - b) <= 5e-4 * Math.max(1, Math.abs(b));

  /** Whether a guess is right, and what to say about it. */
  const judge = (state, guess) => {
    const { selected, params, part, predict } = state;
    const r = compute(params, part);
    const right = resultOf(selected, r);
    const reason = formulaOf(selected, { ...state, gate: false }, r)[2];
    if (!Number.isFinite(guess)) return { right: false, text: "Expected a number, such as −1.5." };
    if (near(guess, right)) return { right: true, text: `Right. ${reason}` };
    if (predict.tries >= 2) return { right: false, shown: true, text: `It is ${format(right)}. ${reason}` };
    const known = mistakes(selected, state, r).find(([value]) => near(guess, value));
    return { right: false, text: known ? `Not that. ${known[1]}` : `Not that. ${reason}` };
  };

  globalThis.bench = { compute, reduce, start, encode, decode, pathsOf, productOf, statusOf, needsOf, allItems, exists, format };
  if (typeof document === "undefined") return;

  // -- the page ---------------------------------------------------------------------------------------

  const root = document.querySelector(".bench");
  const one = (selector) => root.querySelector(selector);
  const all = (selector) => [...root.querySelectorAll(selector)];
  const first = JSON.parse(root.dataset.running);
  const { form } = root.dataset;
  const errors = form !== "paths";
  const svg = one("svg");
  const [edit, ask, status] = [one(".bench-edit"), one(".bench-ask"), one("[role=status]")];
  const [field, slider] = edit.children;
  const guess = ask.querySelector("input");
  const buttons = new Map(all("[data-action]").map((button) => [button.dataset.part ?? button.dataset.action, button]));
  const isError = (item) => /^d/.test(item);
  const shown = (item) => errors || !isError(item);

  let state = decode(form === "figure" || location.hash.startsWith("#bench=1.2") ? location.hash : "", first);
  if (!shown(state.selected)) state = reduce(state, { type: "select", item: "loss" });
  let announcement;
  /** A held key or a drag is announced once, at its end, and kept in the address then. */
  const announce = (text) => {
    clearTimeout(announcement);
    announcement = setTimeout(() => {
      status.textContent = text;
      const address = encode(state, first);
      if (address !== location.hash) history.replaceState(null, "", address);
    }, 400);
  };

  const dispatch = (action) => {
    const next = reduce(state, action);
    if (next === state) return;
    // In the primer the pass ends with the loss.
    state = !errors && next.stage > 5 && next.stage < LAST ? { ...next, stage: 5 } : next;
    draw();
    announce(statusOf(state));
  };

  /** The edges of what is selected: forward those that lead to it, backward those that lead from it. */
  const highlighted = (r) => {
    const { selected: item, path, params } = state;
    const [name, [i, j]] = split(item);
    if (path !== null) return ["backward", new Set(pathsOf(item, params, r)[path].edges)];
    if (["z1", "s1"].includes(name)) return ["forward", new Set(range(params.x).map((q) => `W1-${i}-${q}`))];
    if (["s2", "y_hat"].includes(name)) {
      return ["forward", new Set(range(params.b1).flatMap((u) => [`W2-${i}-${u}`, ...range(params.x).map((q) => `W1-${u}-${q}`)]))];
    }
    if (name === "loss" || name === "y") {
      return ["forward", new Set(range(params.y).filter((k) => name === "loss" || k === i).map((k) => `dl_dy_hat-${k}`))];
    }
    const live = pathsOf(item, params, r).filter((found) => productOf(found) !== 0);
    const edges = new Set(live.flatMap((found) => found.edges));
    if (name === "delta1" || name === "W1" || name === "b1") {
      // The error reaches the gate even where the gate is shut.
      pathsOf(`z1-${i}`, params, r).forEach((found) => found.edges.forEach((edge) => edges.add(edge)));
    }
    if (/^W/.test(name)) edges.add(`${name}-${i}-${j}`);
    return ["backward", edges];
  };
  const depth = (edge, kind) => {
    const order = ["W1", "W2", "dl_dy_hat"].indexOf(split(edge)[0]);
    return kind === "forward" ? order : 2 - order;
  };

  // -- where the numbers of the edges stand -----------------------------------------------------------

  const pen = document.createElement("canvas").getContext("2d");
  const [ASIDE, APART] = [2, 1]; // the least space between two numbers, beside and above
  /** The box of a number's digits, in the drawing's units, where their middle is `x` and their foot `y`. */
  const boxAt = (text) => {
    const { fontFamily, fontSize } = getComputedStyle(text);
    pen.font = `${text.closest(".bench-on") ? 700 : 400} ${fontSize} ${fontFamily}`;
    const half = pen.measureText(text.textContent).width / 2;
    const height = 0.74 * parseFloat(fontSize);
    return (x, y) => [x - half, y - height, x + half, y];
  };
  const clear = ([left, top, right, bottom], [left2, top2, right2, bottom2]) =>
    right + ASIDE <= left2 || right2 + ASIDE <= left || bottom + APART <= top2 || bottom2 + APART <= top;
  /** The numbers of the edges, each with the places on its edge that it may take, its own first. */
  const edgeLabels = all("[data-label]").map((text) => {
    const way = one(`.bench-edge[data-item="${text.dataset.label}"]`).getAttribute("d");
    const [x, y, x2, y2] = way.match(/[\d.]+/g).map(Number);
    const [own, foot] = ["x", "y"].map((name) => Number(text.getAttribute(name)));
    const places = [{ x: own, y: foot, far: 0 }];
    for (let share = 0.1; share < 0.91; share += 0.02) {
      for (const aside of [-4, -2, 0, 2, 4]) {
        const at = { x: x + share * (x2 - x), y: y + share * (y2 - y) + 4 };
        places.push({ x: at.x, y: at.y + aside, far: Math.hypot(at.x - own, at.y - foot) + 3 * Math.abs(aside) });
      }
    }
    return { text, places: places.sort((a, b) => a.far - b.far) };
  });
  /** Moves the number of each edge along its edge until it covers nothing, as little as may be. */
  const place = () => {
    const fixed = all(".bench-dot").map((dot) => {
      const [x, y, r] = ["cx", "cy", "r"].map((name) => Number(dot.getAttribute(name)));
      return [x - r, y - r, x + r, y + r];
    });
    for (const bar of all(".bench-off.bench-is-off path")) {
      const [x, y, length] = bar.getAttribute("d").match(/[\d.]+/g).map(Number);
      fixed.push([x, y, x, y + length]);
    }
    for (const text of all("g > text:not(.bench-letter)")) {
      if (text.closest(".bench-off:not(.bench-is-off)")) continue;
      fixed.push(boxAt(text)(Number(text.getAttribute("x")), Number(text.getAttribute("y"))));
    }
    let waiting = edgeLabels.map(({ text, places }) => {
      const at = boxAt(text);
      const boxes = places.map(({ x, y }) => ({ x, y, box: at(x, y) }));
      return { text, first: boxes[0], left: boxes.filter(({ box }) => fixed.every((other) => clear(box, other))) };
    });
    // The number with the fewest places left goes first, to the nearest that leaves the others one.
    while (waiting.length) {
      const next = waiting.reduce((a, b) => (b.left.length < a.left.length ? b : a));
      waiting = waiting.filter((label) => label !== next);
      const leaves = ({ box }) => waiting.every(({ left }) => !left.length || left.some((other) => clear(box, other.box)));
      const { x, y, box } = next.left.find(leaves) ?? next.left[0] ?? next.first;
      next.text.setAttribute("x", x.toFixed(1));
      next.text.setAttribute("y", y.toFixed(1));
      for (const label of waiting) label.left = label.left.filter((other) => clear(box, other.box));
    }
  };

  const draw = () => {
    const { part, params, gate, stage, selected, predict, path, report } = state;
    const r = compute(params, part, gate);
    const fixed = part !== "1.2";
    const hides = predict && !predict.verdict?.right && !predict.verdict?.shown;
    const secret = (name) => hides && [selected.split("-")[0], `d${selected.split("-")[0]}`].includes(name);
    const text = (item, value, known) => {
      if (secret(item.split("-")[0])) return "?";
      return known ? format(value, fixed && !isGiven(item)) : "·";
    };
    for (const element of all("[data-value]")) {
      const [name, index] = split(element.dataset.value);
      const given = GIVEN.includes(name);
      element.textContent = text(element.dataset.value, given ? at(params, name, index) : at(r, name, index), given || stage >= STAGE[name]);
    }
    const [kind, edges] = highlighted(r);
    for (const edge of all(".bench-edge")) {
      const on = edges.has(edge.dataset.item);
      for (const mark of ["forward", "backward"]) edge.classList.toggle(`bench-${mark}`, on && mark === kind);
      for (const step of [0, 1, 2]) edge.classList.toggle(`bench-step-${step}`, on && depth(edge.dataset.item, kind) === step);
      edge.classList.toggle("bench-on", edge.dataset.item === selected);
    }
    for (const label of all("[data-label]")) {
      const item = label.dataset.label;
      const name = split(item)[0];
      const value = name === "dl_dy_hat" ? at(r, ...split(item)) : at(params, ...split(item));
      label.textContent = secret(name) ? "?" : name === "dl_dy_hat" && stage < 6 ? "" : format(value, false, 2);
      label.classList.toggle("bench-shown", item === selected || (path !== null && edges.has(item)));
    }
    for (const element of all("[data-unit]")) {
      element.classList.toggle("bench-is-off", !fixed && stage >= 2 && r.s1[element.dataset.unit] <= 0);
    }
    for (const target of all("g[data-item]")) target.classList.toggle("bench-on", target.dataset.item === selected);
    for (const node of nodes) {
      const item = node.dataset.item;
      node.setAttribute("aria-pressed", String(walk(item).includes(selected)));
      const [name, [i]] = split(item);
      const error = errors && { z1: "delta1", y_hat: "delta2" }[name];
      const off = node.classList.contains("bench-is-off") ? ", off" : "";
      const value = text(item, valueOf(item, params, r), stage >= (STAGE[name] ?? 0));
      const back = error ? `, error ${text(error, r[error][i], stage >= STAGE[error])}` : "";
      node.setAttribute("aria-label", `${wordsOf(item)}: ${value}${off}${back}`);
    }

    place();
    panel(r, hides);
    for (const name of Object.keys(PARTS)) buttons.get(name)?.setAttribute("aria-pressed", String(name === part));
    const set = (name, pressed, disabled) => {
      const button = buttons.get(name);
      if (!button) return;
      if (pressed !== null) button.setAttribute("aria-pressed", String(Boolean(pressed)));
      button.disabled = disabled;
    };
    set("back", null, stage < 5 || stage === LAST);
    set("gate", gate, fixed);
    set("predict", predict, Number.isNaN(resultOf(selected, r)));
    set("undo", null, !state.history.length);
    set("next-path", null, !pathsOf(selected, params, r).length);
    root.classList.toggle("bench-wrong", gate);
    const eta = one(".bench-eta");
    if (eta) eta.value = String(state.eta);
    table(secret);
  };

  const math = (...pieces) => pieces.map((piece) => `<math>${piece}</math>`).join(" ");

  /** What stands beside the drawing. */
  const panel = (r, hides) => {
    const { selected: item, part, params, stage, predict, report, path, gate } = state;
    const given = isGiven(item);
    const fixed = part !== "1.2";
    one(".bench-name").dataset.item = item;
    one(".bench-name").innerHTML = `${math(symbolOf(item))} ${wordsOf(item)}`;
    const [name, index] = split(item);
    const like = { s1: "b1", z1: "b1", dl_dz1: "b1", delta1: "b1", s2: "b2", y_hat: "b2", dl_dy_hat: "b2", delta2: "b2" }[name] ?? name;
    const array = params[like] ?? [0];
    const rowVector = name.startsWith("dl");
    const cells = Array.isArray(array[0]) ? array : rowVector ? [array] : array.map((v) => [v]);
    const [i, j] = rowVector ? [0, index[0]] : [index[0] ?? 0, index[1] ?? 0];
    one(".bench-matrix").innerHTML =
      `<span>${cells.length} × ${cells[0].length}</span><span class="bench-grid" aria-hidden="true">` +
      cells.map((line, p) => `<span>${line.map((_, q) => (p === i && q === j ? "<b></b>" : "<i></i>")).join("")}</span>`).join("") + "</span>";

    const found = pathsOf(item, params, r);
    const [symbols, numbers, reason] = formulaOf(item, state, r);
    const value = resultOf(item, r);
    const result = format(value, fixed && !given);
    const total = found.map(productOf);
    const lines = [];
    if (report?.refused) lines.push(`The step would lead beyond ±${LIMIT}. Take a smaller learning rate.`);
    else if (report) {
      const change = report.after - report.before;
      lines.push(`Loss ${format(report.before)} → <b>${format(report.after)}</b>: it ${change < 0 ? "falls" : "rises"} by ${format(Math.abs(change))}.`);
      lines.push(`Estimate η · squared length of the gradient: ${format(state.eta)} · ${format(report.square)} = ${format(report.estimate)}.`);
      const unmoved = report.still.map(([name, where]) => `${math(ofLayer(name))}, ${where}`);
      lines.push(unmoved.length ? `Did not move: ${unmoved.join("; ")}.` : "All parameters moved.");
    } else if (path !== null) {
      const { rates, via } = found[path];
      lines.push(`Path ${path + 1} of ${found.length}, through ${via.join(" and ")}:`);
      lines.push(math(rates.map((v) => factor(format(v))).join(mo("·")), mo("=") + signed(format(total[path]))));
      lines.push(`All ${found.length} together: ${format(sum(total))}.`);
    } else if (!errors && given && found.length) {
      const live = total.filter((product) => product !== 0).length;
      lines.push(`${found.length} ${found.length > 1 ? "paths lead" : "path leads"} to the loss, ${live} of them live. Their products add up to`);
      lines.push(math(row(symbolOf(item, true), mo("=") + signed(format(value)))));
    } else if (name !== "y") {
      const head = row(symbolOf(item, true), mo("="));
      const known = stage >= resultStage(item);
      lines.push(math(head, ...symbols));
      if (!known) lines.push("Not computed yet.");
      else if (hides) lines.push(predict.verdict ? "" : math(mo("=") + mi("?")));
      else lines.push(math(...numbers.map((piece, k) => (k ? "" : mo("=")) + piece), mo("=") + `<mrow class="bench-result">${signed(result)}</mrow>`));
      if (known && !predict && (name === "delta1" || gate)) lines.push(name === "delta1" ? reason : "");
    } else lines.push(reason);
    if (predict?.verdict) lines.push(predict.verdict.text);
    one(".bench-formula").innerHTML = lines.filter(Boolean).map((line) => `<p>${line}</p>`).join("");
    one(".bench-formula").classList.toggle("bench-red", isError(item) || (given && errors));

    edit.hidden = !given || Boolean(predict) || Boolean(report) || path !== null;
    ask.hidden = !hides;
    if (given) {
      const probability = name === "y" && fixed;
      const most = probability ? 1 : 5;
      const own = at(params, name, index);
      for (const input of [field, slider]) {
        input.setAttribute("aria-label", `${wordsOf(item)}${input === slider ? ", slider" : ""}`);
        if (document.activeElement !== input || Number(input.value) !== own) input.value = own;
      }
      slider.min = probability ? 0 : -most;
      slider.max = most;
      slider.value = own;
      field.removeAttribute("aria-invalid");
    }
    const links = all(".bench-links");
    const short = (target) => (target.startsWith("dl_dz1") ? rate(component("z", target.slice(7))) : symbolOf(target));
    const chip = (target) => `<button type="button" data-select="${target}" aria-label="${wordsOf(target)}">${math(short(target))}</button>`;
    const fill = (box, word, items) => {
      box.innerHTML = `<span>${word}</span>` + items.filter(shown).map(chip).join("") + (items.some(shown) ? "" : "<span>nothing</span>");
    };
    const needs = given && !errors ? [] : needsOf(item, params);
    fill(links[0], "needs", needs);
    fill(links[1], "feeds", usersOf(item, params).filter((user) => errors || !isGiven(user)));
  };

  /** The table of all numbers, and the fields of what is given. */
  const table = (secret) => {
    if (form !== "figure") return;
    const { params, part, stage } = state;
    Object.keys(PARTS).forEach((name, column) => {
      const r = compute(withPart(params, name), name, state.gate && name === part);
      const show = (value) => format(value, name !== "1.2");
      const list = (values) => (Array.isArray(values[0]) ? values.map(list).join("<br>") : values.map(show).join(", "));
      for (const line of all("[data-row]")) {
        const quantity = line.dataset.row;
        const hidden = secret(quantity) || stage < STAGE[quantity];
        line.cells[column + 1].innerHTML = hidden ? (secret(quantity) ? "?" : "·") : list([r[quantity]].flat());
      }
      all("thead th")[column].toggleAttribute("data-current", name === part);
    });
    for (const input of all(".bench-fields input")) {
      const value = at(params, ...split(input.dataset.given));
      if (document.activeElement !== input) {
        input.value = value;
        input.removeAttribute("aria-invalid");
      }
    }
  };

  // The fields of all that is given, a matrix by rows.
  const fields = one(".bench-fields");
  if (fields) {
    const box = (item) => `<input type="number" step="any" autocomplete="off" data-given="${item}" aria-label="${wordsOf(item)}">`;
    fields.innerHTML = GIVEN.map((name) => {
      const rows = first[name].map((line, i) =>
        Array.isArray(line) ? line.map((_, j) => box(`${name}-${i}-${j}`)).join("") : box(`${name}-${i}`),
      );
      const symbol = /\d/.test(name) ? ofLayer(name) : mi(name);
      return `<div>${math(symbol)}${rows.map((line) => `<div>${line}</div>`).join("")}</div>`;
    }).join("");
  }
  const type = (input, item, value, more) => {
    const accepted = !Number.isNaN(value) && allowed(item, value, state.part);
    input.toggleAttribute("aria-invalid", false);
    if (accepted) dispatch({ type: "set", item, value, more });
    else {
      input.setAttribute("aria-invalid", "true");
      const most = item.startsWith("y") && state.part !== "1.2" ? "0 to 1" : `−${LIMIT} to ${LIMIT}`;
      announce(`Expected a number from ${most}. The last one is kept.`);
    }
  };
  root.addEventListener("input", (event) => {
    const input = event.target;
    if (input === field) type(field, state.selected, field.valueAsNumber, false);
    else if (input === slider) {
      type(slider, state.selected, slider.valueAsNumber, dragging);
      dragging = true;
    } else if (input.dataset.given) type(input, input.dataset.given, input.valueAsNumber, false);
  });
  let dragging = false; // the first value of a drag can be undone, the others belong to it
  slider.addEventListener("change", () => { dragging = false; });
  root.addEventListener("focusout", (event) => {
    if (event.target.getAttribute("aria-invalid")) setTimeout(draw); // the last number comes back
  });
  root.addEventListener("change", (event) => {
    if (event.target.matches(".bench-eta")) dispatch({ type: "eta", eta: Number(event.target.value) });
  });
  root.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.select) {
      const label = button.parentElement.getAttribute("aria-label");
      dispatch({ type: "select", item: button.dataset.select });
      // The buttons are new: focus goes to the first of the same group.
      (one(`[aria-label="${label}"] button`) ?? one(".bench-links button") ?? svg.querySelector("[tabindex='0']")).focus();
    } else if (button?.dataset.action) {
      const { action, part } = button.dataset;
      const type = { "next-path": "path" }[action] ?? action;
      dispatch({ type, part, params: first });
      if (action === "predict" && state.predict) guess.focus();
    } else if (!button) {
      const target = event.target.closest("[data-item]");
      if (target && shown(target.dataset.item)) {
        dispatch({ type: "select", item: target.dataset.item });
        if (nodes.includes(target)) rove(target);
      }
    }
  });
  ask.addEventListener("submit", (event) => {
    event.preventDefault();
    dispatch({ type: "guess", value: guess.value.trim() ? Number(guess.value.replace("−", "-").replace(",", ".")) : NaN });
  });

  // The drawing is one stop of the Tab key; arrows move within it.
  const nodes = all(".bench-node");
  const layers = ["x", "z1", "y_hat", "loss"].map((name) => nodes.filter((node) => split(node.dataset.item)[0] === name));
  /** What Enter goes through at a node. */
  const walk = (item) => {
    const { params } = state;
    const [name, [i]] = split(item);
    const own = {
      x: () => range(params.b1).map((u) => `W1-${u}-${i}`),
      z1: () => [`s1-${i}`, ...range(params.x).map((q) => `W1-${i}-${q}`), `b1-${i}`, `delta1-${i}`, `dl_dz1-${i}`, ...range(params.y).map((k) => `W2-${k}-${i}`)],
      y_hat: () => [`s2-${i}`, ...range(params.b1).map((u) => `W2-${i}-${u}`), `b2-${i}`, `delta2-${i}`, `dl_dy_hat-${i}`, `y-${i}`],
      loss: () => range(params.y).map((k) => `dl_dy_hat-${k}`),
    }[name]();
    return [item, ...own].filter(shown);
  };
  const rove = (node) => {
    for (const other of nodes) other.setAttribute("tabindex", other === node ? "0" : "-1");
    node.focus({ preventScroll: true });
  };
  svg.addEventListener("keydown", (event) => {
    const node = event.target.closest(".bench-node");
    if (!node) return;
    const layer = layers.findIndex((units) => units.includes(node));
    const unit = layers[layer].indexOf(node);
    const [across, down] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
    const item = node.dataset.item;
    if (across || down) {
      const units = layers[layer + across];
      const next = units?.[across ? Math.min(unit, units.length - 1) : unit + down];
      if (next) rove(next);
    } else if (event.key === "Enter" || event.key === " ") {
      const steps = walk(item);
      dispatch({ type: "select", item: steps[(steps.indexOf(state.selected) + 1) % steps.length] });
    } else if (event.key === "Escape") dispatch({ type: "select", item });
    else return;
    event.preventDefault();
  });

  svg.setAttribute("role", "group");
  svg.setAttribute("aria-describedby", all("[id$=-keys]")[0].id);
  nodes.forEach((node, n) => {
    node.setAttribute("role", "button");
    node.setAttribute("tabindex", n ? "-1" : "0");
  });
  // An edge is thin: what can be touched is wider.
  for (const edge of all(".bench-edge")) {
    const wide = edge.cloneNode();
    wide.setAttribute("class", "bench-hit");
    edge.after(wide);
  }
  addEventListener("hashchange", () => {
    if (!location.hash.startsWith("#bench=")) return;
    state = decode(location.hash, first);
    draw();
    root.scrollIntoView();
  });
  draw();
  new ResizeObserver(place).observe(svg); // the size of the numbers depends on the room
  globalThis.bench.dispatch = dispatch;
  root.dataset.live = "";
  if (location.hash.startsWith("#bench=")) root.scrollIntoView();
})();
