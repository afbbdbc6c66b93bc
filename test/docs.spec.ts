import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import type { Command } from 'commander';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { program } from '../cli/main';
import { checkMesh } from '../config/check-mesh';
import { parseStackText } from '../config/stack-text';
import { meshwright } from './cli/support';
import { blocks, fence, folders, pages, textOf, wordsOf } from './support/docs';

const root = join(__dirname, '..');

interface StackFile {
  config: Record<string, unknown>;
}

/** A page without its code blocks. */
const proseOf = (page: string): string => textOf(page).replaceAll(fence, '');

/** Targets of the links of a page to files and headings in this repository. */
function links(page: string): string[] {
  const prose = proseOf(page).replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** Anchors of the headings of a page, as GitHub makes them. */
function anchors(page: string): Set<string> {
  const found = new Set<string>();
  for (const [, heading = ''] of proseOf(page).matchAll(/^#+ (.+)$/gm)) {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = words.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
    let anchor = slug;
    for (let repeat = 1; found.has(anchor); repeat++) anchor = `${slug}-${repeat}`;
    found.add(anchor);
  }
  return found;
}

function linkProblem(page: string, target: string): string[] {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : normalize(join(dirname(page), path));
  if (!existsSync(join(root, file))) return [`${page}: ${target}: no such file`];
  if (anchor === undefined || anchors(file).has(anchor)) return [];
  return [`${page}: ${target}: ${file} has no such heading`];
}

describe('docs', () => {
  it('every link leads to a file and a heading that exist', () => {
    assert.ok(pages.length > 20);
    assert.deepEqual(
      pages.flatMap((page) => links(page).flatMap((target) => linkProblem(page, target))),
      [],
    );
  });

  it('every page in docs/ can be reached from README.md', () => {
    const reached = new Set(['README.md']);
    for (const page of reached) {
      if (!page.endsWith('.md')) continue;
      for (const target of links(page)) {
        const [path = ''] = target.split('#');
        if (path !== '') reached.add(normalize(join(dirname(page), path)));
      }
    }
    assert.deepEqual(
      pages.filter((page) => page.startsWith('docs/') && !reached.has(page)),
      [],
    );
  });

  it('every path of the source tree that a page names exists', () => {
    const isPath = (code: string): boolean =>
      /^[\w.-]+\/[\w./-]+$/.test(code) && folders.includes(code.split('/')[0] ?? '');
    const named = pages
      .filter((page) => page !== 'CHANGELOG.md')
      .flatMap((page) => [...textOf(page).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => ({ page, code })));
    assert.deepEqual(
      named.filter(
        ({ code }) => isPath(code) && !existsSync(join(root, code)) && !existsSync(join(root, `${code}.ts`)),
      ),
      [],
    );
  });

  it('every YAML block parses, and every stack file in one is accepted', () => {
    const dev = parse(textOf('Pulumi.dev.yaml')) as StackFile;
    const problems: string[] = [];
    let stackFiles = 0;
    for (const page of pages) {
      // A fragment replaces sections of what its page has shown so far, or of the default stack.
      let base = dev;
      for (const { at, text } of blocks(page).filter(({ language }) => language === 'yaml')) {
        const mistakes = parseAllDocuments(text).flatMap(({ errors }) => errors);
        problems.push(...mistakes.map(({ message }) => `${at}: ${message}`));
        if (mistakes.length > 0) continue;
        const value = (parseAllDocuments(text)[0]?.toJS() ?? {}) as Record<string, unknown>;
        const isFragment = Object.keys(value).some((key) => key.startsWith('meshwright:'));
        if (!isFragment && !('config' in value)) continue;
        stackFiles++;
        base = isFragment ? { config: { ...base.config, ...value } } : (value as unknown as StackFile);
        const whole = isFragment ? stringify(base) : text;
        problems.push(...stackProblems(whole).map((problem) => `${at}: ${problem}`));
      }
    }
    assert.deepEqual(problems, []);
    assert.ok(stackFiles > 8);
  });

  it('every command of the recipes prints what the page shows', function () {
    this.timeout(120_000);
    const folder = mkdtempSync(join(tmpdir(), 'meshwright-docs-'));
    const page = 'docs/recipes.md';
    const stack = join(folder, 'Pulumi.dev.yaml');
    let base = parse(textOf('Pulumi.dev.yaml')) as StackFile;
    const shown: string[] = [];
    const printed: string[] = [];
    for (const { language, text } of blocks(page)) {
      if (language === 'yaml') {
        base = { config: { ...base.config, ...(parse(text) as Record<string, unknown>) } };
        writeFileSync(stack, stringify(base));
        continue;
      }
      const [command = ''] = text.split('\n');
      const { code, stdout, stderr } = meshwright([...wordsOf(command), '--config', stack]);
      assert.notEqual(code, 2, `${command}: ${stderr}`);
      shown.push(text);
      printed.push(`${command}\n${`${stdout}${stderr}`.replaceAll(stack, 'Pulumi.dev.yaml')}`);
    }
    rmSync(folder, { recursive: true });
    if (process.env['MESHWRIGHT_WRITE_DOCS'] === '1') {
      const written = shown.reduce((all, block, at) => all.replace(block, () => printed[at] ?? ''), textOf(page));
      writeFileSync(join(root, page), written);
    } else assert.deepEqual(printed, shown);
    assert.ok(shown.length > 6);
  });

  it('every answer about a sample that a page shows is what the command prints', function () {
    this.timeout(60_000);
    const shown = pages.flatMap((page) =>
      blocks(page)
        .filter(({ text }) => /^\$ npx meshwright (explain|check|diff) .*(--sample |sample:)/.test(text))
        .map(({ text }) => text),
    );
    assert.ok(shown.length > 0);
    const printed = shown.map((text) => {
      const [command = ''] = text.split('\n');
      return `${command}\n${meshwright(wordsOf(command)).stdout}`;
    });
    assert.deepEqual(printed, shown);
  });

  it('every program that a page shows is one of the examples', () => {
    const files = readdirSync(join(root, 'examples'), { recursive: true, encoding: 'utf8' })
      .map((file) => join(root, 'examples', file))
      .filter((file) => statSync(file).isFile())
      .map((file) => readFileSync(file, 'utf8'));
    const programs = blocks('docs/programs.md').filter(({ language }) => /^(ts|yaml|python)$/.test(language));
    assert.deepEqual(
      programs.filter(({ text }) => !files.includes(text)).map(({ at }) => at),
      [],
    );
    assert.equal(programs.length, 4);
  });

  it('every command and flag that a page names exists', () => {
    const problems = pages.flatMap((page) => {
      const code = [
        ...blocks(page).flatMap(({ text }) => text.replaceAll('\\\n', ' ').split('\n')),
        ...[...proseOf(page).matchAll(/`([^`\n]+)`/g)].map(([, inline = '']) => inline),
      ];
      return code.flatMap((line) => commandProblems(line).map((problem) => `${page}: ${line}: ${problem}`));
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(commandProblems('npx meshwright chekc --stack dev'), ['no command chekc']);
    assert.deepEqual(commandProblems('npm start -- --sampel 000'), ['start has no --sampel']);
  });
});

function stackProblems(text: string): string[] {
  const parsed = parseStackText(text, 'block');
  const found = 'problems' in parsed ? parsed : checkMesh(parsed.settings, parsed.policy, parsed.source);
  return found.problems.map(({ path, message }) => `${path}: ${message}`);
}

/** Mistakes in the calls of `meshwright` and `npm start` in a line of code. */
function commandProblems(line: string): string[] {
  return line.split(/ # |[|;]|&&/).flatMap((part) => {
    const call = /^(?:\$ )?\s*(?:npx )?meshwright ([a-z].*)$/.exec(part.trim())?.[1];
    const start = /^(?:\$ )?npm start -- (.*)$/.exec(part.trim())?.[1];
    if (start !== undefined) return flagProblems(['start', ...start.split(/\s+/)]);
    return call === undefined ? [] : flagProblems(call.split(/\s+/));
  });
}

function flagProblems([name = '', ...words]: string[]): string[] {
  let command: Command | undefined = program().commands.find((one) => one.name() === name);
  if (command === undefined) return [`no command ${name}`];
  const below = command.commands.find((one) => one.name() === words[0]);
  command = below ?? command;
  const known = ['--help', ...command.options.flatMap(({ long, short }) => [long, short])];
  return words
    .filter((word) => /^--?[a-z]/i.test(word))
    .map((word) => word.split('=')[0] ?? '')
    .filter((flag) => !known.includes(flag))
    .map((flag) => `${name} has no ${flag}`);
}
