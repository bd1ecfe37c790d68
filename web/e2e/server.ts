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

  /** The link to the first login, where one is asked for. */
  setup = '';

  private constructor(private readonly guarded: boolean) {}

  /** One that asks nobody who they are, or one that does. */
  static async start(guarded = false): Promise<Server> {
    const server = new Server(guarded);
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
        TATUSCAN_BIND: '127.0.0.1',
        TATUSCAN_AUTH: this.guarded ? 'compat' : 'off',
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
        const link = /(\/setup#k=\S+)/.exec(log);
        if (link?.[1]) this.setup = link[1];
        if (ready && (link || !this.guarded)) found(Number(ready[1]));
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
    return this.send('POST', '/api/machines', report);
  }

  /** What an agent says of what is inside a machine. */
  async inside(number: number, sections: Record<string, object>): Promise<void> {
    for (const [name, content] of Object.entries(sections)) {
      const path = `/api/machines/${idOf(number)}/sections/${name}`;
      await this.send('PUT', path, { hash: 'abc', content });
    }
  }

  send(method: string, path: string, body: object): Promise<void> {
    return new Promise((resolve, reject) => {
      const post = request(
        `${this.url}${path}`,
        { method, agent: this.#agent, headers: { 'Content-Type': 'application/json' } },
        (answer) => {
          answer.resume();
          answer.on('end', () =>
            answer.statusCode === 200 || answer.statusCode === 201
              ? resolve()
              : reject(new Error(`${method} ${path} was answered ${answer.statusCode}`)),
          );
        },
      );
      post.on('error', reject);
      post.end(JSON.stringify(body));
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

/** What is inside a computer, as an agent sends it. */
export const INSIDE = {
  system: {
    manufacturer: 'Dell Inc.',
    model: 'OptiPlex 7090',
    serial: '5CD1234XYZ',
    uuid: '4c4c4544-0035-4310-8031-b5c04f4e3432',
    chassis: 'desktop',
    asset_tag: '<img src=x onerror=document.title=1>',
    made_on: 'a Tuesday',
  },
  firmware: { vendor: 'Dell Inc.', version: '1.20.1', mode: 'uefi', secure_boot: true, tpm: '2.0' },
  cpu: { model: 'Intel(R) Core(TM) i5-10500 CPU @ 3.10GHz', sockets: 1, cores: 6, threads: 12 },
  memory: {
    slots: 4,
    max_mb: 131_072,
    modules: ['DIMM1', 'DIMM2'].map((slot) => ({
      slot,
      size_mb: 8192,
      type: 'DDR4',
      speed_mts: 2666,
    })),
  },
  disks: {
    disks: [
      {
        name: 'nvme0n1',
        model: 'KXG60ZNV256G',
        size_bytes: 256_060_514_304,
        rotational: false,
        bus: 'nvme',
      },
    ],
  },
  interfaces: {
    interfaces: [
      {
        name: 'eno1',
        mac: '00:1b:21:aa:bb:cc',
        ipv4: ['10.1.7.7'],
        ipv6: ['fe80::21b:21ff:feaa:bbcc'],
        virtual: false,
      },
      { name: 'docker0', ipv4: ['172.17.0.1'], virtual: true },
    ],
  },
  os: {
    name: 'Debian GNU/Linux',
    version: '12 (bookworm)',
    kernel: '6.1.0-27-amd64',
    booted_at: '2026-11-20T08:01:02-04:00',
  },
  users: { logged_in: [{ name: 'ana', since: '2026-11-28T07:30:00-04:00' }], last: 'ana' },
  software: {
    packages: Array.from({ length: 120 }, (_, at) => ({
      name: `lib-number-${at}`,
      version: `1.${at}-2`,
      source: 'dpkg',
    })),
  },
  batteries: { batteries: [] },
};
