import { bodySizes } from './measurements/body-sizes.ts';
import { deletion } from './measurements/delete.ts';
import { features } from './measurements/features.ts';
import { getThroughput } from './measurements/get-throughput.ts';
import { growth } from './measurements/growth.ts';
import { lambda } from './measurements/lambda.ts';
import { listCpu } from './measurements/list-cpu.ts';
import { memory } from './measurements/memory.ts';
import { presigning } from './measurements/presigning.ts';
import { readUnits } from './measurements/read-units.ts';
import { smallRoutes } from './measurements/small-routes.ts';
import { tokenVerification } from './measurements/token-verification.ts';
import type { Measurement } from './measurement.ts';

const measurements: readonly Measurement[] = [
  presigning,
  readUnits,
  listCpu,
  getThroughput,
  smallRoutes,
  tokenVerification,
  lambda,
  bodySizes,
  deletion,
  memory,
  growth,
  features,
];

/**
 * Returns the measurements with the given numbers or names, or all if there are no names.
 *
 * @throws if a name is unknown
 */
export const chooseMeasurements = (names: readonly string[]): readonly Measurement[] => {
  const byName = new Map(measurements.flatMap((one) => [[one.name, one] as const, [String(one.number), one] as const]));
  const unknown = names.filter((name) => !byName.has(name));
  if (unknown.length > 0) {
    const known = measurements.map(({ number, name }) => `${number} or ${name}`).join(', ');
    throw new Error(`There is no measurement ${unknown.join(', ')}. There are: ${known}`);
  }
  return names.length === 0
    ? measurements
    : measurements.filter((one) => names.some((name) => byName.get(name) === one));
};
