import { objectTitle } from '../../mesh/manifests/kubernetes';
import { fromTools, type ToolOptions } from './from-tools';
import type { Given, Intake } from './intake';

/** Converts objects of other tools to Istio objects where the options ask for it, and records which controller moves weights. Fields that cannot be converted are listed. */
export function withTools(intake: Intake, options: ToolOptions): Intake {
  const places = new Map(intake.objects.map(({ object, place }) => [object, place]));
  const { objects, weightsOwnedBy, converted, notCarried } = fromTools([...places.keys()], options);
  const taken = objects.map((object): Given => ({ object, place: places.get(object) ?? 'converted' }));
  return {
    ...intake,
    objects: taken,
    weightsOwnedBy,
    upgraded: [...intake.upgraded, ...converted.map(({ from, to }) => `${from} became ${to.join(', ')}`)],
    leftOut: [
      ...intake.leftOut,
      ...notCarried.map(({ object, path, reason }) => ({
        title: path === '' ? object : `${object} ${path}`,
        kind: object.split(' ')[0] ?? object,
        place: intake.objects.find((one) => objectTitle(one.object) === object)?.place ?? '',
        why: reason,
        isLoss: true,
      })),
    ],
  };
}
