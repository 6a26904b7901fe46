export { documentedOperations, documentedRows, exampleOf, expectDocumented } from './documented.ts';
export type { DocumentedRow } from './documented.ts';
export { decode } from './decode.ts';
export { describeHttpApi } from './http-api.contract.ts';
export type { HttpApiHarness } from './http-api.contract.ts';
export type { HttpResponse, HttpRequest } from './http-message.ts';
export { overSocket } from './over-socket.ts';
