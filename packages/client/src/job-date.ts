/** When a job was submitted, from its `date`; `undefined` if that is missing or has another form than documented. */
export const jobDate = ({ date }: { readonly date: string | null }): Date | undefined => {
  const [, day, time] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,3})?)\d* UTC$/.exec(date ?? '') ?? [];
  const parsed = new Date(`${day}T${time}Z`);
  return Number.isNaN(parsed.getTime()) ? undefined : parsed;
};
