/**
 * When a job was submitted, from its `date`, which is what Go's `time.Time.String()` writes; `undefined` if that is
 * missing or has another form.
 */
export const jobDate = ({ date }: { readonly date: string | null }): Date | undefined => {
  const [, day, time, hours = '+00', minutes = '00'] =
    /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,3})?)\d* (?:UTC|([+-]\d\d)(\d\d) \S+)(?: m=\S+)?$/.exec(date ?? '') ??
    [];
  const parsed = new Date(`${day}T${time}${hours}:${minutes}`);
  return Number.isNaN(parsed.getTime()) ? undefined : parsed;
};
