import {
  describeFaultsOfCalls,
  describeFaultsOfChecks,
  describeFaultsOfTokenKeys,
  describeFaultsThatPass,
} from '../faults/describe-faults.ts';

/** Of each call some, so that each fault has its turn. `pnpm test:faults` tries them all. */
const CHOSEN: Readonly<Record<string, readonly string[]>> = {
  Query: ['never answers', 'refuses connections', 'answers something else', 'is slow', 'is too busy only once'],
  'Query for a second page': ['resets the connection halfway through its answer', 'forbids it'],
  GetItem: ['cuts its answer short', 'stops halfway through its answer only once'],
  ListMultipartUploads: ['answers something else'],
  AbortMultipartUpload: ['forbids it', 'resets the connection'],
  ListObjectVersions: ['cuts its answer short'],
  DeleteObject: ['forbids it'],
  DeleteObjects: ['is not there', 'answers something else', 'resets the connection', 'resets the connection only once'],
  DeleteItem: ['forbids it', 'answers 502 in HTML'],
  'ListMultipartUploads after the record is gone': ['forbids it'],
  'ListObjectVersions after the record is gone': ['answers 500'],
  readiness: ['forbids it'],
  JWKS: ['answers 500'],
};
const isChosen = (call: string, fault: string) => CHOSEN[call]?.includes(fault) ?? false;

describeFaultsOfCalls(isChosen);
describeFaultsThatPass(isChosen);
describeFaultsOfChecks(isChosen);
describeFaultsOfTokenKeys(isChosen);
