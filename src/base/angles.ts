/** Sines, cosines and angles by polynomials of our own: the same bits everywhere, within 2 units in the last place. */

const horner = (coefficients: readonly number[], y: number): number =>
  coefficients.reduceRight((sum, coefficient) => sum * y + coefficient, 0);

/** Taylor coefficients of sin(pi x) / x and cos(pi x) in x^2; for |x| <= 1/4 the first term left out is below 1e-18. */
const sine: readonly number[] = [
  Math.PI,
  -5.16771278004997,
  2.5501640398773455,
  -0.5992645293207921,
  0.08214588661112823,
  -0.0073704309457143504,
  0.00046630280576761255,
  -0.000021915353447830217,
  7.952054001475513e-7,
  -2.2948428997269873e-8,
];
const cosine: readonly number[] = [
  1, -4.934802200544679, 4.0587121264167685, -1.3352627688545895, 0.2353306303588932, -0.02580689139001406,
  0.001929574309403923, -0.0001046381049248457, 0.000004303069587032947, -1.3878952462213771e-7, 3.6047307974625007e-9,
];

/** sin(pi x), exact at multiples of 1/2. */
export function sinPi(x: number): number {
  const turn = Math.round(2 * x);
  const rest = x - turn / 2;
  const y = rest * rest;
  const value = turn % 2 === 0 ? rest * horner(sine, y) : horner(cosine, y);
  return ((turn % 4) + 4) % 4 < 2 ? value : -value;
}

/** cos(pi x), exact at multiples of 1/2. */
export function cosPi(x: number): number {
  return sinPi(Math.abs(x) + 0.5);
}

/** atan(j / 16), j = 0 .. 16. */
const arctangents: readonly number[] = [
  0, 0.06241880999595735, 0.12435499454676144, 0.18534794999569476, 0.24497866312686414, 0.3028848683749714,
  0.35877067027057225, 0.4124104415973873, 0.4636476090008061, 0.5123894603107377, 0.5585993153435624,
  0.6022873461349642, 0.6435011087932844, 0.6823165548747481, 0.7188299996216245, 0.7531512809621944,
  0.7853981633974483,
];
/** atan(u) / u in u^2 for |u| <= 1/32. */
const series: readonly number[] = [1, -1 / 3, 1 / 5, -1 / 7, 1 / 9, -1 / 11, 1 / 13];

function arctangent(x: number): number {
  const j = Math.round(16 * x);
  const u = (x - j / 16) / (1 + (x * j) / 16);
  return arctangents[j] + u * horner(series, u * u);
}

/** The angle in [0, pi] whose tangent is y / x, for y >= 0. */
export function angleOf(y: number, x: number): number {
  if (y === 0 && x === 0) return 0;
  const across = Math.abs(x);
  const acute = y <= across ? arctangent(y / across) : Math.PI / 2 - arctangent(across / y);
  return x >= 0 ? acute : Math.PI - acute;
}

/**
 * The angle between two vectors of unit norm, accurate for nearly parallel and nearly antipodal ones (Kahan: twice the
 * angle of |x - y| against |x + y|).
 */
export function angleBetween(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let [apart, along] = [0, 0];
  for (let k = 0; k < x.length; k++) {
    apart += (x[k] - y[k]) ** 2;
    along += (x[k] + y[k]) ** 2;
  }
  return 2 * angleOf(Math.sqrt(apart), Math.sqrt(along));
}
