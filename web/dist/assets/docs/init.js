// Starts the vendored Swagger UI on this server's own description of its API.
import { header } from '../header.js';

header(document.getElementById('top'), '/docs');

window.SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  presets: [window.SwaggerUIBundle.presets.apis],
  layout: 'BaseLayout',
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  queryConfigEnabled: false,
  validatorUrl: null, // no badge: nothing leaves for another host
});
