import { describeHttpApi, overSocket } from '@jobs-api/http-express/testing/contracts';
import { SERVICE } from '../harness/built.ts';
import { startService } from '../harness/service-process.ts';
import { harnessOf, startStack } from '../harness/stack.ts';

describeHttpApi('the built service with the AWS adapters', async () => {
  const stack = await startStack();
  const service = await startService(SERVICE, stack.env);
  const close = async () => {
    service.kill('SIGKILL');
    await service.exitCode;
    await stack.close();
  };
  return { ...harnessOf(stack), send: overSocket(service.origin), close };
});
