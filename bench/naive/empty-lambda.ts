/** The least that serverless-express and Express do for a request. */
import { configure } from '@vendia/serverless-express';
import type { Context } from 'aws-lambda';
import express from 'express';

const app = express();
app.get('/', (_req, res) => {
  res.json({});
});

const serve = configure({ app });

export const handler = (event: unknown, context: Context): Promise<object> =>
  serve(event, context, () => undefined) as Promise<object>;
