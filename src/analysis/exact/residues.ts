/**
 * Numbers modulo a prime, as integers in float64: what the exact judge computes with. Every finite float is m 2^e, so it
 * has a residue, and sums and products of residues are exact as long as they stay below 2^52.
 */

/** A prime field with representatives between -(p-1)/2 and (p-1)/2. */
export interface Field {
  readonly prime: number;
  /** The residue of a float; NaN of a number that is not finite. */
  of(x: number): number;
  /** Fills `target` with the residues of `source`. */
  fill(target: Float64Array, source: ArrayLike<number>): void;
  /** @returns NaN for 0. */
  inverse(residue: number): number;
  multiply(a: number, b: number): number;
}

/** Bits of every sum of products: with |x| < 2^52 the rounded x / p never reaches a wrong nearest integer. */
const exactBits = 52;

/** Larger primes would only be harder to find. */
const largestBound = 2 ** 24;

/**
 * x mod p nearest to 0, for integers |x| < 2^52. x / p is rounded correctly, with an error below 2^-53 2^52 / p = 1 / (2p), and p is
 * odd, so x / p is at least 1 / (2p) away from every half-integer: the nearest integer is the right one.
 */
export function reduced(x: number, prime: number): number {
  return x - prime * Math.round(x / prime);
}

function isPrime(n: number): boolean {
  if (n % 2 === 0) return n === 2;
  for (let d = 3; d * d <= n; d += 2) if (n % d === 0) return false;
  return n > 1;
}

function primeFactors(n: number): number[] {
  const factors: number[] = [];
  let rest = n;
  for (let d = 2; d * d <= rest; d++) {
    if (rest % d !== 0) continue;
    factors.push(d);
    while (rest % d === 0) rest /= d;
  }
  return rest > 1 ? [...factors, rest] : factors;
}

function power(base: number, exponent: number, prime: number): number {
  let [result, square] = [1, base];
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = reduced(result * square, prime);
    square = reduced(square * square, prime);
  }
  return result;
}

/** Whether every non-zero residue is a power of 2: then m 2^e and m 2^f with |e - f| < p - 1 never coincide. */
function twoIsPrimitive(prime: number): boolean {
  return primeFactors(prime - 1).every((factor) => power(2, (prime - 1) / factor, prime) !== 1);
}

/**
 * The `count` largest primes for which sums of `terms` products of two residues stay exact, among those that have 2 as a
 * primitive root.
 */
export function primesFor(terms: number, count: number): number[] {
  // (terms + 1) (p / 2)^2 < 2^52: the last term leaves room for a bias.
  const bound = Math.min(largestBound, Math.floor(2 * Math.sqrt(2 ** exactBits / (terms + 1))));
  const primes: number[] = [];
  for (let n = bound - 1 - (bound % 2); primes.length < count && n > 2; n -= 2) {
    if (isPrime(n) && twoIsPrimitive(n)) primes.push(n);
  }
  return primes;
}

/** Exponents of the powers of two that a float64's 53-bit integer is scaled by. */
const leastExponent = -1074;
const exponentCount = 2046;

export function fieldOf(prime: number): Field {
  const half = (prime + 1) / 2;
  const powers = new Float64Array(exponentCount);
  powers[0] = power(half, -leastExponent, prime);
  for (let e = 1; e < exponentCount; e++) powers[e] = reduced(2 * powers[e - 1], prime);
  const high = reduced(2 ** 32, prime);
  const view = new Float64Array(1);
  const words = new Uint32Array(view.buffer);
  const littleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
  const [lowWord, highWord] = littleEndian ? [0, 1] : [1, 0];
  const multiply = (a: number, b: number): number => reduced(a * b, prime);
  const of = (x: number): number => {
    if (x === 0) return 0;
    if (Math.abs(x) < 2 ** 31 && x === Math.trunc(x)) return reduced(x, prime);
    view[0] = x;
    const top = words[highWord];
    const exponent = (top >>> 20) & 0x7ff;
    if (exponent === 0x7ff) return Number.NaN;
    const upper = (top & 0xfffff) + (exponent === 0 ? 0 : 2 ** 20);
    const integer = reduced(upper, prime) * high + words[lowWord];
    const residue = multiply(reduced(integer, prime), powers[exponent === 0 ? 0 : exponent - 1]);
    return x < 0 ? -residue : residue;
  };
  return {
    prime,
    of,
    fill: (target, source) => {
      for (let i = 0; i < target.length; i++) target[i] = of(source[i]);
    },
    inverse: (residue) => (residue === 0 ? Number.NaN : power(residue, prime - 2, prime)),
    multiply,
  };
}
