import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ruleDocs } from '../../policy/report/rule-docs';

/** Writes docs/rules.md. */
writeFileSync(join(__dirname, '..', '..', 'docs', 'rules.md'), ruleDocs());
