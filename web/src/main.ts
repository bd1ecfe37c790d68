import './styles/tokens.css';
import './styles/base.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { startClock } from './lib/clock.svelte';
import { startRouter } from './lib/router.svelte';
import { entrance, loadSession } from './lib/session.svelte';
import { loadPage, pageOf, prepare } from './pages';
import { loadLanguage } from './text/index.svelte';

// The first page, its words and its data are asked for at the same time.
const page = loadPage(pageOf(location.pathname));
startRouter(prepare);
startClock();
await Promise.all([loadLanguage(), loadSession(), page]);
const elsewhere = entrance();
if (elsewhere) location.replace(elsewhere);
else mount(App, { target: document.body });
