import { describe } from '@jest/globals';
import { describeHttpApi } from '@jobs-api/http-express/testing/contracts';
import { HANDLER } from '../harness/built.ts';
import { sendThrough } from '../harness/entry-points.ts';
import { GATEWAYS } from '../harness/gateway-events.ts';
import { startLambda } from '../harness/lambda-process.ts';
import { harnessOf, startStack } from '../harness/stack.ts';

describe.each(GATEWAYS)('%s:', (_, toEvent) => {
  describeHttpApi('the bundled handler', async () => {
    const stack = await startStack();
    const lambda = await startLambda(HANDLER, stack.env);
    const close = async () => {
      await lambda.close();
      await stack.close();
    };
    return { ...harnessOf(stack), send: sendThrough(lambda, toEvent), close };
  });
});
