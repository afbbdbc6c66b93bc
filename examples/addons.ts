import { Addons } from 'meshwright';
import * as pulumi from '@pulumi/pulumi';

// Folders or archives of the charts by name. Without them they come from each project's Helm repository.
const files = new pulumi.Config().getObject<Record<string, string>>('addonCharts');

new Addons('addons', {
  addons: { prometheus: {}, ...(files === undefined ? {} : { charts: { files } }) },
});
