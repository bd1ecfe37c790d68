/** Logging in and out, and the first admin. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LOOKS, launch, Watched } from './browser';
import { machine, Server } from './server';

const PASSWORD = 'three words make one';
let browser: Browser;
let server: Server;

beforeAll(async () => {
  [browser, server] = await Promise.all([launch(), Server.start(true)]);
  await server.report(machine(1));
});

afterAll(async () => {
  await browser.close();
  await server.stop();
});

it('a setup link makes the first admin, who logs out and in again', async () => {
  const watched = await Watched.open(browser, server.url, server.setup, {}, {}, [401]);
  const { page } = watched;
  await page.waitForSelector('input[name=again]');
  expect(page.url()).toBe(`${server.url}/setup`);
  await page.fill('input[name=password]', 'short');
  await page.fill('input[name=again]', 'short');
  await page.click('button.primary');
  await page.waitForSelector('[role=alert]:not(:empty)');
  await page.fill('input[name=password]', PASSWORD);
  await page.fill('input[name=again]', PASSWORD);
  await Promise.all([page.waitForURL(`${server.url}/`), page.click('button.primary')]);
  await page.waitForSelector('header .who');
  expect(await page.textContent('header .who')).toBe('admin');

  await page.click('header button:has-text("Sair")');
  await page.waitForURL('**/login');
  // A page that was asked for is shown after the login.
  await page.goto(`${server.url}/report?dir=desc`);
  await page.waitForURL('**/login?next=*');
  await page.fill('input[name=name]', 'admin');
  await page.fill('input[name=password]', 'wrong as can be');
  await page.click('button.primary');
  await page.waitForSelector('[role=alert]:not(:empty)');
  await page.fill('input[name=password]', PASSWORD);
  await Promise.all([page.waitForURL('**/report?dir=desc'), page.click('button.primary')]);
  await page.waitForSelector('tbody th a');
  await watched.close();
});

it('sends nobody to another site after a login', async () => {
  for (const next of ['//evil.example', '/\\\\evil.example', 'https://evil.example', '/login']) {
    const path = `/login?next=${encodeURIComponent(next)}`;
    const watched = await Watched.open(browser, server.url, path);
    const { page } = watched;
    await page.fill('input[name=name]', 'admin');
    await page.fill('input[name=password]', PASSWORD);
    await Promise.all([page.waitForURL(`${server.url}/`), page.click('button.primary')]);
    await watched.close();
  }
});

it('can be used by everybody', async () => {
  for (const look of LOOKS) {
    for (const path of ['/login', '/setup#k=x']) {
      const watched = await Watched.open(browser, server.url, path, look);
      await watched.page.waitForSelector('form h1');
      await watched.audit();
      await watched.fits();
      await watched.close();
    }
  }
});
