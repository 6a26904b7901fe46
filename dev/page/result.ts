import { element } from './element.ts';

const row = ([name, value]: [string, string | number | object]): HTMLElement =>
  element(
    'div',
    {},
    element('dt', {}, name.replaceAll('_', ' ')),
    element('dd', {}, typeof value === 'object' ? JSON.stringify(value) : String(value)),
  );

const fetchResult = async (url: string): Promise<Record<string, string | number | object>> => {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the storage responded with ${response.status}`);
  return (await response.json()) as Record<string, string | number | object>;
};

/** The result of a file, loaded when it is opened: as a table, and as links to both documents. */
export const resultOf = (name: string, urls: { full: string; min: string }, isOpen: boolean): HTMLElement => {
  const facts = element('dl', { class: 'result' });
  const load = () => {
    if (!details.open || facts.hasChildNodes()) return;
    facts.append(row(['', 'Loading …']));
    fetchResult(urls.full).then(
      (result) => facts.replaceChildren(...Object.entries(result).map(row)),
      (error: unknown) => facts.replaceChildren(row(['not shown', (error as Error).message])),
    );
  };
  const link = (text: string, url: string) =>
    element('a', { href: url, target: '_blank', rel: 'noreferrer', 'aria-label': `${text} of ${name}` }, text);
  const details = element(
    'details',
    { ontoggle: load },
    element('summary', {}, 'Result'),
    facts,
    element('p', { class: 'links' }, link('Full JSON', urls.full), link('Minified JSON', urls.min)),
  );
  details.open = isOpen;
  return details;
};
