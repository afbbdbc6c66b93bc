import { counted } from '../../mesh/strings';
import type { EngineEvent } from '@pulumi/pulumi/automation';
import { isRouteType } from '../../mesh/manifests/route-set';
import { isObjectStep, nameOf } from './engine-steps';
import { stepTitle, type StartPlan } from './plan';

/** The end of the warning of an update whose routes could not be proven. */
const unprovenWords = 'routes are changed without proof';

/** A message of the engine, a provider or the program. */
export interface Diagnostic {
  severity: 'info' | 'warning' | 'error';
  text: string;
}

/**
 * Selects the engine's messages that are worth showing. Each one is shown once, even if several runs and resources
 * repeat it.
 */
export class Diagnostics {
  private readonly said = new Set<string>();
  /** Objects by the engine's names of their resources. */
  private readonly titles = new Map<string, string>();

  /** @returns full lines; undefined when there is nothing to say */
  take({ resourcePreEvent, diagnosticEvent }: EngineEvent): Diagnostic | undefined {
    const step = resourcePreEvent?.metadata;
    if (step !== undefined && isObjectStep(step)) this.titles.set(step.urn, stepTitle(step));
    if (diagnosticEvent === undefined || diagnosticEvent.ephemeral === true || isDebug(diagnosticEvent))
      return undefined;
    const { urn = '', severity: level } = diagnosticEvent;
    const severity = level === 'error' || level === 'warning' ? level : 'info';
    const text = this.wordsOf(urn, plainText(diagnosticEvent.message));
    const isTold = severity === 'info' ? isNews(urn) : !isEcho(text);
    if (text === '' || !isTold || this.said.has(text)) return undefined;
    this.said.add(text);
    return { severity, text };
  }

  /** A message, without the text that the SDK, the engine and the provider add. The object comes first. */
  private wordsOf(urn: string, message: string): string {
    const words = frames.reduce((rest, [frame, kept]) => rest.replace(frame, kept), keptByHelm(message));
    const text = words.replaceAll(
      /"?(urn:pulumi:[^\s"]+)"?/g,
      (_, named: string) => this.titles.get(named) ?? titleOf(named),
    );
    const lines = text.split('\n').filter((line) => !/^\s+at .*:\d+:\d+\)?$/.test(line));
    const title = this.titles.get(urn);
    const isNamed = title === undefined || title.startsWith('route ') || text.includes(title);
    return isNamed ? lines.join('\n') : `${title}: ${lines.join('\n')}`;
  }
}

/** Patterns of added text, with their replacements. */
const frames: [frame: RegExp, kept: string][] = [
  [/^(?:error|warning): /, ''],
  [/^Unhandled exception: (?:Error: )?/, ''],
  [/^Preview failed: /, ''],
  [/^before hook "[\w-]+" failed: /, ''],
  [/^resource "?urn:[^\s"]+"? was not successfully (?:created|updated) by the Kubernetes API server: /, ''],
  [/^\S+ resource '[^']*': property objects\["(.*?)"\] value \{.*?\} has a problem: /, '$1: '],
  [
    /^Attempting to deploy or update resources with (\d+) pending operations from previous deployment\.[^]*$/,
    'an earlier run was interrupted while it worked on resources ($1): this one finishes them',
  ],
];

/** Helm lists the objects that it does not uninstall, in one long line. */
function keptByHelm(message: string): string {
  if (!message.startsWith('Helm uninstall returned information')) return message;
  const kept = message.match(/\\n\[/g) ?? [];
  return `Helm keeps ${counted(kept.length, 'object')}, such as CRDs, as the chart asks`;
}

/** Whether an update went on without proof from the proxies. */
export function isUnproven(events: readonly EngineEvent[]): boolean {
  return events.some(({ diagnosticEvent }) => diagnosticEvent?.message.includes(unprovenWords) === true);
}

/**
 * The routes that proxies were seen to serve during an update, by `namespace/service`, each with the provider's line:
 * `live on 6 of 6 proxies after 0.6 s, …`. A route that was not changed is not asked about.
 */
export function provenRoutes(events: readonly EngineEvent[]): Map<string, string> {
  const diagnostics = new Diagnostics();
  return new Map(
    events.flatMap((event): [string, string][] => {
      const told = diagnostics.take(event);
      const urn = event.diagnosticEvent?.urn ?? '';
      return told?.severity === 'info' && told.text.includes(' live on ') ? [[nameOf(urn), told.text]] : [];
    }),
  );
}

/** Why a run failed: all mandatory findings and errors, else what Pulumi printed. */
export function failureText({ events, stderr }: { events: readonly EngineEvent[]; stderr: string }): string {
  const diagnostics = new Diagnostics();
  const errors = events.map((event) => diagnostics.take(event)).filter((one) => one?.severity === 'error');
  const findings = policyFindings(events).filter(({ isMandatory }) => isMandatory);
  const lines = [...findings.map(({ text }) => text), ...errors.map((error) => error?.text ?? '')];
  return lines.length > 0 ? lines.join('\n') : stderr.trim();
}

/** A finding of the policy pack. */
export interface PolicyFinding {
  isMandatory: boolean;
  text: string;
}

/** The findings of the policy pack, each once. */
export function policyFindings(events: readonly EngineEvent[]): PolicyFinding[] {
  const findings = new Map<string, PolicyFinding>();
  for (const { policyEvent } of events) {
    if (policyEvent === undefined) continue;
    // The first line is the description of the policy, which holds for all its findings.
    const [first = '', ...rest] = plainText(policyEvent.message).split('\n');
    const text = rest.length === 0 ? first : rest.join('\n');
    const isMandatory = policyEvent.enforcementLevel === 'mandatory';
    findings.set(text, { isMandatory: isMandatory || findings.get(text)?.isMandatory === true, text });
  }
  return [...findings.values()];
}

/** The current progress of an update. */
export class Progress {
  private readonly active = new Map<string, { title: string; since: number; said: string }>();
  private done = 0;

  /**
   * @param total - number of resources that the update changes
   * @param now - clock, in milliseconds
   */
  constructor(
    private readonly total: number,
    private readonly now: () => number = Date.now,
  ) {}

  take({ resourcePreEvent, resOutputsEvent, resOpFailedEvent, diagnosticEvent }: EngineEvent): void {
    const begun = resourcePreEvent?.metadata;
    if (begun !== undefined && begun.op !== 'same' && isObjectStep(begun)) {
      this.active.set(begun.urn, { title: stepTitle(begun), since: this.now(), said: '' });
    }
    const ended = (resOutputsEvent ?? resOpFailedEvent)?.metadata;
    if (ended !== undefined && this.active.delete(ended.urn)) this.done += 1;
    const resource = this.active.get(diagnosticEvent?.urn ?? '');
    if (resource === undefined || diagnosticEvent === undefined || isDebug(diagnosticEvent)) return;
    resource.said = plainText(diagnosticEvent.message).split('\n')[0] ?? '';
  }

  /** Whether a resource is being changed at this moment. */
  get busy(): boolean {
    return this.active.size > 0;
  }

  /** `12/44 Deployment bookinfo/reviews-v3, 0 of 1 replicas Ready, 14 s`: the step that has taken longest so far. */
  text(): string {
    const counts = `${Math.min(this.done, this.total)}/${this.total}`;
    const [oldest] = [...this.active.values()].sort((a, b) => a.since - b.since);
    if (oldest === undefined) return counts;
    const seconds = Math.round((this.now() - oldest.since) / 1000);
    const others = this.active.size > 1 ? ` and ${this.active.size - 1} more` : '';
    return [`${counts} ${oldest.title}${others}`, oldest.said, `${seconds} s`].filter((part) => part !== '').join(', ');
  }
}

/** Number of resources that a previewed update changes. */
export function stepCount(events: readonly EngineEvent[]): number {
  const urns = events.flatMap(({ resourcePreEvent }) => {
    const metadata = resourcePreEvent?.metadata;
    return metadata !== undefined && metadata.op !== 'same' && isObjectStep(metadata) ? [metadata.urn] : [];
  });
  return new Set(urns).size;
}

/** The closing line of an update: `43 created in 31 s`. */
export function resultText(
  { adopted, created, changed, removed }: StartPlan,
  { milliseconds, unproven = false }: { milliseconds: number; unproven?: boolean },
): string {
  const parts = [
    ...(adopted.length > 0 ? [`${adopted.length} adopted`] : []),
    ...(created.length > 0 ? [`${created.length} created`] : []),
    ...(changed.length > 0 ? [`${changed.length} changed`] : []),
    ...(removed.length > 0 ? [`${removed.length} removed`] : []),
  ];
  const seconds = `${Math.max(1, Math.round(milliseconds / 1000))} s`;
  if (parts.length === 0) return 'nothing was changed';
  return `${parts.join(', ')} in ${seconds}${unproven ? ', unproven: the proxies could not be asked whether they have the routes' : ''}`;
}

/** `Deployment bookinfo-reviews-v3`: kind and name of a resource. */
function titleOf(urn: string): string {
  const kind = typeOf(urn).split(':').at(-1) ?? '';
  return `${kind} ${nameOf(urn)}`;
}

/** `urn:pulumi:STACK::PROJECT::TYPES::NAME`; of the types, the last is the resource's own. */
function typeOf(urn: string): string {
  return (urn.split('::')[2] ?? '').split('$').at(-1) ?? '';
}

/** Debug messages of the engine; the SDK's type lacks this severity. */
function isDebug({ severity }: NonNullable<EngineEvent['diagnosticEvent']>): boolean {
  return (severity as string) === 'debug';
}

/** The engine's messages have colour marks, such as `<{%reset%}>`. */
function plainText(text: string): string {
  return text.replaceAll(/<\{%.*?%\}>/g, '').trim();
}

/**
 * Messages that are shown elsewhere: that a run failed and ended, and the program's warnings, which the policy pack
 * reports too.
 */
function isEcho(text: string): boolean {
  return (
    /^(?:update|preview|destroy) (?:failed|canceled)$/.test(text) ||
    /^One or more errors occurred|^inline source runtime error|context canceled$/.test(text) ||
    text.startsWith('meshwright:')
  );
}

/** Only the provider of Routes logs information worth reading: proofs, drains, objects that are kept. */
function isNews(urn: string): boolean {
  return isRouteType(typeOf(urn));
}

/** The errors that a pulumi command printed, without the text that the SDK adds. */
export function commandWords(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const lines = message.split('\n').map((line) => line.trim());
  const said = lines.filter((line) => line.startsWith('error: ')).map((line) => line.slice('error: '.length));
  return said.length > 0 ? [...new Set(said)].join('\n') : message;
}
