// Names of spots by pattern: "A##" gives A01, A02, ...; without # a number is put at the end.

/** The first `n` names of a pattern, from number `start` on, that are not in `taken` (a Set). */
export function namesByPattern(pattern, n, { start = 1, taken = new Set() } = {}) {
  const digits = /#+/.exec(pattern);
  const [before, width, after] = digits
    ? [pattern.slice(0, digits.index), digits[0].length, pattern.slice(digits.index + digits[0].length)]
    : [pattern, 1, ""];
  const names = [];
  for (let number = start; names.length < n; number += 1) {
    const name = `${before}${String(number).padStart(width, "0")}${after}`;
    if (!taken.has(name)) names.push(name);
  }
  return names;
}

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Why a name cannot be a spot's id, or "". */
export function nameFault(name) {
  if (ID.test(name)) return "";
  return `'${name}' cannot name a spot: 1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit`;
}
