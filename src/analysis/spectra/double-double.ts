/**
 * Numbers as unevaluated sums hi + lo of two float64, about 106 bits (Dekker 1971; error bounds: Joldes, Muller, Popescu
 * 2017: relative error of a sum below 3 * 2^-106, of a product below 5 * 2^-106). Results go to `hi` and `lo`.
 */

export interface Pair {
  hi: number;
  lo: number;
}

/** 2^27 + 1. */
const splitter = 134_217_729;

/** a * b exactly: its rounded value is returned, the rest is put into `out.lo`. */
export function twoProduct(a: number, b: number, out: Pair): void {
  const product = a * b;
  const [ta, tb] = [splitter * a, splitter * b];
  const [ah, bh] = [ta - (ta - a), tb - (tb - b)];
  const [al, bl] = [a - ah, b - bh];
  out.lo = al * bl - (product - ah * bh - al * bh - ah * bl);
  out.hi = product;
}

/** out += (hi, lo). */
export function addTo(out: Pair, hi: number, lo: number): void {
  const s = out.hi + hi;
  const v = s - out.hi;
  const e = out.hi - (s - v) + (hi - v);
  const t = out.lo + lo;
  const w = t - out.lo;
  const f = out.lo - (t - w) + (lo - w);
  const c = e + t;
  const vh = s + c;
  const vl = c - (vh - s);
  const r = f + vl;
  out.hi = vh + r;
  out.lo = r - (out.hi - vh);
}

const product: Pair = { hi: 0, lo: 0 };

/** out = a * b. */
export function multiply(out: Pair, ah: number, al: number, bh: number, bl: number): void {
  twoProduct(ah, bh, product);
  const low = product.lo + (ah * bl + al * bh);
  const hi = product.hi + low;
  out.lo = low - (hi - product.hi);
  out.hi = hi;
}

/** out = a / b. */
export function divide(out: Pair, ah: number, al: number, bh: number, bl: number): void {
  const q1 = ah / bh;
  multiply(out, bh, bl, q1, 0);
  const rest: Pair = { hi: ah, lo: al };
  addTo(rest, -out.hi, -out.lo);
  const q2 = rest.hi / bh;
  multiply(out, bh, bl, q2, 0);
  addTo(rest, -out.hi, -out.lo);
  const q3 = rest.hi / bh;
  out.hi = q1;
  out.lo = 0;
  addTo(out, q2, 0);
  addTo(out, q3, 0);
}

/** out = sqrt(a), for a >= 0 (Karp and Markstein 1997). */
export function squareRoot(out: Pair, ah: number, al: number): void {
  const root = Math.sqrt(ah);
  if (root === 0) {
    out.hi = 0;
    out.lo = 0;
    return;
  }
  const rest: Pair = { hi: ah, lo: al };
  twoProduct(root, root, product);
  addTo(rest, -product.hi, -product.lo);
  out.hi = root;
  out.lo = 0;
  addTo(out, rest.hi / (2 * root), 0);
}
