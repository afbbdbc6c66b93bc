import type { Command } from 'commander';
import { registerAdopt } from './adopt';
import { registerCheck } from './check';
import { registerDiff } from './diff';
import { registerDoctor } from './doctor';
import { registerDown } from './down';
import { registerExplain } from './explain';
import { registerGraph } from './graph';
import { registerImport } from './import';
import { registerInit } from './init';
import { registerLab } from './lab';
import { registerLive } from './live';
import { registerPromote } from './promote';
import { registerRelease } from './release';
import { registerRender } from './render';
import { registerSamples } from './samples';
import { registerShift } from './shift';
import { registerStart } from './start';
import { registerTraffic } from './traffic';
import { registerUndo } from './undo';

/** Every command, in the order of `--help`; each adds itself to the program. */
export const commands: ((program: Command) => void)[] = [
  registerStart,
  registerDown,
  registerAdopt,
  registerRelease,
  registerRender,
  registerCheck,
  registerExplain,
  registerDiff,
  registerGraph,
  registerLive,
  registerDoctor,
  registerTraffic,
  registerShift,
  registerUndo,
  registerPromote,
  registerSamples,
  registerImport,
  registerInit,
  registerLab,
];
