/** The real server as a child process, and machines that report to it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const PROGRAM = resolve(
  process.env.TATUSCAN_BIN ?? join(import.meta.dirname, '../../target/debug/tatuscan'),
);

export type Report = Record<string, string | number>;

export class Server {
  #child: ChildProcess | null = null;
  #agent = new Agent({ keepAlive: true, maxSockets: 32 });
  readonly #data = mkdtempSync(join(tmpdir(), 'tatuscan-web-'));
  #port = 0;

  static async start(): Promise<Server> {
    const server = new Server();
    await server.up();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts, at the port it had if it was up before. */
  async up(): Promise<void> {
    const child = spawn(PROGRAM, ['serve'], {
      cwd: this.#data,
      env: {
        PATH: process.env.PATH,
        TATUSCAN_DB_DIR: this.#data,
        TATUSCAN_PORT: String(this.#port),
        TATUSCAN_AUTH: 'off',
        TATUSCAN_BIND: '127.0.0.1',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child = child;
    this.#port = await new Promise((found, failed) => {
      child.once('error', failed);
      child.once('exit', (code) => failed(new Error(`${PROGRAM} ended with ${code}`)));
      let log = '';
      child.stdout.on('data', (text) => {
        log += text;
        const ready = /is ready.*url=http:\/\/[^:]+:(\d+)/.exec(log);
        if (ready) found(Number(ready[1]));
      });
    });
  }

  async down(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = null;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }

  async stop(): Promise<void> {
    await this.down();
    this.#agent.destroy();
    rmSync(this.#data, { recursive: true, force: true });
  }

  report(report: Report): Promise<void> {
    return new Promise((resolve, reject) => {
      const post = request(
        `${this.url}/api/machines`,
        { method: 'POST', agent: this.#agent, headers: { 'Content-Type': 'application/json' } },
        (answer) => {
          answer.resume();
          answer.on('end', () =>
            answer.statusCode === 200 || answer.statusCode === 201
              ? resolve()
              : reject(new Error(`a report was answered ${answer.statusCode}`)),
          );
        },
      );
      post.on('error', reject);
      post.end(JSON.stringify(report));
    });
  }

  async reports(reports: Report[]): Promise<void> {
    const queue = reports.values();
    const work = async () => {
      for (const report of queue) await this.report(report);
    };
    await Promise.all(Array.from({ length: 32 }, work));
  }
}

const SYSTEMS = [
  ['windows', 'Windows 11'],
  ['windows', 'Windows 10'],
  ['linux', 'Debian GNU/Linux 12 (bookworm)'],
  ['linux', 'Ubuntu 24.04.1 LTS (Noble Numbat)'],
  ['darwin', 'macOS 14.5'],
  ['Chrome OS', ''],
] as const;
const MODELS = Array.from({ length: 17 }, (_, at) => `Dell OptiPlex ${7010 + at * 10}`);
const ROOMS = ['lab', 'bib', 'adm', 'sec'];

export const idOf = (number: number) => number.toString(16).padStart(64, '0');

/** Machine number so-and-so of a fleet; always the same. */
export function machine(number: number, more: Report = {}): Report {
  const at = (list: readonly string[], step: number) => list[(number * step) % list.length] ?? '';
  const [os, version] = SYSTEMS[(number * 7) % SYSTEMS.length] ?? SYSTEMS[0];
  const year = 2012 + (number % 14);
  return {
    machine_id: idOf(number),
    hostname: `${at(ROOMS, 3)}-pc-${number}`,
    ip: `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`,
    os,
    os_version: version,
    cpu_percent: (number * 13) % 100,
    memory_total_mb: 8192,
    memory_used_mb: (number * 97) % 8192,
    ...(number % 3 ? { computer_model: at(MODELS, 1) } : {}),
    ...(number % 4 ? { computer_activation: `${year}-03-15` } : {}),
    ...more,
  };
}

export const fleet = (size: number) => Array.from({ length: size }, (_, at) => machine(at + 1));
