/** The least that Express does for a request. */
import express from 'express';

const app = express();
app.get('/', (_req, res) => {
  res.json({});
});

app.listen(Number(process.env.PORT), process.env.HOST ?? '0.0.0.0');
