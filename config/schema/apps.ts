import { z } from 'zod';
import type { AppSettings } from '../../components/manifests/apps/settings';
import { byLabel, label } from './values';

export const app = z.strictObject({
  namespace: label.describe("Namespace of the app's objects."),
}) satisfies z.ZodType<AppSettings>;

export const apps = byLabel(app).describe("Sample apps and the user's own, by name.");
