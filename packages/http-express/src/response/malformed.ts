import { STATUS_CODES, type ServerResponse } from 'node:http';
import { commonHeaders } from './common-headers.ts';

/** A response to a malformed request, which never reaches the app. */
export interface MalformedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: string;
}

/** @param requestId the caller's request id, if there is one */
export const malformedResponse = (
  status: number,
  { requestId, headers = {} }: { requestId?: unknown; headers?: Readonly<Record<string, string>> } = {},
): MalformedResponse => {
  const body = JSON.stringify({ message: STATUS_CODES[status] });
  return {
    status,
    body,
    headers: {
      ...commonHeaders(requestId),
      ...headers,
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': body.length,
      Connection: 'close',
    },
  };
};

export const sendMalformed = (res: ServerResponse, { status, headers, body }: MalformedResponse): void => {
  res.writeHead(status, { ...headers }).end(body);
};

/** Returns the response as bytes, for a connection that has no response object. */
export const toBytes = ({ status, headers, body }: MalformedResponse): string => {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', body].join('\r\n');
};
