export { decode } from './decode.ts';
export { describeHttpApi } from './http-api.contract.ts';
export type { HttpAnswer, HttpApiHarness, HttpQuestion } from './http-api.contract.ts';
export { overSocket } from './over-socket.ts';
