import { configure } from '@vendia/serverless-express';
import type { Context } from 'aws-lambda';
import { app } from './app.ts';

const serve = configure({ app });

export const handler = (event: unknown, context: Context): Promise<object> =>
  serve(event, context, () => undefined) as Promise<object>;
