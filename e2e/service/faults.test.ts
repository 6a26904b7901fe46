import {
  describeFaultsOfCalls,
  describeFaultsOfChecks,
  describeFaultsOfTokenKeys,
  describeFaultsThatPass,
} from '../faults/describe-faults.ts';
import { faults } from '../harness/faults.ts';

/** Some faults of each call, so that each fault is tried. `pnpm test:faults` tries all. */
const CHOSEN: Readonly<Record<string, readonly string[]>> = {
  Query: ['never responds', 'refuses connections', 'responds with an HTML page', 'is slow', 'is too busy only once'],
  'Query for a second page': ['resets the connection halfway through its response', 'denies access'],
  GetItem: ['cuts its response short', 'stops halfway through its response only once'],
  ListMultipartUploads: ['responds with an HTML page'],
  AbortMultipartUpload: ['denies access', 'resets the connection'],
  ListObjectVersions: ['cuts its response short'],
  DeleteObject: ['denies access'],
  DeleteObjects: [
    'does not exist',
    'responds with an HTML page',
    'resets the connection',
    'resets the connection only once',
  ],
  DeleteItem: ['denies access', 'responds with 502 in HTML'],
  'ListMultipartUploads after the record is gone': ['denies access'],
  'ListObjectVersions after the record is gone': ['responds with 500'],
  readiness: ['denies access'],
  JWKS: ['responds with 500'],
};
for (const name of Object.values(CHOSEN).flat())
  if (!Object.hasOwn(faults, name.replace(/ only once$/, ''))) throw new Error(`there is no fault "${name}"`);
const isChosen = (call: string, fault: string) => CHOSEN[call]?.includes(fault) ?? false;

describeFaultsOfCalls(isChosen);
describeFaultsThatPass(isChosen);
describeFaultsOfChecks(isChosen);
describeFaultsOfTokenKeys(isChosen);
