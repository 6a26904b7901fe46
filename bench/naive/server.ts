import { app } from './app.ts';

const server = app.listen(Number(process.env.PORT), process.env.HOST ?? '0.0.0.0');
// Node would reject requests that have waited a minute while links are signed for others.
server.headersTimeout = 0;
server.requestTimeout = 0;
