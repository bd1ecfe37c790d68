/** A tab that somebody leaves open: what it holds does not grow. */
import type { Browser, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launch, Watched } from './browser';
import { fleet, machine, Server } from './server';

/** Minutes by the clock on the wall; without them the browser's clock is wound forward by 30. */
const REAL = Number(process.env.TATUSCAN_WEB_SOAK ?? 0);
const MINUTES = REAL || 30;
const STEP = 15_000;
const STEPS = (MINUTES * 60_000) / STEP;

let browser: Browser;
let server: Server;
let next = 10_000;

beforeAll(async () => {
  [browser, server] = await Promise.all([launch(), Server.start()]);
  await server.reports(fleet(2_000));
});

afterAll(async () => {
  await browser.close();
  await server.stop();
});

async function held(cdp: CDPSession): Promise<{ heap: number; nodes: number }> {
  await cdp.send('HeapProfiler.collectGarbage');
  const { metrics } = await cdp.send('Performance.getMetrics');
  const value = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? 0;
  return { heap: value('JSHeapUsedSize'), nodes: value('Nodes') };
}

const waits = (page: Page) =>
  REAL ? new Promise((done) => setTimeout(done, STEP)) : page.clock.runFor(STEP);

it.each(['/', '/report?os=linux', '/charts'])(
  `%s holds as much after ${MINUTES} minutes as after a third of them`,
  async (path) => {
    const watched = await Watched.open(browser, server.url, '/livez');
    const { page } = watched;
    if (!REAL) await page.clock.install();
    await page.goto(server.url + path);
    await page.waitForSelector('main a');
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('Performance.enable');
    let answers = 0;
    page.on('response', (response) => {
      if (response.url().includes('/api/') && response.status() === 200) answers += 1;
    });
    let early = await held(cdp);
    for (let step = 0; step < STEPS; step++) {
      // Something is new in every answer.
      await server.report(machine(next++, { os: 'linux', os_version: `Linux ${step % 40}` }));
      await waits(page);
      await page.waitForLoadState('networkidle');
      if (step === Math.floor(STEPS / 3)) early = await held(cdp);
    }
    const late = await held(cdp);
    const growth = late.heap - early.heap;
    console.log(
      `${path} after ${MINUTES} minutes and ${answers} answers: ${Math.round(late.heap / 1024)} KiB, ` +
        `${Math.round(growth / 1024)} KiB more than after a third; ${late.nodes} nodes of ${early.nodes}`,
    );
    expect(answers).toBeGreaterThan(STEPS / 3);
    expect(growth).toBeLessThan(512 * 1024);
    expect(late.nodes).toBeLessThan(early.nodes * 1.2 + 100);
    await watched.close();
  },
  MINUTES * 60_000 + 120_000,
);
