/** What administrators do with one machine, and with many. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, Watched } from './browser';
import { fleet, INSIDE, idOf, Server } from './server';

let browser: Browser;
let server: Server;

beforeAll(async () => {
  [browser, server] = await Promise.all([launch(), Server.start()]);
  await server.reports(fleet(240));
  await server.inside(7, INSIDE);
  const labels = { 'pt-BR': 'Armário', en: null, es: null };
  await server.send('POST', '/api/fields', { key: 'rack', type: 'text', labels });
  await server.send('POST', '/api/fields', { key: 'height', type: 'number' });
  await server.send('POST', '/api/fields', { key: 'leased', type: 'yes_no' });
});

afterAll(async () => {
  await browser.close();
  await server.stop();
});

const kept = async (number: number) =>
  (await fetch(`${server.url}/api/machines/${idOf(number)}`)).json();
const listed = async (query: string) =>
  (await (await fetch(`${server.url}/api/machines?${query}`)).json()).count as number;

async function type(page: Page, name: string, text: string): Promise<void> {
  await page.click(`[aria-label="Editar ${name}"]`);
  await page.locator('.fact.editing').locator('input, textarea').fill(text);
  await page.click('.fact.editing button.primary');
  await page.waitForSelector('.fact.editing', { state: 'detached' });
}

describe('the page of a machine', () => {
  it('keeps what people know, field by field', async () => {
    const watched = await Watched.open(browser, server.url, `/machines/${idOf(3)}`, {}, {}, [400]);
    const { page } = watched;
    await type(page, 'Local', 'Campus "Norte"');
    await type(page, 'Etiquetas', 'lab, projetor; lab');
    await type(page, 'Observações', 'primeira linha\nsegunda linha');
    await type(page, 'Fim da garantia', '2020-02-29');
    await type(page, 'Armário', 'A-7');
    await type(page, 'height', '1.5');
    for (const [name, value] of [
      ['Uso', 'repair'],
      ['leased', 'true'],
    ]) {
      await page.click(`[aria-label="Editar ${name}"]`);
      await page.selectOption('.fact.editing select', value ?? '');
      await page.click('.fact.editing button.primary');
      await page.waitForSelector('.fact.editing', { state: 'detached' });
    }
    await page.waitForSelector('dd:has-text("29/02/2020 (vencida)")');
    expect(await kept(3)).toMatchObject({
      site: 'Campus "Norte"',
      tags: ['lab', 'projetor'],
      notes: 'primeira linha\nsegunda linha',
      lifecycle: 'repair',
      warranty_end_date: '2020-02-29',
      custom: { rack: 'A-7', height: 1.5, leased: true },
    });
    await page.click('[aria-label^="Máquinas com o mesmo valor: Campus"]');
    await page.waitForSelector('text=1 máquina');
    await page.goBack();
    await type(page, 'Local', '');
    expect((await kept(3)).site).toBeNull();
    await page.click('[aria-label="Editar Etiquetas"]');
    await page.locator('.fact.editing input').fill('t'.repeat(51));
    await page.keyboard.press('Enter');
    await page.waitForSelector('form [role=alert]:has-text("tags")');
    await watched.close();
  });

  it('is left, and comes back', async () => {
    const watched = await Watched.open(browser, server.url, `/machines/${idOf(4)}`, {}, {}, [404]);
    const { page } = watched;
    await page.click('button:text-is("Tirar de uso")');
    await page.waitForSelector('.badge:has-text("Fora de uso")');
    await page.click('button:text-is("Voltar ao uso")');
    await page.waitForSelector('.badge:has-text("Online")');
    await page.click('button:text-is("Remover")');
    await page.click('dialog button.primary');
    await page.waitForSelector('h1:has-text("foi removida")');
    expect((await fetch(`${server.url}/api/machines/${idOf(4)}`)).status).toBe(404);
    await page.click('button:text-is("Trazer de volta")');
    await page.waitForSelector('.badge:has-text("Online")');
    expect((await kept(4)).machine_id).toBe(idOf(4));
    await watched.close();
  });

  it('shows what is inside, also what it knows no words for', async () => {
    const watched = await Watched.open(browser, server.url, `/machines/${idOf(7)}`);
    const { page } = watched;
    const card = (name: string) => page.locator(`section[aria-label="${name}"]`);
    await card('Computador').locator('dd:has-text("5CD1234XYZ")').waitFor();
    expect(await card('Memória').locator('tbody tr').count()).toBe(2);
    expect(await card('Discos').textContent()).toContain('256,1 GB');
    expect(await card('Firmware').textContent()).toMatch(/Secure Boot\s*Sim/);
    expect(await card('Conectados').count()).toBe(0);
    expect(await card('Usuários').textContent()).toContain('ana');
    expect(await card('Computador').textContent()).toMatch(/<img src=x .*made_on\s*a Tuesday/);
    expect(await page.title()).not.toBe('1');
    const software = card('Programas');
    expect(await software.locator('tbody tr').count()).toBe(50);
    await software.locator('input').fill('number-11 dpkg');
    await software.locator('text=11 de 120').waitFor();
    await page.click('[aria-label="Editar Modelo"]');
    await page.keyboard.type('Dell OptiPlex 7090');
    await page.keyboard.press('Enter');
    await page.waitForSelector('dd:has-text("Dell OptiPlex 7090")');
    await card('Computador').waitFor();
    await watched.close();
  });
});

describe('many machines', () => {
  const picking = async (path: string) => {
    const watched = await Watched.open(browser, server.url, path, {}, {}, [400]);
    await watched.page.waitForSelector('.region[aria-busy=false] tbody th a');
    await watched.page.click('.tools button[aria-pressed=false]');
    await watched.page.waitForSelector('section[aria-label="Mudar as selecionadas"]');
    return watched;
  };

  it('get a tag, those that are marked', async () => {
    const watched = await picking('/report?q=adm-pc');
    const { page } = watched;
    await page.click('tr[aria-rowindex="2"] .pick input');
    await page.click('tr[aria-rowindex="5"] .pick input', { modifiers: ['Shift'] });
    await page.waitForSelector('text=4 máquinas selecionadas');
    await page.click('tr[aria-rowindex="3"] .pick input');
    await page.fill('input[aria-label="Valor"]', 'novo projetor, lab');
    await page.click('section button.primary');
    await page.click(
      'dialog:has-text("3 máquinas mudam: Adicionar etiquetas = novo projetor, lab") button.primary',
    );
    await page.waitForSelector('text=3 máquinas mudaram.');
    expect(await listed('tag=novo+projetor&tag=lab')).toBe(4);
    await page.click('section button.primary');
    await page.waitForSelector('text=Nenhuma máquina mudaria.');
    await page.click('a:text-is("Ver só estas")');
    await page.waitForSelector('.title p:has-text("3 máquinas")');
    expect(await page.locator('tbody th a').count()).toBe(3);
    await watched.close();
  });

  it('move to another site, all of the view', async () => {
    const watched = await picking('/report?os=windows');
    const { page } = watched;
    await page.click('thead .pick input');
    await page.waitForSelector('text=80 máquinas selecionadas');
    await page.selectOption('select[aria-label="O que mudar"]', 'site');
    await page.fill('input[aria-label="Valor"]', 'Campus Sul');
    await page.click('section button.primary');
    await page.click('dialog button.primary');
    await page.waitForSelector('text=80 máquinas mudaram.');
    expect(await listed('site=Campus+Sul')).toBe(80);
    await page.check('aside input[value="Campus Sul"]');
    await page.waitForURL('**site=Campus+Sul**');
    await watched.close();
  });

  it('are removed, and what is wrong is said', async () => {
    const watched = await picking('/report?q=bib-pc');
    const { page } = watched;
    await page.click('tr[aria-rowindex="2"] .pick input');
    await page.fill('input[aria-label="Valor"]', 'x'.repeat(51));
    await page.click('section button.primary');
    await page.waitForSelector('section [role=alert]:has-text("add_tags")');
    const before = await listed('q=bib-pc');
    await page.click('section button:text-is("Remover")');
    await page.click('dialog button.primary');
    await page.waitForSelector('text=1 máquina removida.');
    expect(await listed('q=bib-pc')).toBe(before - 1);
    await page.waitForSelector(`.title p:has-text("${before - 1} máquinas")`);
    await watched.close();
  });
});

it('a program and its versions are found over all machines', async () => {
  const packages = [{ name: 'firefox-esr', version: '115.2' }];
  await server.inside(8, { software: { packages } });
  await server.inside(9, { software: { packages: [{ name: 'firefox-esr', version: '115.10' }] } });
  const watched = await Watched.open(browser, server.url, `/machines/${idOf(8)}`);
  const { page } = watched;
  await page.click('td a:text-is("firefox-esr")');
  await page.waitForURL('**/software?name=%3Dfirefox-esr');
  await page.waitForSelector('text=2 versões em 3 máquinas');
  await page.fill('input[name=version]', '<115.10');
  await page.keyboard.press('Enter');
  await page.waitForSelector('text=1 versão em 3 máquinas');
  await page.click('summary');
  await page.click('details a:text-is("Ver no relatório")');
  await page.waitForSelector('.title p:has-text("1 máquina")');
  await watched.close();
});

it('the help of the search shows searches that work', async () => {
  const watched = await Watched.open(browser, server.url, '/report');
  const { page } = watched;
  await page.waitForSelector('tbody th a');
  await page.keyboard.press('?');
  for (const code of await page.locator('dialog dt code').allTextContents()) {
    const found = await fetch(`${server.url}/api/machines?q=${encodeURIComponent(code)}`);
    expect(found.status, code).toBe(200);
  }
  await page.click('dialog a:has-text("os:windows,linux")');
  await page.waitForURL('**/report?q=os**');
  await page.waitForSelector(
    `.title p:has-text("${await listed('os=windows&os=linux')} máquinas")`,
  );
  await watched.close();
});

it('memory is counted as computers are sold, and leads to them', async () => {
  const watched = await Watched.open(browser, server.url, '/charts?q=pc-1');
  const { page } = watched;
  await page.click('section[aria-label="Memória"] a:has-text("8 a 16 GB")');
  await page.waitForURL('**/report?q=pc-1+memory**');
  const total = await listed('q=pc-1');
  await page.waitForSelector(`.title p:has-text("${total} máquinas")`);
  await watched.close();
});
