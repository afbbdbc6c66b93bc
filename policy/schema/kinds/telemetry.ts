import { syntaxFault } from '../crd/cel';
import { attachmentProblems } from '../parts/names';
import { type FieldPlace, error, shown, warning, when, type SchemaProblem } from '../place';

/** istiod compiles the expression, as the proxy does. */
function filterProblems(filter: FieldPlace): SchemaProblem[] {
  const expression = filter.at('expression');
  if (expression.text === '') return [];
  const fault = syntaxFault(expression.text);
  return when(fault !== undefined, () => error(expression, `is not a CEL expression: ${fault ?? ''}`));
}

export function telemetryProblems(spec: FieldPlace): SchemaProblem[] {
  const { tracing, metrics, logging } = {
    tracing: spec.at('tracing'),
    metrics: spec.at('metrics'),
    logging: spec.at('accessLogging'),
  };
  return [
    ...attachmentProblems(spec),
    ...[...tracing.items, ...metrics.items, ...logging.items].flatMap(providersProblems),
    ...when(tracing.size > 1, () => warning(tracing, `${tracing.size} entries; Istio takes the first`)),
    ...tracing.items.flatMap(tracingProblems),
    ...logging.items.flatMap((entry) => filterProblems(entry.at('filter'))),
    ...metrics.items.flatMap((metric) => metric.at('overrides').items.flatMap(overrideProblems)),
  ];
}

function providersProblems(entry: FieldPlace): SchemaProblem[] {
  const names = entry.at('providers').items.map((provider) => provider.at('name'));
  return names.filter(({ text }) => text === '').map((name) => error(name, 'a provider needs a name'));
}

function tracingProblems(tracing: FieldPlace): SchemaProblem[] {
  const { providers, sampling } = {
    providers: tracing.at('providers'),
    sampling: tracing.at('randomSamplingPercentage'),
  };
  return [
    ...when(providers.size > 1, () => warning(providers, `${providers.size} providers; Istio takes one`)),
    ...when(sampling.number < 0 || sampling.number > 100, () =>
      error(sampling, `${shown(sampling)} is not a percentage; allowed are 0 to 100`),
    ),
    ...tracing
      .at('customTags')
      .entries.flatMap(({ key, place }) => [
        ...when(key === '', () => error(place, 'a tag needs a name')),
        ...tagProblems(place),
      ]),
  ];
}

function tagProblems(tag: FieldPlace): SchemaProblem[] {
  const source = [tag.at('literal', 'value'), tag.at('header', 'name'), tag.at('environment', 'name')];
  const kinds = ['literal', 'header', 'environment'];
  return source
    .filter((place, index) => tag.at(kinds[index] ?? '').isSet && place.text === '')
    .map((place) => error(place, 'must not be empty'));
}

function overrideProblems(override: FieldPlace): SchemaProblem[] {
  const metric = override.at('match', 'customMetric');
  return [
    ...when(metric.isSet && metric.text === '', () => error(metric, 'must not be empty')),
    ...override
      .at('tagOverrides')
      .entries.flatMap(({ key, place }) => [
        ...when(key === '', () => warning(place, 'a tag needs a name')),
        ...tagOverrideProblems(place),
      ]),
  ];
}

/** UPSERT is the default. */
function tagOverrideProblems(override: FieldPlace): SchemaProblem[] {
  const { value, operation } = { value: override.at('value'), operation: override.at('operation').text };
  const removes = operation === 'REMOVE';
  return [
    ...when(!removes && value.text === '', () =>
      error(value, 'is required for operation UPSERT, which is the default'),
    ),
    ...when(removes && value.text !== '', () => error(value, 'cannot be set for operation REMOVE')),
  ];
}
