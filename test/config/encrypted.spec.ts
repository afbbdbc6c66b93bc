import assert from 'node:assert/strict';
import { withoutEncryptedSettings } from '../../config/encrypted';
import { checkMesh } from '../../config/check-mesh';
import { encryptedValue } from '../../config/problem';
import { parseStackText } from '../../config/stack-text';

const text = `
config:
  meshwright:namespaces: { shop: {} }
  meshwright:apps:
    own:
      namespace: shop
      workloads: { web: { image: web, env: { A: { secure: "v1:a" }, B: b } } }
      secrets: { db: { password: { secure: "v1:a" }, user: me } }
  meshwright:routes:
    shop: { web: { hosts: [{ secure: "v1:a" }] } }
  meshwright:addons: { grafana: { password: { secure: "v1:a" } } }
`;

describe('encrypted values', () => {
  const parsed = parseStackText(text, 'Pulumi.test.yaml');
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
  const { settings, policy } = parsed;

  it('are not judged, because they are unknown', () => {
    const { problems, warnings } = checkMesh(settings, policy);
    const quoted = [...problems, ...warnings].filter((problem) => JSON.stringify(problem).includes(encryptedValue));
    assert.deepEqual([problems, quoted], [[], []]);
  });

  it('are left out of settings for the lab, with what requires them', () => {
    const { settings: rest, keys } = withoutEncryptedSettings(settings);
    assert.deepEqual([...keys].sort(), [
      'meshwright:addons.grafana.password',
      'meshwright:apps.own.secrets.db.password',
      'meshwright:apps.own.workloads.web.env.A',
      'meshwright:routes.shop.web.hosts[0]',
    ]);
    assert.deepEqual(rest, {
      namespaces: { shop: {} },
      apps: {
        own: {
          namespace: 'shop',
          workloads: { web: { image: 'web', env: { B: 'b' } } },
          secrets: { db: { user: 'me' } },
        },
      },
      routes: { shop: { web: {} } },
      addons: { grafana: {} },
    });
  });

  it('do not change settings without any', () => {
    const plain = { namespaces: { shop: {} } };
    assert.deepEqual(withoutEncryptedSettings(plain), { settings: plain, keys: [] });
  });
});
