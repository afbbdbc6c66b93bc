import { replaceFile } from '../../../cli/files';

/** Writes two long texts in turn into the file that it is given, until it is killed. */
const file = process.argv[2] ?? '';
const texts = ['a', 'b'].map((letter) => letter.repeat(4_000_000));
process.stdout.write('ready\n');
for (let round = 0; ; round++) replaceFile(file, texts[round % 2] ?? '');
