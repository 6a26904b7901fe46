import { app } from './app.ts';

app.listen(Number(process.env.PORT), process.env.HOST ?? '0.0.0.0');
