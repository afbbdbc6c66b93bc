import type { JsonMap } from '../../mesh/json';
import { defined } from '../../mesh/manifests/kubernetes';
import type { StateResource } from './state-holder';

/** What the engine intends for a resource, as `pulumi preview --save-plan` writes it: secrets are encrypted. */
interface Goal {
  type: string;
  custom: boolean;
  id?: string;
  parent?: string;
  protect?: boolean;
  provider?: string;
  dependencies?: string[];
  propertyDependencies?: Record<string, string[] | null> | null;
  additionalSecretOutputs?: string[];
  /** Inputs that the program adds and changes. */
  inputDiff?: { adds?: JsonMap; updates?: JsonMap };
}

export interface ResourcePlan {
  goal?: Goal;
  /** The outputs after the update. */
  state?: JsonMap;
}

/** A plan of the engine, with the fields used here. */
export interface EnginePlan {
  resourcePlans?: Record<string, ResourcePlan>;
}

/** The resources of a state and new ones, each after those that it refers to. */
export function withRecords(
  resources: readonly StateResource[],
  records: ReadonlyMap<string, JsonMap>,
  plans: Readonly<Record<string, ResourcePlan>>,
  newId: () => string,
): StateResource[] {
  const all = new Map(resources.map((resource) => [resource.urn, resource]));
  const add = (urn: string, own: JsonMap): void => {
    const goal = plans[urn]?.goal;
    if (goal === undefined || all.has(urn)) return;
    const { provider = '', parent = '', protect = false, additionalSecretOutputs } = goal;
    if (provider !== '') addProvider(urnOf(provider));
    if (parent !== '') addComponent(parent);
    const known = (others: readonly string[] | null = []): string[] => (others ?? []).filter((one) => all.has(one));
    const depends = Object.entries(goal.propertyDependencies ?? {});
    all.set(urn, {
      urn,
      type: goal.type,
      custom: goal.custom,
      ...own,
      ...(parent === '' ? {} : { parent }),
      ...(protect ? { protect } : {}),
      // The preview does not know the id of a new provider.
      ...(provider === '' ? {} : { provider: `${urnOf(provider)}::${all.get(urnOf(provider))?.id ?? ''}` }),
      // What a resource depends on may be left to the next update, which then records it.
      dependencies: known(goal.dependencies),
      propertyDependencies: Object.fromEntries(depends.map(([key, urns]) => [key, known(urns)])),
      ...defined({ additionalSecretOutputs }),
    });
  };
  const addComponent = (urn: string): void => add(urn, { outputs: plans[urn]?.state ?? {} });
  const addProvider = (urn: string): void => {
    const { goal, state = {} } = plans[urn] ?? {};
    add(urn, { id: newId(), inputs: goal?.inputDiff?.adds ?? {}, outputs: state });
  };
  for (const [urn, own] of records) add(urn, own);
  // An update would otherwise create the components that have no adopted objects.
  const components = Object.keys(plans).filter((urn) => plans[urn]?.goal?.custom === false);
  if (records.size > 0) components.forEach(addComponent);
  return [...all.values()];
}

/** The provider of a reference, which ends with the provider's id. */
function urnOf(reference: string): string {
  return reference.slice(0, reference.lastIndexOf('::'));
}
