export const html = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Jobs API: reference</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/docs/swagger-ui.css">
    <link rel="stylesheet" href="/docs/page.css">
    <script src="/docs/swagger-ui-bundle.js" defer></script>
    <script src="/docs/start.js" defer></script>
  </head>
  <body>
    <main id="docs"></main>
    <noscript>This page shows <a href="/openapi.json">openapi.json</a> with JavaScript, which is off in this browser.</noscript>
  </body>
</html>
`;

/** Additions to Swagger UI's style: the system font, and a layout for narrow screens. */
export const css = `
body { margin: 0; background: light-dark(#fff, #1c2022); }
#docs .swagger-ui, #docs .swagger-ui :is(.info, .opblock, .btn, .scheme-container, .model, table, select, input, label, h1, h2, h3, h4, h5, p, li, a, td, th, span):not(.microlight, .microlight *, code, pre, pre *, .opblock-summary-method) { font-family: system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; }
#docs .swagger-ui .wrapper { max-width: 72rem; }
#docs .swagger-ui .info { margin: 2rem 0; }
#docs .swagger-ui .scheme-container { box-shadow: none; padding: 0.5rem 0; }
#docs .swagger-ui .opblock { box-shadow: none; }
#docs .swagger-ui :is(.response-col_links, .opblock-summary-path__deprecated) { display: none; }
@media (width < 48rem) {
  #docs .swagger-ui .wrapper { padding: 0 0.75rem; }
  #docs .swagger-ui .opblock .opblock-summary { flex-wrap: wrap; }
  #docs .swagger-ui .opblock-summary-description { flex-basis: 100%; text-align: start; }
  #docs .swagger-ui :is(table.parameters, table.responses-table) :is(tbody, tr, td) { display: block; width: auto; max-width: none; }
  #docs .swagger-ui table thead { display: none; }
  #docs .swagger-ui :is(input[type=text], select, textarea) { width: 100%; max-width: 100%; min-width: 0; }
  #docs .swagger-ui .opblock-section-header { flex-wrap: wrap; }
}
`;

/** @param token preset token, for a service that only has sample data */
export const script = (token: string | undefined): string => `
const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();
const token = ${JSON.stringify(token ?? null)};

// Swagger UI fills in examples as values. Those of optional parameters do not work together, so they become descriptions.
const describeExample = (parameter) => {
  const { required, example, description } = parameter;
  if (required || example === undefined) return;
  delete parameter.example;
  parameter.description = [description, 'For example: ' + example].filter(Boolean).join('. ');
};

const show = (spec) => {
  const operations = Object.values(spec.paths).flatMap((path) => [path, ...Object.values(path)]);
  for (const { parameters } of [...operations, { parameters: Object.values(spec.components.parameters ?? {}) }])
    if (Array.isArray(parameters)) parameters.forEach(describeExample);
  const ui = SwaggerUIBundle({
    spec,
    dom_id: '#docs',
    deepLinking: true,
    tryItOutEnabled: true,
    displayRequestDuration: true,
    defaultModelsExpandDepth: 0,
    validatorUrl: null,
    onComplete: () => token !== null && ui.preauthorizeApiKey('bearer', token),
  });
};
fetch('/openapi.json').then((response) => response.json()).then(show);
`;
