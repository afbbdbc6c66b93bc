import { isMap } from '../../mesh/json';

/**
 * A value in an object, together with its path. A missing value reads as empty, as in protobuf, so validators need not
 * test for it.
 */
export class FieldPlace {
  /** Only `value` for the object itself. */
  constructor(
    readonly value: unknown,
    private readonly outer?: FieldPlace,
    private readonly key: string | number = '',
  ) {}

  /** E.g. `spec.http[0].match[1].headers["end-user"]`; '' for the object itself. */
  get path(): string {
    return this.outer === undefined ? '' : stepInto(this.outer.path, this.key);
  }

  /** The object as a whole. */
  get root(): FieldPlace {
    return this.outer === undefined ? this : this.outer.root;
  }

  /** The place below these keys. */
  at(...keys: (string | number)[]): FieldPlace {
    return keys.reduce<FieldPlace>((outer, key) => new FieldPlace(outer.#inner(key), outer, key), this);
  }

  /** Whether there is a value. null counts as none, because the API server drops it. */
  get isSet(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  /** The string here, '' for anything else. */
  get text(): string {
    return typeof this.value === 'string' ? this.value : '';
  }

  /** The number here, 0 for anything else. */
  get number(): number {
    return typeof this.value === 'number' ? this.value : 0;
  }

  get isTrue(): boolean {
    return this.value === true;
  }

  /** The items of a list; none for anything else. */
  get items(): FieldPlace[] {
    return Array.isArray(this.value) ? this.value.map((_, index) => this.at(index)) : [];
  }

  /** The values of a map; none for anything else. */
  get entries(): { key: string; place: FieldPlace }[] {
    return isMap(this.value) ? Object.keys(this.value).map((key) => ({ key, place: this.at(key) })) : [];
  }

  /** Places at or below this one whose value is null. */
  get nulls(): FieldPlace[] {
    if (this.value === null) return [this];
    return [...this.items, ...this.entries.map(({ place }) => place)].flatMap((place) => place.nulls);
  }

  /** Number of items or entries. */
  get size(): number {
    if (Array.isArray(this.value)) return this.value.length;
    return isMap(this.value) ? Object.keys(this.value).length : 0;
  }

  #inner(key: string | number): unknown {
    if (typeof key === 'number') return Array.isArray(this.value) ? (this.value as unknown[])[key] : undefined;
    return isMap(this.value) && Object.hasOwn(this.value, key) ? this.value[key] : undefined;
  }
}

function stepInto(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  if (!/^[A-Za-z_][\w-]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}

/**
 * A problem at one place of an object. With an error the API server or istiod refuses the object, with a warning they
 * accept it.
 */
export interface SchemaProblem {
  path: string;
  message: string;
  severity: 'error' | 'warning';
}

export function error(place: FieldPlace, message: string): SchemaProblem {
  return { path: place.path, message, severity: 'error' };
}

export function warning(place: FieldPlace, message: string): SchemaProblem {
  return { path: place.path, message, severity: 'warning' };
}

/** The problem if the condition holds, else none. The message is built only then, since most places are fine. */
export function when(condition: boolean, problem: () => SchemaProblem): SchemaProblem[] {
  return condition ? [problem()] : [];
}

/** Places whose value may be a secret: keys, tokens, passwords and values of headers. */
const secretPlaces =
  /(jwks$|key\b|token|secret|password|credential|certificate|\.headers|inline|env\[\d+\]|literal|body)/i;
const longest = 80;

/** A value for a message: short, on one line, and hidden if it may be a secret. */
export function shown({ path, value }: FieldPlace): string {
  if (secretPlaces.test(path)) return 'the value';
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
