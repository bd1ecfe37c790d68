/** A real headless Chromium, and what must be true of every page in it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

export interface Look {
  theme: 'light' | 'dark';
  width: number;
}

export const LOOKS: Look[] = [
  { theme: 'light', width: 1280 },
  { theme: 'dark', width: 1280 },
  { theme: 'light', width: 390 },
  { theme: 'dark', width: 390 },
];

/** A page that holds every complaint against itself. */
export class Watched {
  readonly complaints: string[] = [];
  readonly requests: string[] = [];
  /** Statuses that a test expects beside 200 and 304. */
  readonly expected = new Set<number>();

  private constructor(
    readonly page: Page,
    readonly origin: string,
  ) {
    page.on('console', (message) => {
      const about = `${message.type()}: ${message.text()}`;
      const known = [...this.expected].some((status) => about.includes(`status of ${status}`));
      if (!known) this.complaints.push(about);
    });
    page.on('pageerror', (error) => this.complaints.push(`thrown: ${error.message}`));
    page.on('request', (request) => {
      this.requests.push(request.url());
      const local = request.url().startsWith(`${origin}/`) || request.url().startsWith('data:');
      if (!local) this.complaints.push(`asked ${request.url()}`);
    });
    page.on('response', (response) => {
      const status = response.status();
      const fine = status === 200 || status === 304 || this.expected.has(status);
      if (!fine) this.complaints.push(`${status} for ${response.url()}`);
    });
  }

  static async open(
    browser: Browser,
    origin: string,
    path: string,
    look: Partial<Look> = {},
    options: BrowserContextOptions = {},
    expected: number[] = [],
  ): Promise<Watched> {
    const context = await browser.newContext({
      viewport: { width: look.width ?? 1280, height: (look.width ?? 1280) < 600 ? 844 : 800 },
      colorScheme: look.theme ?? 'light',
      locale: 'pt-BR',
      reducedMotion: 'reduce',
      ...options,
    });
    const page = await context.newPage();
    await page.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) => {
        console.error(`refused by the policy: ${event.violatedDirective} ${event.blockedURI}`);
      });
      window.print = () => document.documentElement.setAttribute('data-printed', '');
    });
    const watched = new Watched(page, origin);
    for (const status of expected) watched.expected.add(status);
    await page.goto(origin + path);
    return watched;
  }

  /** Every rule of WCAG 2.2, A and AA, that a machine can check. */
  async audit(exclude?: string): Promise<void> {
    await this.page.waitForTimeout(100);
    // What the header covers of a page that was scrolled is no fault of it.
    await this.page.evaluate(() => scrollTo(0, 0));
    await this.page.evaluate(AXE);
    const found = await this.page.evaluate(async (exclude) => {
      const { axe } = window as unknown as { axe: typeof import('axe-core') };
      const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
      const { violations } = await axe.run(exclude ? { exclude: [exclude] } : document, {
        runOnly: tags,
      });
      return violations.flatMap(({ id, nodes }) =>
        nodes.map((node) => `${id}: ${node.html.slice(0, 200)} ${node.any[0]?.message ?? ''}`),
      );
    }, exclude);
    expect(found, `axe on ${this.page.url()}`).toEqual([]);
  }

  /** No page may be wider than its window. */
  async fits(): Promise<void> {
    const over = await this.page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(over, `${this.page.url()} is wider than its window`).toBeLessThanOrEqual(0);
  }

  async close(): Promise<void> {
    await this.page.context().close();
    expect(this.complaints).toEqual([]);
  }
}
