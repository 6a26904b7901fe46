import { element, icon } from './element.ts';

/** How much of a text is fetched, in bytes, and how many of its lines are shown. */
const TEXT_BYTES = 2048;
const TEXT_LINES = 8;

/** The kinds of files by the end of their names, those with the most to see first. */
const KINDS = [
  ['image', /\.(png|jpe?g|gif|webp|avif|svg|bmp)$/i],
  ['video', /\.(mp4|webm|mov|m4v)$/i],
  ['audio', /\.(wav|mp3|m4a|ogg|oga|opus|flac|aac)$/i],
  ['text', /\.(txt|md|csv|json|log|xml|ya?ml)$/i],
  ['pdf', /\.pdf$/i],
  ['other', /$/],
] as const;

const rankOf = (name: string): number => KINDS.findIndex(([, names]) => names.test(name));

export const kindOf = (name: string): (typeof KINDS)[number][0] => KINDS[rankOf(name)]?.[0] ?? 'other';

/** Sorts names: pictures before sounds before texts. */
export const bySight = (a: string, b: string): number => rankOf(a) - rankOf(b) || a.localeCompare(b);

const PAGE_ICON = 'M4 1.5h5.5L13 5v9.5H4zM9.5 1.5V5H13';

const placeholder = (text: string): HTMLElement => element('p', { class: 'no-preview' }, icon(PAGE_ICON), text);

/** The beginning of a text file. A range keeps the rest of a large one out of the browser. */
const fetchStart = async (url: string): Promise<string> => {
  const response = await fetch(url, { headers: { Range: `bytes=0-${TEXT_BYTES - 1}` } });
  if (response.status === 416) return ''; // there is no first byte in an empty file
  if (!response.ok) throw new Error(`the storage responded with ${response.status}`);
  return response.text();
};

/**
 * Shows a file by the kind that its name has.
 *
 * @param whenMissing text if there is no file, or it is of another kind
 */
export const preview = (name: string, url: string, whenMissing: string): HTMLElement => {
  const box = element('div', { class: `preview ${kindOf(name)}` });
  const missing = () => box.replaceChildren(placeholder(whenMissing));
  switch (kindOf(name)) {
    case 'image':
      box.append(element('img', { src: url, alt: name, loading: 'lazy', onerror: missing }));
      break;
    case 'audio':
      box.append(
        element('audio', { src: url, controls: true, preload: 'metadata', 'aria-label': name, onerror: missing }),
      );
      break;
    case 'video':
      box.append(
        element('video', { src: url, controls: true, preload: 'metadata', 'aria-label': name, onerror: missing }),
      );
      break;
    case 'text': {
      const lines = element('pre', { tabindex: 0, role: 'group', 'aria-label': `The beginning of ${name}` });
      box.append(lines);
      fetchStart(url).then((text) => (lines.textContent = text.split('\n').slice(0, TEXT_LINES).join('\n')), missing);
      break;
    }
    case 'pdf':
      box.append(
        element(
          'a',
          { class: 'open', href: url, target: '_blank', rel: 'noreferrer' },
          icon(PAGE_ICON),
          'Open the PDF',
        ),
      );
      break;
    case 'other':
      box.append(placeholder('No preview'));
  }
  return box;
};
