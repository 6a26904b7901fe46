// Writes the OpenAPI document to a file, for tools that read one.
import { mkdir, writeFile } from 'node:fs/promises';
import { openapi } from '../packages/http-express/src/routes/openapi-document.ts';

const FOLDER = 'dist';

await mkdir(FOLDER, { recursive: true });
await writeFile(`${FOLDER}/openapi.json`, JSON.stringify(openapi, null, 2));
