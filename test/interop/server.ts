import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { searchPath, tiedToUs } from '../services/command.ts';
import { freePort } from '../services/free-port.ts';
import { until } from '../services/wait.ts';
import type { Python } from './python.ts';

export const USER = 'reader';
export const PASSWORD = 'a password: with a colon';

/** A public TAXII server that runs on loopback with data of its own. */
export interface TaxiiServer {
  readonly name: string;
  readonly version: string;
  readonly origin: string;
  readonly folder: string;
  /** Paths of the requests that came since the last call. */
  takeRequests(): string[];
  /** Ends it and deletes its folder. */
  stop(): Promise<void>;
}

interface Plan {
  name: string;
  version: string;
  /** Answers without credentials, or refuses them: either shows that it serves. */
  probe: string;
  /** The command, once its files are in the folder. */
  prepare(at: { folder: string; port: number }): string[];
}

/** Everything that must not outlive this process. */
const ours = new Set<{ child: ChildProcess; folder: string }>();
process.on('exit', () => {
  for (const { child, folder } of ours) {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
});

/** What medallion has from the beginning: its file of data says when each object was added. */
export interface MedallionData {
  /** Id of its one collection. */
  collection: string;
  objects: readonly { object: { id: string; modified: string }; added: string }[];
  pageSize: number;
}

export function startMedallion(python: Python, { collection, objects, pageSize }: MedallionData): Promise<TaxiiServer> {
  const media = 'application/stix+json;version=2.1';
  return start({
    name: 'medallion',
    version: versionOf(python, 'medallion'),
    probe: '/taxii2/',
    prepare({ folder, port }) {
      const root = `http://127.0.0.1:${port}/root/`;
      const data = {
        '/discovery': { title: 'interop', default: root, api_roots: [root] },
        root: {
          information: { title: 'root', versions: ['application/taxii+json;version=2.1'], max_content_length: 1e8 },
          status: [],
          collections: [
            {
              id: collection,
              title: 'threats',
              can_read: true,
              can_write: true,
              media_types: [media],
              objects: objects.map(({ object }) => object),
              manifest: objects.map(({ object: { id, modified }, added }) => ({
                id,
                date_added: added,
                version: modified,
                media_type: media,
              })),
            },
          ],
        },
      };
      const backend = {
        module: 'medallion.backends.memory_backend',
        module_class: 'MemoryBackend',
        // seconds for which it knows a "next"
        session_timeout: 600,
        filename: writeJson(folder, 'data.json', data),
      };
      const config = { users: { [USER]: PASSWORD }, taxii: { max_page_size: pageSize }, backend };
      const file = writeJson(folder, 'medallion.json', config);
      return [python.program, '-m', 'medallion.scripts.run', '--host', '127.0.0.1', '--port', String(port), file];
    },
  });
}

export interface OpenTaxiiData {
  /** Collections of TAXII 1: name and type. */
  taxii1: Readonly<Record<string, 'DATA_FEED' | 'DATA_SET'>>;
  /** Titles of collections of TAXII 2.1. */
  taxii2: readonly string[];
  /** Content blocks of one part of a result. */
  partSize: number;
}

/** The database of its TAXII 2.1 side, in the server's folder. */
export const TAXII2_DATABASE = 'taxii2.db';

export function startOpenTaxii(python: Python, { taxii1, taxii2, partSize }: OpenTaxiiData): Promise<TaxiiServer> {
  return start({
    name: 'OpenTAXII',
    version: versionOf(python, 'opentaxii'),
    probe: '/taxii2/',
    prepare({ folder, port }) {
      const database = (file: string): Record<string, unknown> => ({
        db_connection: `sqlite:///${join(folder, file)}`,
        create_tables: true,
      });
      // YAML holds JSON
      const config = writeJson(folder, 'opentaxii.yml', {
        domain: `127.0.0.1:${port}`,
        support_basic_auth: true,
        auth_api: {
          class: 'opentaxii.auth.sqldb.SQLDatabaseAPI',
          parameters: { ...database('accounts.db'), secret: 'of these tests alone, and long enough for SHA-256' },
        },
        taxii1: {
          persistence_api: {
            class: 'opentaxii.persistence.sqldb.SQLDatabaseAPI',
            parameters: database('taxii1.db'),
          },
        },
        taxii2: {
          title: 'interop',
          public_discovery: true,
          max_content_length: 1e8,
          persistence_api: {
            class: 'opentaxii.persistence.sqldb.Taxii2SQLDatabaseAPI',
            parameters: database(TAXII2_DATABASE),
          },
        },
        logging: { root: 'info' },
      });
      const service = (type: string, more: Record<string, unknown>): Record<string, unknown> => ({
        id: type,
        type,
        address: `/services/${type}`,
        description: type,
        authentication_required: true,
        protocol_bindings: ['urn:taxii.mitre.org:protocol:http:1.0'],
        ...more,
      });
      const names = Object.keys(taxii1);
      const plan = {
        config,
        port,
        taxii2_collections: taxii2,
        data: {
          services: [
            service('discovery', { advertised_services: ['inbox', 'discovery', 'collection_management', 'poll'] }),
            service('inbox', { destination_collection_required: true, accept_all_content: true }),
            service('collection_management', {}),
            service('poll', { subscription_required: false, max_result_size: partSize, max_result_count: 1000 }),
          ],
          collections: names.map((name) => ({
            name,
            type: taxii1[name],
            available: true,
            accept_all_content: true,
            service_ids: ['inbox', 'collection_management', 'poll'],
          })),
          accounts: [{ username: USER, password: PASSWORD, is_admin: true }],
        },
      };
      return [python.program, python.script('opentaxii_server.py'), writeJson(folder, 'plan.json', plan)];
    },
  });
}

async function start({ name, version, probe, prepare }: Plan): Promise<TaxiiServer> {
  const folder = mkdtempSync(join(tmpdir(), `tipline-${name.toLowerCase()}-`));
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const logFile = join(folder, 'server.log');
  const [program = '', ...args] = tiedToUs('TERM', prepare({ folder, port }));
  const log = openSync(logFile, 'a');
  const environment = { ...process.env, PATH: searchPath, PYTHONUNBUFFERED: '1' };
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', log, log], env: environment });
  closeSync(log);
  const held = { child, folder };
  ours.add(held);
  let over = false;
  child.once('exit', () => {
    over = true;
  });
  child.once('error', () => {
    over = true;
  });
  const ended = once(child, 'exit');
  ended.catch(() => {});

  async function stop(): Promise<void> {
    if (!over) {
      child.kill('SIGKILL');
      await ended;
    }
    ours.delete(held);
    rmSync(folder, { recursive: true, force: true });
  }

  const serves = async (): Promise<boolean> => over || (await fetch(`${origin}${probe}`)).status > 0;
  try {
    await until(serves, { what: `${name} to serve`, timeout: 60_000, every: 100 });
    if (over) throw new Error(`${name} ended while starting`);
  } catch (error) {
    const said = readFileSync(logFile, 'utf8').slice(-3000);
    await stop();
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${said}`);
  }

  let read = 0;
  function takeRequests(): string[] {
    const text = readFileSync(logFile, 'latin1');
    const requests = [...text.slice(read).matchAll(/\b(?:GET|POST) (\/\S*) HTTP\/1\.[01]/g)].map(
      ([, path = '']) => path,
    );
    read = text.length;
    return requests;
  }

  return { name, version, origin, folder, takeRequests, stop };
}

function versionOf(python: Python, name: string): string {
  return python.packages.get(name) ?? 'unknown';
}

function writeJson(folder: string, name: string, content: unknown): string {
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify(content));
  return file;
}
