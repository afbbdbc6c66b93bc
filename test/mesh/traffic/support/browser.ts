import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

type Fields = Record<string, unknown>;

const names = ['chromium', 'chromium-browser', 'google-chrome'];

/** Name of a Chromium on PATH. */
export function findChromium(): string | undefined {
  return names.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
}

/** A page in a headless Chromium, controlled with the DevTools protocol over pipes, so that no port is opened. */
export class Browser {
  /** URLs that the page requested, and errors of its script. */
  readonly requests: string[] = [];
  readonly errors: string[] = [];
  private id = 0;
  private rest = '';
  private session: string | undefined;
  private readonly waiting = new Map<number, { done: (result: Fields) => void; failed: (error: Error) => void }>();

  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {
    (child.stdio[4] as Readable).on('data', (chunk: Buffer) => this.read(chunk.toString('utf8')));
  }

  static async start(program: string): Promise<Browser> {
    const folder = mkdtempSync(join(tmpdir(), 'meshwright-chromium-'));
    const words = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--remote-debugging-pipe',
      `--user-data-dir=${folder}`,
    ];
    const child = spawn(program, words, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    const browser = new Browser(child, folder);
    const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: true });
    browser.session = sessionId as string;
    for (const domain of ['Page', 'Network', 'Runtime', 'Accessibility']) await browser.send(`${domain}.enable`);
    return browser;
  }

  /** Opens a file at a width in pixels and in a colour scheme. */
  async open(file: string, width: number, scheme: 'light' | 'dark'): Promise<void> {
    await this.send('Emulation.setDeviceMetricsOverride', { width, height: 1000, deviceScaleFactor: 1, mobile: false });
    const features = [{ name: 'prefers-color-scheme', value: scheme }];
    await this.send('Emulation.setEmulatedMedia', { features });
    await this.send('Page.navigate', { url: `file://${file}` });
    await this.evaluate(
      `new Promise((done) => document.readyState === 'complete' ? done() : addEventListener('load', done))`,
    );
  }

  /** The value of an expression in the page. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value?: unknown }).value;
  }

  async press(key: 'Tab' | 'Enter'): Promise<void> {
    const code = { Tab: 9, Enter: 13 }[key];
    const text = key === 'Enter' ? { text: '\r' } : {};
    await this.send('Input.dispatchKeyEvent', {
      type: 'keyDown',
      key,
      code: key,
      windowsVirtualKeyCode: code,
      ...text,
    });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', key, code: key, windowsVirtualKeyCode: code });
  }

  type(text: string): Promise<Fields> {
    return this.send('Input.insertText', { text });
  }

  /** The accessibility tree for a screen reader: role and name of every named element. */
  async spoken(): Promise<{ role: string; name: string }[]> {
    const { nodes } = await this.send('Accessibility.getFullAXTree');
    return (nodes as { ignored: boolean; role?: { value: string }; name?: { value: string } }[])
      .filter(({ ignored }) => !ignored)
      .map(({ role, name }) => ({ role: role?.value ?? '', name: name?.value ?? '' }))
      .filter(({ name }) => name !== '');
  }

  async stop(): Promise<void> {
    const gone = new Promise((done) => this.child.once('exit', done));
    this.child.kill();
    await gone;
    // Chromium's helper processes live a moment longer, and still write into its folder. rmSync would not delete again
    // what they add meanwhile.
    await rm(this.folder, { recursive: true, force: true, maxRetries: 15 });
  }

  private send(method: string, params: Fields = {}): Promise<Fields> {
    const id = ++this.id;
    const message = { id, method, params, ...(this.session === undefined ? {} : { sessionId: this.session }) };
    (this.child.stdio[3] as Writable).write(`${JSON.stringify(message)}\0`);
    return new Promise((done, failed) => this.waiting.set(id, { done, failed }));
  }

  private read(text: string): void {
    const messages = (this.rest + text).split('\0');
    this.rest = messages.pop() ?? '';
    for (const message of messages) this.take(JSON.parse(message) as Fields);
  }

  private take({ id, result, error, method, params }: Fields): void {
    const waiting = this.waiting.get(id as number);
    this.waiting.delete(id as number);
    if (error !== undefined) waiting?.failed(new Error(JSON.stringify(error)));
    else waiting?.done(result as Fields);
    if (method === 'Network.requestWillBeSent')
      this.requests.push((params as { request: { url: string } }).request.url);
    if (method === 'Runtime.exceptionThrown') this.errors.push(JSON.stringify(params));
  }
}
