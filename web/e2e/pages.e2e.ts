/** Every page, in both themes, on a desk and on a phone. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOOKS, launch, Watched } from './browser';
import { fleet, INSIDE, idOf, machine, Server } from './server';

/** Would leave its mark in the title, if it were ever interpreted. */
const HOSTILE = '<img src=x onerror=document.title=1>';

let browser: Browser;
let full: Server;
let empty: Server;

beforeAll(async () => {
  [browser, full, empty] = await Promise.all([launch(), Server.start(), Server.start()]);
  await full.reports(fleet(240));
  await full.report(
    machine(900, {
      hostname: HOSTILE,
      os: '<script>document.title=1</script>',
      os_version: HOSTILE,
      computer_model: `${HOSTILE} ${'m'.repeat(60)}`,
    }),
  );
  await full.inside(1, INSIDE);
  await full.send('POST', '/api/fields', { key: 'rack', type: 'text' });
  await full.send('PATCH', `/api/machines/${idOf(1)}`, {
    tags: ['lab', 'projetor'],
    site: 'Campus Norte',
    building: 'B',
    room: '12',
    owner: 'Coordenação de Informática',
    lifecycle: 'repair',
    warranty_end_date: '2020-01-31',
    notes: 'Ventoinha trocada.\nVoltou em março.',
    custom: { rack: 'A-7' },
  });
  // Twice the same name.
  await full.report(machine(902, { hostname: 'lab-99' }));
  await full.report(machine(903, { hostname: 'lab-99' }));
  await full.report(machine(901, { hostname: 'n'.repeat(100), ip: '', os: '', os_version: '' }));
});

afterAll(async () => {
  await browser.close();
  await Promise.all([full.stop(), empty.stop()]);
});

const PAGES: { name: string; path: string; ready: string; act?: string; missing?: boolean }[] = [
  { name: 'home', path: '/', ready: '.tiles' },
  { name: 'home by its other name', path: '/dashboard', ready: '.tiles' },
  { name: 'report', path: '/report', ready: 'tbody th a' },
  { name: 'report, filtered', path: '/report?os=windows&age=>60mo&q=pc', ready: 'tbody th a' },
  { name: 'report without machines', path: '/report?q=nothingatall', ready: '.nothing' },
  {
    name: 'report with a wrong filter',
    path: '/report?seen=never',
    ready: '.trouble',
    missing: true,
  },
  {
    name: 'report, every column',
    path: '/report?cols=hostname,status,os,os_version,ip,computer_model,serial,tags,site,building,room,owner,asset_number,lifecycle,cpu,memory,computer_activation,activation_days,created_at,updated_at,agent_version,proof,machine_id&density=compact',
    ready: 'tbody th a',
  },
  {
    name: 'report, columns to choose',
    path: '/report',
    ready: 'tbody th a',
    act: '.tools .menu button',
  },
  {
    name: 'report, export',
    path: '/report',
    ready: 'tbody th a',
    act: '.tools .menu:nth-of-type(2) button',
  },
  {
    name: 'report, views',
    path: '/report',
    ready: 'tbody th a',
    act: '.tools .menu:nth-of-type(3) button',
  },
  { name: 'report, filters', path: '/report', ready: 'tbody th a', act: '.tools .filters' },
  {
    name: 'report, selecting',
    path: '/report',
    ready: 'tbody th a',
    act: '.tools button[aria-pressed]',
  },
  { name: 'report, help', path: '/report', ready: 'tbody th a', act: 'key:?' },
  { name: 'report on paper', path: '/report?print=1', ready: 'article table' },
  { name: 'charts', path: '/charts', ready: '.grid .card:nth-child(2)' },
  { name: 'charts as tables', path: '/charts?top=2&as=table&os=windows', ready: '.grid table' },
  { name: 'software', path: '/software', ready: 'tbody details' },
  {
    name: 'software, found',
    path: '/software?name=number-7&version=1.7',
    ready: 'tbody details',
    act: 'summary',
  },
  { name: 'software that is not', path: '/software?name=nothing', ready: 'form + p' },
  { name: 'machine', path: `/machines/${idOf(1)}`, ready: '.badge' },
  {
    name: 'machine, edited',
    path: `/machines/${idOf(1)}`,
    ready: '.badge',
    act: '[aria-label="Editar Modelo"]',
  },
  {
    name: 'machine, notes edited',
    path: `/machines/${idOf(1)}`,
    ready: '.badge',
    act: '[aria-label="Editar Observações"]',
  },
  {
    name: 'machine, about to be removed',
    path: `/machines/${idOf(2)}`,
    ready: '.badge',
    act: '.acts button:text-is("Remover")',
  },
  {
    name: 'machine with a hostile name',
    path: `/machines/${idOf(900)}`,
    ready: '.badge',
    act: 'summary',
  },
  { name: 'machine with little known', path: `/machines/${idOf(901)}`, ready: '.badge' },
  { name: 'machine that is not', path: '/machines/nobody', ready: '.trouble', missing: true },
  { name: 'look and language', path: '/', ready: '.tiles', act: '.top .menu button' },
  ...[
    'agents',
    'people',
    'tokens',
    'sessions',
    'import',
    'duplicates',
    'removed',
    'fields',
    'audit',
    'about',
  ].map((page) => ({
    name: `settings: ${page}`,
    path: `/settings/${page}`,
    ready: '.page .card, .page .bar',
  })),
];

describe.each(LOOKS)('$theme, $width pixels', (look) => {
  it.each(PAGES)('$name', async ({ path, ready, act, missing }) => {
    const watched = await Watched.open(
      browser,
      full.url,
      path,
      look,
      {},
      missing ? [400, 404] : [],
    );

    const { page } = watched;

    await page.waitForSelector(ready);
    if (act?.startsWith('key:')) await page.keyboard.press(act.slice(4));
    else if (act) await page.click(act);
    await page.waitForLoadState('networkidle');
    await watched.audit();
    await watched.fits();
    expect(await page.title()).toMatch(/ · TatuScan$/);
    await watched.close();
  });

  it('nothing yet', async () => {
    const watched = await Watched.open(browser, empty.url, '/', look);
    await watched.page.waitForSelector('.empty');
    const command = await watched.page.textContent('.empty pre');
    expect(command).toBe(`TATUSCAN_URL=${empty.url} tatuscan agent`);
    expect(await watched.page.title()).toBe('Nenhuma máquina ainda · TatuScan');
    await watched.audit();
    await watched.fits();
    await watched.close();
  });

  it('documentation', async () => {
    const watched = await Watched.open(browser, full.url, '/docs', look);
    await watched.page.waitForSelector('.opblock-get');
    expect(watched.requests.some((url) => url.endsWith('/openapi.json'))).toBe(true);
    // The viewer is not ours; its frame is.
    await watched.audit('#swagger-ui');
    await watched.close();
  });
});

it('what a machine reports is shown as text', async () => {
  for (const path of [
    '/',
    '/report?q=onerror',
    '/charts?top=50',
    `/machines/${idOf(900)}`,
    '/report?q=onerror&print=1',
  ]) {
    const watched = await Watched.open(browser, full.url, path);
    await watched.page.waitForSelector(`text=${HOSTILE}`);
    expect(await watched.page.title()).not.toBe('1');
    expect(await watched.page.$$('img[src=x], main script')).toEqual([]);
    await watched.close();
  }
});
