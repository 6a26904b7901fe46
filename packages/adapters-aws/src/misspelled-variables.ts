/**
 * Returns a sentence for each variable that is set and one edit away from a name that is read, such as `CORS_ORIGIN`. An
 * edit is a letter too many, too few or wrong, or two letters in the wrong order.
 *
 * @param names all variables that are read
 */
export const misspelledVariables = (
  env: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): readonly string[] =>
  Object.keys(env)
    .filter((name) => env[name] && !names.includes(name))
    .flatMap((name) => {
      const meant = names.find((known) => isOneEditAway(name, known));
      return meant === undefined ? [] : [`${name} is not a variable of this service. Is ${meant} meant?`];
    });

const isOneEditAway = (one: string, other: string): boolean => {
  let start = 0;
  while (start < one.length && one[start] === other[start]) start++;
  let end = 0;
  while (end < Math.min(one.length, other.length) - start && one.at(-1 - end) === other.at(-1 - end)) end++;
  const [left, right] = [one.slice(start, one.length - end), other.slice(start, other.length - end)];
  return Math.max(left.length, right.length) === 1 || (left.length === 2 && right === `${left[1]}${left[0]}`);
};
