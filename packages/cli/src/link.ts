import { EXIT } from './exit-code.ts';
import { print, printJson } from './output.ts';
import type { Session } from './session.ts';

export interface LinkOptions {
  readonly result?: 'full' | 'min';
  readonly downloadAs?: string;
  readonly expiresIn?: number;
}

export const printLink = async (
  { jobs, signal, isJson }: Session,
  id: number,
  objectUuid: string,
  { result, downloadAs, expiresIn }: LinkOptions,
): Promise<number> => {
  const link = await jobs.objectUrl(id, objectUuid, { result, downloadAs, expiresIn, signal });
  if (isJson) printJson(link);
  else print(link.url);
  return EXIT.ok;
};
