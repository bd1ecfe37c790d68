/** What people do with the dashboard. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, Watched } from './browser';
import { fleet, idOf, machine, Server } from './server';

let browser: Browser;
let server: Server;

beforeAll(async () => {
  [browser, server] = await Promise.all([launch(), Server.start()]);
  await server.reports(fleet(600));
});

afterAll(async () => {
  await browser.close();
  await server.stop();
});

const names = (page: Page) => page.locator('tbody th a').allTextContents();
const firstName = (page: Page) => page.locator('tbody th a').first().textContent();
const settled = (page: Page) => page.waitForSelector('.region[aria-busy=false] tbody th a');
const address = (page: Page) => page.evaluate(() => location.pathname + location.search);

describe('the report', () => {
  it('orders names with digits by value, and by what the original’s bookmarks say', async () => {
    const watched = await Watched.open(
      browser,
      server.url,
      '/report/?q=adm-pc&sort=HOSTNAME&dir=asc',
    );
    const { page } = watched;
    await settled(page);
    expect((await names(page)).slice(0, 3)).toEqual(['adm-pc-2', 'adm-pc-6', 'adm-pc-10']);
    await page.goto(`${server.url}/report?sort=hostname&dir=desc`);
    await settled(page);
    expect(await firstName(page)).toBe('sec-pc-597');
    expect(await page.getAttribute('th[aria-sort]', 'aria-sort')).toBe('descending');
    expect(await page.title()).toBe('Relatório: 600 máquinas · TatuScan');
    await watched.close();
  });

  it('puts every step into the address; Back, reload and a shared link restore it', async () => {
    const watched = await Watched.open(browser, server.url, '/report');
    const { page } = watched;
    await settled(page);
    await page.fill('[data-find]', 'lab');
    await page.waitForURL('**/report?q=lab');
    await page.check('aside input[value=windows]');
    await page.waitForURL('**/report?q=lab&os=windows');
    await page.click('th.os_version button');
    await page.waitForURL('**sort=os_version&dir=asc');
    await settled(page);
    const [there, shown, title] = [await address(page), await names(page), await page.title()];
    expect(title).toContain('“lab”, windows');

    await page.reload();
    await settled(page);
    expect([await names(page), await page.title()]).toEqual([shown, title]);

    const other = await Watched.open(browser, server.url, there);
    await settled(other.page);
    expect(await names(other.page)).toEqual(shown);
    await other.close();

    await page.goBack();
    expect(await address(page)).toBe('/report?q=lab&os=windows');
    await page.goBack();
    expect(await address(page)).toBe('/report?q=lab');
    await page.waitForSelector('text=150 máquinas');
    expect(await page.inputValue('[data-find]')).toBe('lab');
    expect(await page.isChecked('aside input[value=windows]')).toBe(false);
    await watched.close();
  });

  it('comes back to the row that was left', async () => {
    const watched = await Watched.open(browser, server.url, '/report');
    const { page } = watched;
    await settled(page);
    await page.locator('.region').evaluate((region) => region.scrollTo(0, 38 * 400));
    const link = page.locator('[data-row="405"]');
    await link.waitFor();
    const name = await link.textContent();
    await page.waitForTimeout(300);
    await link.click();
    await page.waitForSelector(`h1:text-is("${name}")`);
    await page.goBack();
    await page.waitForSelector(`[data-row="405"]:text-is("${name}")`);
    await page.reload();
    await page.waitForSelector(`[data-row="405"]:text-is("${name}")`);
    await watched.close();
  });

  it('is used without a mouse', async () => {
    const watched = await Watched.open(browser, server.url, '/report');
    const { page } = watched;
    await settled(page);
    await page.keyboard.press('/');
    await page.keyboard.type('bib-pc');
    await page.waitForSelector('text=150 máquinas');
    await settled(page);
    await page.keyboard.press('ArrowDown');
    await page.waitForSelector('[data-row="0"]:focus');
    for (let step = 0; step < 40; step++) await page.keyboard.press('ArrowDown');
    await page.waitForSelector('[data-row="40"]:focus');
    const name = await page.textContent('[data-row="40"]');
    await page.keyboard.press('Enter');
    await page.waitForSelector(`h1:text-is("${name}")`);
    await watched.close();
  });

  it('remembers columns and density, and says them in the address', async () => {
    const watched = await Watched.open(browser, server.url, '/report');
    const { page } = watched;
    await settled(page);
    await page.click('.tools .menu button');
    await page.uncheck('.panel label:has-text("Modelo") input');
    await page.check('.panel label:has-text("Identidade") input');
    await page.check('.panel label:has-text("Compactas") input');
    await page.waitForSelector('th.machine_id');
    expect(await page.$('thead th.computer_model')).toBeNull();
    const there = await address(page);
    expect(there).toMatch(/cols=hostname.*machine_id&density=compact/);
    await page.goto(`${server.url}/report`);
    await page.waitForSelector('th.machine_id');
    expect(await address(page)).toBe(there);
    await watched.close();
  });

  it('goes to paper as it is', async () => {
    const watched = await Watched.open(browser, server.url, '/report?q=lab');
    const { page } = watched;
    await settled(page);
    await page.keyboard.press('Control+p');
    await page.waitForSelector('html[data-printed] article tbody tr');
    expect(await page.locator('article tbody tr').count()).toBe(150);
    await watched.close();
  });

  it('offers the most frequent values, and finds the others', async () => {
    const watched = await Watched.open(browser, server.url, '/report');
    const { page } = watched;
    await settled(page);
    const models = page.locator('aside fieldset:has(legend:text-is("Modelo"))');
    await models.locator('button').click();
    await models.locator('input[type=search]').fill('7110');
    await models.locator('label:has-text("Dell OptiPlex 7110") input').check();
    await page.waitForURL('**/report?model=Dell+OptiPlex+7110');
    await settled(page);
    expect(await page.title()).toMatch(/^Relatório: Dell OptiPlex 7110, \d+ máquinas/);
    await watched.close();
  });

  it('filters by network, and says what is wrong with one', async () => {
    const watched = await Watched.open(browser, server.url, '/report');
    const { page } = watched;
    await settled(page);
    const field = page.locator('aside form input');
    await field.fill('10.0.1');
    await field.press('Enter');
    await page.waitForSelector('aside [role=alert]');
    await field.fill('10.0.1.0/24');
    await field.press('Enter');
    await page.waitForSelector('text=256 máquinas');
    await page.click('ul[aria-label="Filtros em uso"] a');
    await page.waitForSelector('text=600 máquinas');
    await watched.close();
  });
});

describe('the other pages', () => {
  it('count the same machines, and link to them', async () => {
    const watched = await Watched.open(browser, server.url, '/');
    const { page } = watched;
    await page.click('.card a:has-text("windows")');
    await page.waitForURL('**/report?os=windows');
    await page.waitForSelector('text=200 máquinas');
    await page.click('a[title="Gráficos desta visão"]');
    await page.waitForURL('**/charts?os=windows');
    await page.waitForSelector('h1 + p:has-text("200 máquinas")');
    await watched.close();
  });

  it('sum what is beyond the top as others', async () => {
    const watched = await Watched.open(browser, server.url, '/charts?top=1');
    const { page } = watched;
    await page.waitForSelector('text=Outros');
    expect(await page.title()).toBe('Gráficos: 600 máquinas · TatuScan');
    const versions = page.locator('section[aria-label="Versões"] li');
    expect(await versions.count()).toBe(3);
    await page.fill('input[type=number]', '3');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/charts?top=3');
    await watched.close();
  });

  it('find a machine from anywhere', async () => {
    const watched = await Watched.open(browser, server.url, '/charts');
    const { page } = watched;
    await page.waitForSelector('.card');
    await page.keyboard.press('/');
    await page.keyboard.type('pc-77');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/report?q=pc-77');
    await settled(page);
    expect(await names(page)).toEqual(['sec-pc-77']);
    await watched.close();
  });

  it('change what people record about a machine, and say why not', async () => {
    const watched = await Watched.open(browser, server.url, `/machines/${idOf(5)}`, {}, {}, [400]);
    const { page } = watched;
    await page.click('[aria-label="Editar Modelo"]');
    await page.keyboard.type('Dell OptiPlex 9999');
    await page.keyboard.press('Enter');
    await page.waitForSelector('dd:has-text("Dell OptiPlex 9999")');
    await page.click('[aria-label="Editar Data de ativação"]');
    await page.fill('input[type=date]', '2020-02-29');
    await page.keyboard.press('Enter');
    await page.waitForSelector('dd:has-text("29/02/2020")');
    await page.click('[aria-label="Editar Dias em uso"]');
    await page.fill('input[type=number]', '-5');
    await page.keyboard.press('Enter');
    await page.waitForSelector('form [role=alert]:has-text("Não foi salvo")');
    await page.keyboard.press('Escape');
    await page.reload();
    await page.waitForSelector('dd:has-text("29/02/2020")');
    const kept = await (await fetch(`${server.url}/api/machines/${idOf(5)}`)).json();
    expect(kept).toMatchObject({ computer_model: 'Dell OptiPlex 9999', activation_days: null });
    await watched.close();
  });

  it('speak three languages, and keep the choice', async () => {
    const watched = await Watched.open(browser, server.url, '/', {}, { locale: 'es-AR' });
    const { page } = watched;
    await page.waitForSelector('nav >> text=Informe');
    await page.click('.top .menu button');
    await page.check('input[value=en]');
    await page.waitForSelector('nav >> text=Report');
    await page.waitForSelector('h2:text-is("Need attention")');
    await page.reload();
    await page.waitForSelector('nav >> text=Report');
    expect(await page.getAttribute('html', 'lang')).toBe('en');
    expect(await page.title()).toBe('600 machines, 600 online · TatuScan');
    await watched.close();
  });

  it('keep the theme that was chosen', async () => {
    const watched = await Watched.open(browser, server.url, '/');
    const { page } = watched;
    await page.click('.top .menu button');
    await page.check('input[value=dark]');
    expect(await page.getAttribute('html', 'data-theme')).toBe('dark');
    await page.goto(`${server.url}/docs`);
    await page.waitForSelector('.opblock');
    expect(await page.getAttribute('html', 'data-theme')).toBe('dark');
    await watched.close();
  });
});

describe('as time passes', () => {
  it('the page follows the server, asks little, and rests in a hidden tab', async () => {
    const watched = await Watched.open(browser, server.url, '/livez');
    const { page } = watched;
    await page.clock.install();
    await page.goto(server.url);
    await page.waitForSelector('.tiles');
    const asked = () => watched.requests.filter((url) => url.includes('/api/')).length;
    const answers: number[] = [];
    page.on('response', (response) => answers.push(response.status()));
    await page.clock.runFor(16_000);
    await expect.poll(() => answers).toContain(304);

    await server.report(machine(9001, { hostname: 'just-arrived' }));
    await page.clock.runFor(16_000);
    await page.waitForSelector('text=just-arrived');

    const hide = (hidden: boolean) =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
        document.dispatchEvent(new Event('visibilitychange'));
      }, hidden);
    await hide(true);
    const before = asked();
    await page.clock.runFor(120_000);
    expect(asked()).toBe(before);
    await hide(false);
    await expect.poll(asked).toBe(before + 1);
    await watched.close();
  });

  it('the server’s absence is told, survived, and over when it is back', async () => {
    const own = await Server.start();
    await own.reports(fleet(20));
    const watched = await Watched.open(browser, own.url, '/');
    const { page } = watched;
    await page.waitForSelector('.tiles');
    await own.down();
    watched.complaints.length = 0;
    await page.click('a[href="/report"]');
    await page.waitForSelector('text=Sem contato com o servidor');
    await page.click('nav a[href="/"]');
    await page.waitForSelector('.tiles');
    expect(await page.isVisible('text=Sem contato com o servidor')).toBe(true);
    await own.up();
    await page.waitForSelector('text=Sem contato com o servidor', { state: 'detached' });
    // The browser itself notes each request that failed.
    watched.complaints.splice(
      0,
      Number.POSITIVE_INFINITY,
      ...watched.complaints.filter((text) => !text.includes('ERR_CONNECTION_REFUSED')),
    );
    await watched.close();
    await own.stop();
  });
});
