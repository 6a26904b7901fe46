import { SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api';
import { isJobsError } from '@jobs-api/core';
import { isThrottlingError } from '@smithy/core/retry';
import { getSmithyContext } from '@smithy/core/transport';
import { isPassing, type SdkError } from './call-aws.ts';
import type { AwsIdentity } from './secrets.ts';

/** A call to AWS that has ended, with all its attempts. */
export interface AwsCall {
  /** `DynamoDB` or `S3`. */
  readonly service: string;
  /** The name that AWS gives it, such as `GetItem`. */
  readonly operation: string;
  /**
   * `throttled` and `unavailable`: the last attempt failed, and a later one may succeed. `refused`: a retry cannot help.
   * `aborted`: the request that the call was made for has ended.
   */
  readonly outcome: 'success' | 'throttled' | 'unavailable' | 'refused' | 'aborted';
  readonly attempts: number;
  readonly seconds: number;
}

/** Called for every call once it has ended. Must not throw. */
export type AwsCallListener = (call: AwsCall) => void;

export interface CallObserver {
  readonly onCall?: AwsCallListener | undefined;
  /** Called with the credentials that a call was signed with, before its outcome is known to its caller. Must not throw. */
  readonly onIdentity?: ((identity: AwsIdentity) => void) | undefined;
}

const NAME = 'jobsApiObserver';
/** How an SDK client lists the middleware below, which changes no request. */
export const OBSERVER = `${NAME} - initialize`;

interface Metadata {
  readonly attempts?: number;
  readonly requestId?: string;
  readonly httpStatusCode?: number;
}

/** Added by the SDK to the context of a call that it signs. */
interface SigningContext {
  readonly selectedHttpAuthScheme?: { readonly identity?: AwsIdentity };
}

type Send = (args: { input: object }) => Promise<{ output: { $metadata: Metadata }; response: unknown }>;

interface Context {
  readonly clientName?: string;
  readonly commandName?: string;
}

/** The part of an SDK client that is used here. */
interface Client {
  readonly middlewareStack: {
    add(
      middleware: (next: Send, context: Context) => Send,
      options: { name: string; step: 'initialize'; priority: 'high' },
    ): void;
  };
}

/**
 * Reports each call of a client to a listener and to the tracer that is registered with OpenTelemetry's API. The names of
 * spans and attributes are those of https://opentelemetry.io/docs/specs/semconv/cloud-providers/aws-sdk/.
 */
export const observeCalls = (client: Client, { onCall, onIdentity }: CallObserver = {}): void => {
  const tracer = trace.getTracer('@jobs-api/adapters-aws');
  client.middlewareStack.add(
    (next, context) => {
      const { clientName = '', commandName = '' } = context;
      const service = clientName.replace(/Client$/, '');
      const operation = commandName.replace(/Command$/, '');
      // The adapters only sign it: nothing is sent.
      if (operation === 'GetObject') return next;
      const attributes = { 'rpc.system': 'aws-api', 'rpc.service': service, 'rpc.method': operation };
      return (args) =>
        tracer.startActiveSpan(`${service}.${operation}`, { kind: SpanKind.CLIENT, attributes }, async (span) => {
          const start = performance.now();
          const end = (outcome: AwsCall['outcome'], metadata: Metadata | undefined) => {
            const { attempts = 1 } = metadata ?? {};
            const { identity } = (getSmithyContext(context) as SigningContext).selectedHttpAuthScheme ?? {};
            if (identity) onIdentity?.(identity);
            endSpan(span, metadata);
            onCall?.({ service, operation, outcome, attempts, seconds: (performance.now() - start) / 1000 });
          };
          try {
            const result = await next(args);
            end('success', result.output.$metadata);
            return result;
          } catch (error) {
            const { name, $metadata } = error as SdkError & { readonly $metadata?: Metadata };
            span.setAttribute('error.type', name);
            span.setStatus({ code: SpanStatusCode.ERROR });
            end(outcomeOf(error as SdkError), $metadata);
            throw error;
          }
        });
    },
    { name: NAME, step: 'initialize', priority: 'high' },
  );
};

const endSpan = (span: Span, { attempts = 1, requestId, httpStatusCode }: Metadata = {}): void => {
  if (requestId !== undefined) span.setAttribute('aws.request_id', requestId);
  if (httpStatusCode !== undefined) span.setAttribute('http.response.status_code', httpStatusCode);
  if (attempts > 1) span.setAttribute('http.request.resend_count', attempts - 1);
  span.end();
};

const outcomeOf = (error: SdkError): AwsCall['outcome'] => {
  if (error.name === 'AbortError') return 'aborted';
  if (isJobsError(error)) return 'unavailable'; // no credentials
  if (isThrottlingError(error)) return 'throttled';
  return isPassing(error) ? 'unavailable' : 'refused';
};
