/**
 * The least that `get-object-url` and a 401 cost: a `node:http` server with the same token check and the same signer, without
 * framework, log, deadline and limits.
 */
import { createServer } from 'node:http';
import { createContainer, readAwsConfig, SERVICES } from '@jobs-api/adapters-aws';
import { parseJobId, parseObjectUuid } from '@jobs-api/core';

const { config } = readAwsConfig(process.env);
if (!config) throw new Error('the configuration is incomplete');
const container = createContainer(config);
const [jobs, authenticator] = [container.get(SERVICES.jobs), container.get(SERVICES.authenticator)];

const respond = async (url: string, token: string | undefined): Promise<string> => {
  const query = new URLSearchParams(url.slice(url.indexOf('?')));
  const userId = await authenticator.authenticate(token);
  const objectUuid = parseObjectUuid(query.get('object-uuid'));
  const link = await jobs.getObjectUrl(userId, parseJobId(query.get('job-id')), objectUuid);
  return JSON.stringify({ url: link.url, expires_at: link.expiresAt });
};

createServer((req, res) => {
  respond(req.url ?? '', req.headers.authorization).then(
    (body) => res.writeHead(200, { 'Content-Type': 'application/json' }).end(body),
    () => res.writeHead(401, { 'Content-Type': 'application/json' }).end('{"message":"Unauthorized"}'),
  );
}).listen(Number(process.env.PORT), process.env.HOST);
