import type { KnownApp } from './app';
import { bookinfo } from './bookinfo';
import { curltest } from './curltest';
import { fortio } from './fortio';
import { hello } from './hello';
import { httpbin } from './httpbin';
import { mall } from './mall';
import type { KnownAppName } from './names';
import { octopus } from './octopus';
import { tutorial } from './tutorial';
import { userlist } from './userlist';

const knownApps: Record<KnownAppName, KnownApp> = {
  bookinfo,
  tutorial,
  mall,
  httpbin,
  fortio,
  hello,
  userlist,
  curltest,
  octopus,
};

export function knownApp(name: KnownAppName): KnownApp {
  return knownApps[name];
}
