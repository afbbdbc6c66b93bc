/** A value somewhere in an object, together with its path. Reads what is not there as empty, as protobuf does, so that a validator never has to ask first. */
export class Place {
  /** Only `value` for the object itself. */
  constructor(
    readonly value: unknown,
    private readonly outer?: Place,
    private readonly key: string | number = '',
  ) {}

  /** E.g. `spec.http[0].match[1].headers["end-user"]`; '' for the object itself. */
  get path(): string {
    return this.outer === undefined ? '' : stepInto(this.outer.path, this.key);
  }

  /** The place below these keys. */
  at(...keys: (string | number)[]): Place {
    return keys.reduce<Place>((outer, key) => new Place(outer.#inner(key), outer, key), this);
  }

  /** Whether something is written here; null is nothing, as the API server drops it. */
  get isSet(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  /** The text here, '' for anything else. */
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
  get items(): Place[] {
    return Array.isArray(this.value) ? this.value.map((_, index) => this.at(index)) : [];
  }

  /** The values of a map; none for anything else. */
  get entries(): { key: string; place: Place }[] {
    return isMap(this.value) ? Object.keys(this.value).map((key) => ({ key, place: this.at(key) })) : [];
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

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function stepInto(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  if (!/^[A-Za-z_][\w-]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}
