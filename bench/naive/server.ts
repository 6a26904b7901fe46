import { app } from './app.ts';

const server = app.listen(Number(process.env.PORT), process.env.HOST ?? '0.0.0.0');
// Without this, Node rejects requests that wait for a minute while the links of other requests are signed.
server.headersTimeout = 0;
server.requestTimeout = 0;
