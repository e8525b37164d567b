/** An experiment that costs nothing. Plain JavaScript, so that worker threads and child processes can load it. */

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export const toy = {
  id: "toy/squares",
  paper: "toy",
  source: "figure 0",
  title: "Squares",
  parameters: {
    index: { type: "integer", default: 0, doc: "which square", minimum: 0 },
    trials: { type: "integer", default: 6, doc: "how many", minimum: 0, gridOnly: true },
    format: { type: "string", default: "float32", doc: "number format", choices: ["float16", "float32"] },
    rows: { type: "integer", default: 2, doc: "rows per trial" },
    milliseconds: { type: "number", default: 0, doc: "what a trial waits", minimum: 0 },
    fault: { type: "string", default: "none", doc: "what trial 1 does", choices: ["none", "throw", "exit", "usage"] },
    list: { type: "list", default: [1, 2], doc: "numbers" },
    flag: { type: "boolean", default: false, doc: "a flag" },
  },
  scales: { paper: { trials: 12 } },
  grid: (_scale, { trials }) => Array.from({ length: trials }, (_, index) => ({ index })),
  async trial(parameters, context) {
    const { index, rows, milliseconds, fault } = parameters;
    if (milliseconds > 0) await wait(milliseconds);
    if (index === 1 && fault === "exit") process.exit(3);
    if (index === 1 && fault === "throw") throw new TypeError("trial 1 is odd");
    if (index === 1 && fault === "usage") throw Object.assign(new Error("no such thing"), { name: "UsageError" });
    context.progress(1);
    return Array.from({ length: rows }, (_, k) => ({
      square: index * index,
      draw: context.seed + index,
      k,
      undefinedMean: Number.NaN,
      zero: -0,
      nested: [1, { deep: 'a,"b"' }],
    }));
  },
  figure: () => ({ title: "Squares", caption: "none", panels: [] }),
  claims: [
    {
      id: "toy/C10",
      statement: "squares grow",
      published: "always",
      rule: "holds if they are sorted; undecided below 6 trials",
      evaluate(rows) {
        const squares = rows.map((row) => row.square);
        if (new Set(squares).size < 6) return { verdict: "undecided", ours: "too few" };
        return {
          verdict: squares.every((s, i) => i === 0 || s >= squares[i - 1]) ? "holds" : "fails",
          ours: `${squares.length}`,
        };
      },
    },
    {
      id: "toy/C2",
      statement: "zero is | minus zero",
      published: "-0",
      rule: "holds always",
      evaluate: (rows) => ({ verdict: Object.is(rows[0].zero, -0) ? "holds" : "fails", ours: "-0", rows: 1 }),
    },
  ],
};

export const experiments = [toy];
