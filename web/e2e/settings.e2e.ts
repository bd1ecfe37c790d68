/** What administrators do in the dashboard. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launch, Watched } from './browser';
import { machine, Server } from './server';

const PASSWORD = 'three words make one';
let browser: Browser;
let server: Server;
let watched: Watched;
let page: Page;

beforeAll(async () => {
  [browser, server] = await Promise.all([launch(), Server.start(true)]);
  const same = { hostname: 'lab-01', os: 'linux', computer_model: 'Dell', memory_total_mb: 8000 };
  await server.report(machine(1, same));
  await server.report(machine(2, same));
  watched = await Watched.open(browser, server.url, server.setup, {}, {}, [201]);
  page = watched.page;
  await page.fill('input[name=password]', PASSWORD);
  await page.fill('input[name=again]', PASSWORD);
  await Promise.all([page.waitForURL(`${server.url}/`), page.click('button.primary')]);
});

afterAll(async () => {
  await watched.close();
  await browser.close();
  await server.stop();
});

const open = async (name: string) => {
  await page.click('header nav a:has-text("Administração")');
  await page.click(`nav[aria-label="Páginas da administração"] a:has-text("${name}")`);
  await page.waitForSelector(`h1:has-text("${name}")`);
};

it('makes a token, shows it this once, and revokes it', async () => {
  await open('Tokens');
  await page.fill('label:has-text("Para quê") input', 'planilha');
  await page.click('form button.primary');
  const token = await page.textContent('.made code');
  expect(token).toMatch(/^tsr_/);
  const list = await fetch(`${server.url}/api/machines`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  expect(list.status).toBe(200);
  await page.click('tr:has-text("planilha") button');
  await page.click('dialog button.primary');
  await page.waitForSelector('tr:has-text("planilha")', { state: 'detached' });
  const refused = await fetch(`${server.url}/api/machines`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  expect(refused.status).toBe(401);
});

it('adds a person, says what is wrong, and removes the person', async () => {
  await open('Pessoas');
  const form = page.locator('.page form').first();
  await form.locator('input').nth(0).fill('bea');
  await form.locator('input').nth(1).fill(PASSWORD);
  await form.locator('button.primary').click();
  await page.waitForSelector('tr:has-text("bea")');
  await page.click('tr:has-text("bea") button:has-text("Tornar administrador")');
  await page.waitForSelector('tr:has-text("bea") td:has-text("Administrador")');
  await page.click('tr:has-text("bea") button:has-text("Remover")');
  await page.click('dialog button.primary');
  await page.waitForSelector('tr:has-text("bea")', { state: 'detached' });
});

it('merges what is there twice, and takes it back', async () => {
  await open('Duplicadas');
  await page.click('button:has-text("Mesclar os seguros")');
  await page.click('dialog button.primary');
  await page.waitForSelector('.page :text("Nada aqui.")');
  await open('Removidas');
  await page.click('tr:has-text("lab-01") button:has-text("Desfazer")');
  await page.waitForSelector('tr:has-text("lab-01")', { state: 'detached' });
  await open('Duplicadas');
  await page.waitForSelector('.card:has-text("lab-01")');
});

it('imports a file after a look at what it would change', async () => {
  await open('Importar');
  const csv = (room: string) => ({
    name: 'salas.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(`Máquina;Sala\nchromebook-7;${room}\nnobody;9\n`),
  });
  await page.fill('.card:has-text("sem agente") label:has-text("Nome") input', 'chromebook-7');
  await page.click('.card:has-text("sem agente") button.primary');
  await page.waitForSelector('a:has-text("chromebook-7")');
  await page.setInputFiles('input[type=file]', csv('Lab 4'));
  await page.waitForSelector('text=1 máquina mudaria.');
  await page.waitForSelector('text=1 linha sem máquina');
  await page.click('button:has-text("Gravar as mudanças")');
  await page.waitForSelector('text=1 máquina mudou.');
  const found = await page.evaluate(async () => {
    const answer = await fetch('/api/machines?q=room:"Lab 4"');
    return (await answer.json()).count;
  });
  expect(found).toBe(1);
});

it('makes an enrolment token into commands to copy', async () => {
  await open('Agentes');
  await page.click('button:has-text("Criar token de cadastro")');
  await page.waitForSelector('pre:has-text("--enroll-token tse_")');
  expect(await page.textContent('.card:has-text("sem credencial")')).toContain('2 agentes relatam');
});

it('defines a field, and the audit log says who', async () => {
  await open('Campos');
  await page.fill('label:has-text("Nome que") input', 'Armário');
  await page.fill('label:has-text("Chave") input', 'rack');
  await page.click('form button.primary');
  await page.waitForSelector('tr:has-text("Armário")');
  await open('Auditoria');
  await page.fill('input[type=search][placeholder="machine."]', 'field.');
  await page.waitForURL('**/settings/audit?action=field.');
  await page.waitForSelector('tr:has-text("field.create"):has-text("user admin")');
});

it('keeps a view, opens it, and exports what is on the screen', async () => {
  await page.goto(`${server.url}/report?q=lab&sort=updated_at&dir=desc`);
  await page.waitForSelector('tbody th a');
  await page.click('button[aria-label="Visões"]');
  await page.fill('label:has-text("Guardar esta visão") input', 'Laboratório');
  await page.click('button:has-text("Guardar")');
  const kept = page.locator('.panel a:has-text("Laboratório")');
  expect(await kept.getAttribute('href')).toContain('q=lab');
  await page.goto(`${server.url}/report`);
  await page.waitForSelector('tbody th a');
  await page.click('button[aria-label="Visões"]');
  await kept.click();
  await page.waitForURL('**/report?*q=lab*');
  await page.click('button[aria-label="Exportar"]');
  const coming = page.waitForEvent('download');
  await page.click('.panel a:has-text("CSV")');
  const file = await (await coming).createReadStream();
  let text = '';
  for await (const chunk of file) text += chunk;
  expect(text.trim().split('\n')).toHaveLength(4);
  expect(text).toContain('lab-01');
});
