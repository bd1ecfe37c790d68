/** The API's documentation: Swagger UI in our frame, on this server's own description. */
import './styles/tokens.css';
import './styles/base.css';
import viewer from 'swagger-ui-dist/swagger-ui-bundle.js?url';
import 'swagger-ui-dist/swagger-ui.css';
import './styles/docs.css';
import { mount } from 'svelte';
import Header from './parts/Header.svelte';
import { loadLanguage } from './text/index.svelte';

interface Viewer {
  (options: Record<string, unknown>): void;
  presets: { apis: unknown };
}

function start(): void {
  const SwaggerUIBundle = (window as unknown as { SwaggerUIBundle: Viewer }).SwaggerUIBundle;
  SwaggerUIBundle({
    url: '/openapi.json',
    dom_id: '#swagger-ui',
    presets: [SwaggerUIBundle.presets.apis],
    layout: 'BaseLayout',
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: 'list',
    defaultModelsExpandDepth: 0,
    tryItOutEnabled: true,
    queryConfigEnabled: false,
    // No badge: nothing leaves for another host.
    validatorUrl: null,
  });
}

const script = document.createElement('script');
script.src = viewer;
const ready = new Promise((resolve, reject) => {
  script.onload = resolve;
  script.onerror = reject;
});
document.head.append(script);

await loadLanguage();
// The viewer brings a main of its own.
const main = Object.assign(document.createElement('div'), {
  id: 'main',
  lang: 'en',
  tabIndex: -1,
});
const frame = Object.assign(document.createElement('div'), { id: 'swagger-ui' });
main.append(frame);
mount(Header, { target: document.body, props: { current: 'api' } });
document.body.append(main);
await ready;
start();
